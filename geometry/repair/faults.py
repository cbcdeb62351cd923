"""What keeps a mesh from being a closed, manifold, consistently wound surface: the counts a repair is judged by."""

from __future__ import annotations

from dataclasses import dataclass, fields

import numpy as np

from .faces import degenerate_faces, duplicate_faces
from .polygons import Polygons

__all__ = ["Faults", "find_faults"]


@dataclass(frozen=True)
class Faults:
    """Counts of edges with one face and with more than two, of edges that two faces run along the same way, of
    vertices with several fans, and of faces that are there again or have no area."""

    boundary_edges: int
    crowded_edges: int
    inconsistent_edges: int
    pinched_vertices: int
    duplicate_faces: int
    degenerate_faces: int

    @property
    def total(self) -> int:
        """All of them together."""
        return sum(getattr(self, field.name) for field in fields(self))

    @property
    def closed(self) -> bool:
        """Whether the surface bounds a volume."""
        return not (self.boundary_edges or self.crowded_edges or self.inconsistent_edges)


def find_faults(mesh: Polygons) -> Faults:
    """Count the faults of a mesh; what costs more, crossing faces and shells inside others, is left to the report."""
    edges = mesh.edges
    pair = edges.first[edges.count == 2]
    one_way = edges.forward[edges.order[pair]] == edges.forward[edges.order[pair + 1]]
    fan = mesh.fans
    vertex = np.zeros(int(fan.max()) + 1, np.int64)
    vertex[fan] = mesh.corners
    crowded = np.zeros(len(mesh.points), np.bool_)
    side = edges.order[edges.first[edges.count > 2]]
    crowded[edges.start[side]] = crowded[edges.end[side]] = True
    pinched = (np.bincount(vertex, minlength=len(mesh.points)) > 1) & ~crowded
    return Faults(
        int(np.count_nonzero(edges.count == 1)),
        int(np.count_nonzero(edges.count > 2)),
        int(np.count_nonzero(one_way)),
        int(np.count_nonzero(pinched)),
        int(np.count_nonzero(duplicate_faces(mesh)[0])),
        int(np.count_nonzero(degenerate_faces(mesh))),
    )
