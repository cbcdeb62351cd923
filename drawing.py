"""Pictures that are drawings: exact geometry from their lines and areas, without networks. No bpy."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from types import MappingProxyType
from typing import Any

from .contracts import Float, Kind, Pixels, Settings
from .geometry.drawings.close_outline import close_outline
from .geometry.drawings.drawn import Drawn
from .geometry.drawings.extrude import extrude_logo
from .geometry.drawings.floor_plan import Heights, floor_plan
from .geometry.drawings.inflate import inflate
from .geometry.drawings.relief import PRESETS, relief

__all__ = ["DRAWINGS", "draw"]

LOGO_DEPTH, SKETCH_DEPTH = 0.1, 0.4
"""Thickness where none is set, in heights of the drawing."""
PLAN_WIDTH = 10.0
"""Of a building whose width is not set, in metres."""


def draw(pixels: Pixels, kind: Kind, settings: Settings, heights: Float | None = None) -> Drawn:
    """Make the mesh of a drawing.

    Parameters
    ----------
    pixels : uint8 [H, W, 4], sRGB with straight alpha
    kind : one of `DRAWINGS`
    settings : ``height``, ``width``, ``thickness``, ``relief``, ``target_faces`` and ``texture_size`` count, each where
        the kind has such a thing
    heights : float32 [h, w] in 0..1, the levels of the picture's file where those are finer than 8 bits
        (`inference.decode.Decoded`): a relief takes them instead of the pixels

    Returns
    -------
    Drawn
        In the object frame, with sentences for the user.

    Raises
    ------
    PictureError
        There is nothing in the picture that this kind could be made of.
    """
    drawn = DRAWINGS[kind](pixels, settings) if heights is None or kind != "relief" else _relief(heights, settings)
    if not settings.texture_size:
        drawn = replace(drawn, mesh=replace(drawn.mesh, uv=None, texture=None))
    return drawn


def _logo(pixels: Pixels, settings: Settings) -> Drawn:
    depth = settings.thickness or LOGO_DEPTH * settings.height
    return extrude_logo(pixels, depth=depth, height=settings.height, texture_size=settings.texture_size or 1)


def _sketch(pixels: Pixels, settings: Settings) -> Drawn:
    return inflate(
        close_outline(pixels),
        depth=settings.thickness or SKETCH_DEPTH * settings.height,
        height=settings.height,
        faces=settings.target_faces,
        pixels=pixels if settings.texture_size else None,
        texture_size=settings.texture_size or 1,
    )


def _relief(pixels: Pixels | Float, settings: Settings) -> Drawn:
    sizes: dict[str, Any] = {**PRESETS[settings.relief], "faces": settings.target_faces}
    if settings.width:
        sizes["width_mm"] = 1000 * settings.width
    if settings.thickness:
        sizes["thickness_mm"] = 1000 * settings.thickness
        sizes["base_mm"] = min(sizes["base_mm"], 0.5 * sizes["thickness_mm"])
    return relief(pixels, **sizes)


def _floor_plan(pixels: Pixels, settings: Settings) -> Drawn:
    drawn = floor_plan(pixels, width_m=settings.width or PLAN_WIDTH, heights=_heights(settings.wall_height))
    if settings.width:
        return drawn
    note = f"The building was taken to be {PLAN_WIDTH:g} m wide: set its Width."
    return replace(drawn, notes=(note, *drawn.notes))


def _heights(wall: float) -> Heights:
    """Heights under a ceiling, lower than usual where it is."""
    usual = Heights()
    share = min(1.0, wall / usual.wall)
    return Heights(wall, share * usual.door, share * usual.sill, share * usual.window)


DRAWINGS: Mapping[Kind, Callable[[Pixels, Settings], Drawn]] = MappingProxyType(
    {"logo": _logo, "sketch": _sketch, "relief": _relief, "floor_plan": _floor_plan}
)
"""What makes the mesh of each kind of picture that needs no network."""
