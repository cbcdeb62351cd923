"""A mesh report in plain words."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

__all__ = ["counted", "mesh_lines", "problem_lines"]

# What is wrong with a mesh, in the order of how much it matters: key of MeshReport, one, many.
_PROBLEMS = (
    ("boundary_edges", "open edge", "open edges"),
    ("non_manifold_edges", "non-manifold edge", "non-manifold edges"),
    ("non_manifold_vertices", "non-manifold vertex", "non-manifold vertices"),
    ("inconsistent_edges", "edge between faces wound in opposite ways", "edges between faces wound in opposite ways"),
    ("inner_shells", "inner shell", "inner shells"),
    ("self_intersections", "face that crosses another", "faces that cross another"),
    ("duplicate_faces", "duplicate face", "duplicate faces"),
    ("degenerate_faces", "face without area", "faces without area"),
)


def mesh_lines(mesh: Mapping[str, Any], unit_scale: float = 1.0) -> tuple[str, list[str]]:
    """A mesh report in plain words: one line of what it is, and a line for each problem there is.

    ``unit_scale`` turns the mesh's own unit into metres.
    """
    size = " x ".join(f"{value * unit_scale:.3g}" for value in mesh["dimensions"])
    surface = "Closed surface" if mesh["watertight"] else "Open surface"
    what = f"{surface}, {counted(mesh['faces'], 'face', 'faces')}, {counted(mesh['loose_parts'], 'part', 'parts')}"
    return f"{what}, {size} m", list(problem_lines(mesh).values())


def problem_lines(mesh: Mapping[str, Any]) -> dict[str, str]:
    """Each kind of problem that a mesh report counts, by its key, in plain words."""
    return {key: counted(mesh[key], one, many) for key, one, many in _PROBLEMS if mesh[key]}


def counted(number: int, one: str, many: str) -> str:
    """A number and its noun: "1 face", "1,966 faces"."""
    return f"{number:,} {one if number == 1 else many}"
