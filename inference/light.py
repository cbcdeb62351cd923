"""The embedded light model: what light there is on the subject and what it is made of; and taking that light out of the
colours."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from ..contracts import Float, Mask, Subject, Surface
from ..errors import ModelError
from .depth import shrink_subject
from .grid import fill_missing
from .light_colour import LUMA, to_linear
from .light_fit import fit_light
from .session import Session

__all__ = ["USUAL_METALLIC", "USUAL_ROUGHNESS", "Light", "LightModel", "level_light"]

USUAL_ROUGHNESS, USUAL_METALLIC = 0.5, 0.0
"""Of a subject that does not show what it is made of."""

LOG_LIMITS = (-2.5, 2.5)
"""Natural logarithm of the darkest and the brightest light that is taken out, against the usual."""

VARIED = 0.06
"""Spread of the logarithm of the light, below which a picture shows none: flat colours, a drawing."""

SURE_ROUGHNESS = 0.15
"""Largest error to expect of a roughness that is still better than the usual one."""

SURE_METAL = 0.7
"""Least chance of metal at which a subject is called metal."""


@dataclass(frozen=True)
class Light:
    """The light on a subject and its material.

    ``shading`` float32 [S, S, 3]: what the linear base colour of each pixel of the crop has been multiplied by, 1 being
    the subject's usual brightness; continued smoothly outside the mask. ``roughness`` and ``metallic`` in 0..1, as
    Blender's Principled BSDF takes them. ``evidence``: a sentence for the user, what they were told from.
    """

    shading: Float
    roughness: float
    metallic: float
    evidence: str


class LightModel:
    """Wraps a network of task ``light`` with the outputs ``light`` and ``material``."""

    def __init__(self, session: Session) -> None:
        self.session = session

    def estimate(self, subject: Subject, surface: Surface) -> Light:
        """The light and the material of a subject.

        Parameters
        ----------
        subject : Subject
            From `inference.prepare`.
        surface : Surface
            What the embedded depth model sees of it, at this network's size.

        Returns
        -------
        Light
            The mean of what the network sees in the picture and in its mirror image.

        Raises
        ------
        ModelError
            The surface has another size, or the network fails.
        """
        size = self.session.card.input_size
        if surface.mask.shape != (size, size):
            raise ModelError(f"The light model works on surfaces of {size} x {size}; use the embedded depth model.")
        rgb, mask = shrink_subject(subject, size)
        mask = mask & surface.mask if (mask & surface.mask).any() else mask
        depth = surface.depth - surface.depth[mask].mean()
        fitted = np.zeros((size, size, 3), np.float32)
        fitted[mask] = fit_light(to_linear(rgb[mask]), surface.normals[mask])
        planes = [rgb * 2 - 1, mask[..., None], surface.normals, depth[..., None], fitted]
        array = np.concatenate(planes, -1, dtype=np.float32) * mask[..., None]
        logarithm, material = self._run(array)
        mirrored, material2 = self._run(array[:, ::-1] * np.array([1] * 4 + [-1] + [1] * 6, np.float32))
        logarithm, material = (logarithm + mirrored[:, ::-1]) / 2, (material + material2) / 2
        shading = level_light(logarithm, rgb, mask)
        varied = float(np.log(shading[mask]).mean(-1).std()) >= VARIED
        return Light(shading, *_material(material, varied))

    def _run(self, array: Float) -> tuple[Float, Float]:
        """Logarithm of the light [S, S, 3] and the numbers of the material [3]."""
        out = self.session.run(array.transpose(2, 0, 1)[None])
        return out["light"][0].transpose(1, 2, 0), out["material"][0]


def level_light(logarithm: Float, rgb: Float, mask: Mask) -> Float:
    """Light from its logarithm, brought to the level at which taking it out keeps the subject's mean brightness.

    Parameters
    ----------
    logarithm : Float
        float32 [S, S, 3], natural, at any level.
    rgb : Float
        float32 [S, S, 3], sRGB in 0..1.
    mask : Mask
        bool [S, S], where both count.

    Returns
    -------
    Float
        float32 [S, S, 3], above 0, smoothly continued outside the mask.
    """
    logarithm = logarithm - np.median(logarithm[mask])
    shading = np.exp(np.clip(logarithm, *LOG_LIMITS))
    linear = to_linear(rgb[mask])
    before, after = float((linear @ LUMA).sum()), float((linear / shading[mask] @ LUMA).sum())
    level = after / before if before > 1e-4 * len(linear) else 1.0  # black says nothing of brightness
    shading = shading * level
    return np.maximum(fill_missing(shading.astype(np.float32), mask.astype(np.float32)), math.exp(2 * LOG_LIMITS[0]))


def _material(numbers: Float, varied: bool) -> tuple[float, float, str]:
    """Roughness, metallic and what they were told from; ``varied``: the picture shows light and shade."""
    roughness, doubt = float(np.clip(numbers[0], 0.05, 1)), math.exp(min(float(numbers[1]), 0.0))
    metal = 1 / (1 + math.exp(-float(np.clip(numbers[2], -30, 30))))
    usual = f"roughness {USUAL_ROUGHNESS} and metallic {USUAL_METALLIC:.0f} are the usual values."
    if not varied:
        return USUAL_ROUGHNESS, USUAL_METALLIC, f"The picture shows no light and shade: {usual}"
    seen, metallic = list[str](), USUAL_METALLIC
    if metal >= SURE_METAL:
        seen, metallic = ["reflections as of metal"], 1.0
    if doubt <= SURE_ROUGHNESS:
        seen.append(
            "sharp highlights" if roughness < 0.4 else "soft highlights" if roughness < 0.65 else "no highlights"
        )
    else:
        roughness = USUAL_ROUGHNESS
    if not seen:
        return roughness, metallic, f"The picture does not show what the subject is made of: {usual}"
    guess = "" if doubt <= SURE_ROUGHNESS else f"; roughness {USUAL_ROUGHNESS} is the usual value"
    return roughness, metallic, f"Told from the picture: {' and '.join(seen)}{guess}."
