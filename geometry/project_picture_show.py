"""A mesh's own colours as a camera sees them, without any light: the picture to edit and to project back."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from ..contracts import Float, Mask, Pixels
from .arrays import Points
from .filters import sample
from .project_picture import halve
from .project_picture_sight import Sight

__all__ = ["Skin", "show_colours"]

_PIXELS_AT_ONCE = 1 << 19


@dataclass(frozen=True)
class Skin:
    """The colours of some triangles of a mesh: ``chosen`` bool [T], their ``texture`` uint8 [H, W, 3 or 4], first row
    at the top, and all triangles' ``uv`` float32 [T, 3, 2]; beyond 0..1 the texture repeats."""

    chosen: Mask
    texture: Pixels
    uv: Float


def show_colours(sight: Sight, skins: Sequence[Skin]) -> Pixels:
    """Paint what the camera sees with the textures' colours.

    Returns uint8 [H, W, 4], opaque where the mesh is; triangles of no skin are light grey.
    """
    height, width = sight.projector.height, sight.projector.width
    picture = np.zeros((height * width, 4), np.uint8)
    picture[sight.pixel] = (204, 204, 204, 255)
    for skin in skins:
        mine = np.flatnonzero(skin.chosen[sight.triangle])
        texture = _reduced(skin, sight, len(mine))
        size = np.array([texture.shape[1], texture.shape[0]])
        for begin in range(0, len(mine), _PIXELS_AT_ONCE):
            part = mine[begin : begin + _PIXELS_AT_ONCE]
            uv: Points = (skin.uv[sight.triangle[part]] * sight.weights[part, :, None]).sum(1)
            # The border itself belongs to this side: 1 is no step into the next copy of the texture.
            uv -= np.ceil(uv) - 1
            x, y = (uv[:, 0] * size[0]).astype(np.float32), ((1 - uv[:, 1]) * size[1]).astype(np.float32)
            picture[sight.pixel[part], :3] = np.rint(sample(texture[..., :3], x, y)).astype(np.uint8)
    return picture.reshape(height, width, 4)


def _reduced(skin: Skin, sight: Sight, pixels: int) -> Pixels:
    """The texture at a size near the view's, so that none of its texels falls between two pixels."""
    visible = np.unique(sight.triangle[skin.chosen[sight.triangle]])
    a, b, c = np.moveaxis(skin.uv[visible].astype(np.float64), 1, 0)
    first, second = b - a, c - a
    area = 0.5 * np.abs(first[:, 0] * second[:, 1] - first[:, 1] * second[:, 0]).sum()
    texture = skin.texture
    density = area * texture.shape[0] * texture.shape[1] / max(pixels, 1)
    # Between one and two texels a pixel across nothing is lost by lookups between texels.
    while density >= 4 and min(texture.shape[:2]) >= 4:
        texture, density = halve(texture), density / 4
    return texture
