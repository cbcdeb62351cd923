"""The whole check of a picture, before any mesh is made of it."""

from __future__ import annotations

import numpy as np

from ...contracts import Background, Pixels, Point
from ...errors import PictureError
from ..choose import find_things
from ..cutout import cut_out, needs_matte, on_white
from ..depth import DepthModel
from ..matte import MatteModel
from ..prepare import prepare_subject, without_specks
from ..shadow import ShadowModel
from .artefacts import check_artefacts
from .background import check_background
from .finding import Finding
from .lighting import check_lighting
from .resolution import check_resolution
from .scene import Scene
from .sharpness import check_sharpness
from .subject import check_subject
from .tilt import check_tilt
from .viewpoint import check_viewpoint

__all__ = ["check_and_cut", "check_picture", "check_scene"]


def check_picture(
    pixels: Pixels,
    background: Background,
    matte_model: MatteModel,
    depth_model: DepthModel,
    shadow_model: ShadowModel | None,
    point: Point | None = None,
) -> tuple[Finding, ...]:
    """Measure what a picture is fit for.

    Parameters
    ----------
    pixels : uint8 [H, W, 4]
        From `inference.decode.decode_picture`.
    background
        What of it is not the subject, as for `inference.cutout.cut_out`.
    matte_model, depth_model, shadow_model
        The embedded networks; without the last, where shadows are drawn, only edges that light alone makes count.
    point
        Which of several things is the subject; the others are background then.

    Returns
    -------
    tuple of Finding
        One for each line of the check, always the same lines, but for the viewpoint where no subject is found.

    Raises
    ------
    ModelError
        A network fails.
    """
    return check_and_cut(pixels, background, matte_model, depth_model, shadow_model, point)[0]


def check_and_cut(
    pixels: Pixels,
    background: Background,
    matte_model: MatteModel,
    depth_model: DepthModel,
    shadow_model: ShadowModel | None,
    point: Point | None = None,
) -> tuple[tuple[Finding, ...], Pixels | None]:
    """`check_picture`, and the picture cut out, which it needs anyway: as `cutout.cut_out` gives it, None where no
    subject is found."""
    cut = None
    try:
        found = find_things(on_white(pixels), matte_model, point) if needs_matte(pixels[..., 3], background) else None
        cut = cut_out(pixels, background, matte_model, found, point)
        subject = prepare_subject(cut)
    except PictureError as error:
        return _without_subject(pixels, str(error)), cut
    shadow = shadow_model.estimate(subject) if shadow_model else 0.0
    findings = check_scene(Scene(pixels, without_specks(cut)[..., 3], found), shadow)
    return (*findings, check_viewpoint(depth_model.estimate(subject, both_ways=False))), cut


def check_scene(scene: Scene, shadow: float = 0.0) -> tuple[Finding, ...]:
    """All lines that need no depth; ``shadow``: what `shadow.ShadowModel` says of the subject,
    0 if it was not asked."""
    background = check_background(scene)
    return (
        check_subject(scene, plain=background.level != "poor"),
        check_tilt(scene),
        check_resolution(scene),
        check_sharpness(scene),
        check_lighting(scene, shadow),
        background,
        check_artefacts(scene),
    )


def _without_subject(pixels: Pixels, reason: str) -> tuple[Finding, ...]:
    """The lines for a picture in which no subject is found: of the whole picture, with the reason for the subject."""
    everything = Scene(pixels, np.full(pixels.shape[:2], 255, np.uint8), np.ones((1, 1), np.float32))
    lost = Finding("Subject", "poor", 0.0, "found", reason)
    return (lost, *check_scene(everything)[1:])
