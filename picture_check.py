"""The check of a picture file, for the command line and the worker process."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from .contracts import Float, Pixels, Point, Settings
from .errors import PictureError
from .geometry.drawings.kinds import kind_of
from .inference.checks.check import check_and_cut
from .inference.checks.finding import Finding, Level
from .inference.choose import alpha_pieces, number_of_thing, points_on_things
from .inference.cutout import cut_out, needs_matte, no_subject, on_white
from .inference.hand_mask import open_picture
from .inference.matte import MatteModel
from .inference.mend import mend_picture
from .inference.picture import Picture, reduced
from .model_set import load_models
from .version import VERSION

__all__ = ["Inspection", "check_file", "check_report", "inspect_file", "verdict"]

PREPARED_SIDE, MASK_SIDE = 4096, 2048
"""Most pixels on the longest side of what is shown and kept of a picture that was checked."""


@dataclass(frozen=True)
class Inspection:
    """What a check found, and what the picture becomes.

    ``findings``: the lines of the check. ``subjects``: a point on each of the things in the file, from left to right;
    ``chosen``: which of them the settings mean, counted from 0, -1 for none of these.
    ``picture``: the file upright and opaque, uint8 [h, w, 3]. ``prepared``: the picture mended and cut out, uint8 [h,
    w, 4], or None where no subject is found. ``mask``: the subject in the file as it is, uint8 [h, w], black where none
    is found. All are reduced where they are very large.
    """

    findings: tuple[Finding, ...]
    subjects: tuple[Point, ...]
    chosen: int
    picture: Pixels
    prepared: Pixels | None
    mask: Pixels


def check_file(picture: Path, settings: Settings) -> tuple[Finding, ...]:
    """What a picture file, mended as the settings say, is fit for, line by line.

    Raises
    ------
    PictureError
        The file is no picture that can be read, or shows nothing; or its mask does not fit.
    ModelError
        A network fails.
    """
    return inspect_file(picture, settings).findings


def inspect_file(picture: Path, settings: Settings) -> Inspection:
    """`check_file`, with the subjects to choose among and the picture as it will be used; raises the same."""
    models = load_models(settings)
    opened = open_picture(picture, settings)
    mended = opened
    if settings.fixes:
        mended = mend_picture(opened, settings.fixes, models.matte, models.upscale)
    kind = kind_of(mended.pixels)[0] if settings.kind == "auto" else settings.kind
    shadow = models.shadow if kind == "photo" else None  # an artist's shadows are meant
    seen = (mended.pixels, mended.background, models.matte, models.depth, shadow, mended.subject)
    findings, prepared = check_and_cut(*seen)
    original = prepared if mended is opened else _cut(opened, models.matte)
    things = _things(opened, models.matte)
    return Inspection(
        findings,
        points_on_things(things),
        number_of_thing(things, opened.subject),
        # Under a mask made by hand are the picture's own colours.
        reduced(opened.pixels[..., :3] if settings.mask else on_white(opened.pixels), MASK_SIDE),
        None if prepared is None else reduced(prepared, PREPARED_SIDE),
        reduced((no_subject(opened.pixels) if original is None else original)[..., 3], MASK_SIDE),
    )


def _things(picture: Picture, matte: MatteModel) -> Float:
    """Everything in a picture that might be the subject, as `choose.points_on_things` takes it."""
    if picture.background == "keep":
        return alpha_pieces(no_subject(picture.pixels)[..., 3])
    if needs_matte(picture.pixels[..., 3], picture.background):
        return matte.find(on_white(picture.pixels))
    return alpha_pieces(picture.pixels[..., 3])


def _cut(picture: Picture, matte: MatteModel) -> Pixels | None:
    try:
        return cut_out(picture.pixels, picture.background, matte, subject=picture.subject)
    except PictureError:  # one of the findings says why
        return None


def verdict(findings: tuple[Finding, ...]) -> Level:
    """The worst level of all lines."""
    levels = {finding.level for finding in findings}
    return "poor" if "poor" in levels else "fair" if "fair" in levels else "good"


def check_report(picture: Path, inspection: Inspection) -> Mapping[str, Any]:
    """All that was found as one JSON object."""
    return {
        "version": VERSION,
        "image": str(picture),
        "verdict": verdict(inspection.findings),
        "findings": [asdict(finding) for finding in inspection.findings],
        "subjects": [list(point) for point in inspection.subjects],
        "chosen": inspection.chosen,
    }
