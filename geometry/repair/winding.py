"""Making all faces of a mesh look outwards."""

from __future__ import annotations

import numpy as np

from ...contracts import Mask
from ..arrays import Indices, Points
from ..components import components
from ..shells import inner_shells
from ..triangles import sum_at
from .polygons import Polygons, turn_faces
from .triangulate import triangulate_polygons

__all__ = ["make_consistent", "one_sided_faces", "turned_faces"]

_FLAT = 0.02
"""Open parts that enclose less than this share of the sphere of their area have no outside to go by."""


def make_consistent(mesh: Polygons) -> Polygons:
    """Turn faces over so that neighbours agree, closed parts look outwards, and open ones away from their middle.

    Where two faces share an edge, they agree if they run along it in opposite directions. Parts with one side only,
    such as a Moebius strip, are left as they are, and so are closed parts inside others that agree in themselves:
    what looks inwards there is a cavity.
    """
    turned, sided = _disagreeing(mesh)
    mesh = turn_faces(mesh, turned)
    part = mesh.parts
    n_parts = int(part.max()) + 1
    closed = np.ones(n_parts, np.bool_)
    closed[part[mesh.owner[mesh.mates < 0]]] = False
    volume, area = _volumes(mesh, part, n_parts)
    flat = np.abs(volume) < _FLAT * area**1.5 / (6.0 * np.sqrt(np.pi))
    wrong = (volume < 0) & (closed | ~flat)
    was_sound = np.ones(n_parts, np.bool_)
    was_sound[part[turned]] = False
    if (wrong & closed & was_sound).any():
        triangles, owner = triangulate_polygons(mesh)
        wrong &= ~(was_sound & inner_shells(mesh.points, mesh.corners[triangles], part[owner], closed))
    return turn_faces(mesh, wrong[part] & sided)


def one_sided_faces(mesh: Polygons) -> Mask:
    """The faces of parts that have no inside and outside, bool [F]."""
    return ~_disagreeing(mesh)[1]


def turned_faces(mesh: Polygons) -> Mask:
    """The fewest faces to turn over so that all of a part agree, in the parts that have two sides, bool [F]."""
    return _disagreeing(mesh)[0]


def _disagreeing(mesh: Polygons) -> tuple[Mask, Mask]:
    """The fewest faces to turn over so that all agree; and which faces belong to parts with two sides.

    Every face stands twice in a graph, as it is and turned over; links join what agrees. A part with two sides falls
    into two components there, each the other turned over.
    """
    n_faces = mesh.n_faces
    edges, mate = mesh.edges, mesh.mates
    side = np.flatnonzero(mate > np.arange(len(mate), dtype=np.int64))
    one, other = edges.face[side], edges.face[mate[side]]
    disagree = edges.forward[side] == edges.forward[mate[side]]
    if not disagree.any():
        return np.zeros(n_faces, np.bool_), np.ones(n_faces, np.bool_)
    shift = disagree.astype(np.int64) * n_faces
    label = components(
        2 * n_faces, np.concatenate([one, one + n_faces]), np.concatenate([other + shift, other + n_faces - shift])
    )
    plain, mirrored = label[:n_faces], label[n_faces:]
    sided = plain != mirrored
    # The half of a part that stays is the one with more faces as they are.
    votes = np.bincount(plain, minlength=2 * n_faces)
    fewer = (votes[plain] < votes[mirrored]) | ((votes[plain] == votes[mirrored]) & (plain > mirrored))
    return sided & fewer, sided


def _volumes(mesh: Polygons, part: Indices, n_parts: int) -> tuple[Points, Points]:
    """Signed volume of each part, as seen from the middle of its corners, and its area."""
    face = mesh.owner
    points = mesh.points[mesh.corners]
    count = np.bincount(part[face], minlength=n_parts)
    middle = np.stack([sum_at(part[face], points[:, i], n_parts) for i in range(3)], 1) / count[:, None]
    centre = np.add.reduceat(points, mesh.first[:-1], axis=0) / mesh.sizes[:, None]
    height = ((centre - middle[part]) * mesh.vectors).sum(axis=1)
    return sum_at(part, height, n_parts) / 3.0, sum_at(part, mesh.areas, n_parts)
