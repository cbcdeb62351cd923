"""The loops of free sides that bound the holes of a mesh."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ..arrays import Indices, Points
from .polygons import Polygons

__all__ = ["Loop", "find_loops"]


@dataclass(frozen=True)
class Loop:
    """One closed chain of free sides.

    ``sides`` int64 [N]: in the order they follow each other, as their faces run. ``points`` float64 [N, 3]: their
    starts. ``length``: of the whole chain, in the mesh's unit.
    """

    sides: Indices
    points: Points
    length: float


def find_loops(mesh: Polygons) -> list[Loop]:
    """Follow the free sides of a mesh around its holes.

    Parameters
    ----------
    mesh : Polygons
        Wound consistently, with at most two faces at an edge.
    """
    edges, mate = mesh.edges, mesh.mates
    free = np.flatnonzero(mate < 0)
    # From the end of a free side, turn around its vertex face by face until the fan ends in another free side.
    following = edges.after[free]
    turning = np.flatnonzero(mate[following] >= 0)
    for _ in range(len(mate)):
        if not len(turning):
            break
        following[turning] = edges.after[mate[following[turning]]]
        turning = turning[mate[following[turning]] >= 0]
    place = np.full(len(mate), -1, np.int64)
    place[free] = np.arange(len(free), dtype=np.int64)
    following = place[following]
    loops: list[Loop] = []
    waiting = np.ones(len(free), np.bool_)
    steps = following.tolist()
    for start in range(len(free)):
        if not waiting[start]:
            continue
        chain: list[int] = []
        at = start
        while at >= 0 and waiting[at]:
            waiting[at] = False
            chain.append(at)
            at = steps[at]
        if at == start and len(chain) >= 3:
            sides = free[np.array(chain, np.int64)]
            points = mesh.points[edges.start[sides]]
            length = float(np.linalg.norm(mesh.points[edges.end[sides]] - points, axis=1).sum())
            loops.append(Loop(sides, points, length))
    return loops
