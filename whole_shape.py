"""The mesh of a shape that a network made whole from the picture: surface and colours, asked for point by point."""

from __future__ import annotations

from .contracts import Float, Int, MeshArrays
from .geometry.bake_points import bake_points
from .geometry.coarsen import MOST_TRIANGLES, coarsen_field
from .geometry.extract import extract_surface
from .geometry.sample_field import sample_field
from .geometry.unwrap import unwrap
from .geometry.visibility import seen_vertices
from .inference.triplane import CUBE, VIEWED_FROM, Triplane
from .steps import Steps

__all__ = ["paint_shape", "shape_surface"]


def shape_surface(shape: Triplane, detail: int, steps: Steps) -> tuple[Float, Int, str]:
    """The closed surface of a shape, in the view frame of `VIEWED_FROM`, from a grid of ``detail`` cells a side; and a
    sentence where it is too rough for so many."""
    field = coarsen_field(sample_field(shape.solid, detail, steps.tick), MOST_TRIANGLES)
    vertices, faces = extract_surface(field)
    side = len(field)
    note = f"The shape is too rough for a grid of {detail} cells a side; it was built with {side}."
    return ((2 * vertices + 1) / side - 1) * CUBE, faces, "" if side == detail else note


def paint_shape(vertices: Float, faces: Int, shape: Triplane, size: int, steps: Steps) -> MeshArrays:
    """A mesh of `shape_surface`, with UVs and a texture of the shape's own colours (size 0: without the two).

    The colours of the picture itself are not used: the network guesses where its camera stood, so that they would not
    lie where they belong.
    """
    attributes = {"seen": seen_vertices(vertices, faces, VIEWED_FROM)}
    if not size:
        return MeshArrays(vertices, faces, attributes=attributes)
    with steps.step("Unwrapping"):
        uv = unwrap(vertices, faces)
    with steps.step("Painting the texture"):
        texture = bake_points(vertices, faces, uv, size, lambda points: shape.colours(points / CUBE), steps.tick)
    return MeshArrays(vertices, faces, uv, texture, attributes)
