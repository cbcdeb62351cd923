"""Resolving of bodies that pass through each other, with Manifold (https://github.com/elalish/manifold).

A native library does the work: these functions are for a process of its own, where a crash takes nothing along.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from ...contracts import Mask
from ...errors import MeshError
from ..arrays import Indices, Points
from ..self_intersections import crossing_faces
from .merge import same_places
from .parts import closed_parts, part_volumes
from .polygons import NONE, Polygons, join, keep_faces, starts
from .triangulate import triangulate_polygons

__all__ = ["crossing_parts", "resolve_self_intersections"]


def resolve_self_intersections(mesh: Polygons) -> Polygons:
    """Unite closed parts that pass through each other, exactly; parts that touch no other stay as they are.

    Parts that look inwards are cavities: they are cut out of the union of the others.

    Parameters
    ----------
    mesh : Polygons
        Wound consistently, manifold, with finite coordinates. Open parts are left alone.

    Returns
    -------
    Polygons
        The united parts as triangles, after all others. Where a triangle has a corner of its source face it keeps it;
        the others lie somewhere on the face in ``face_from``.

    Raises
    ------
    MeshError
        If the parts cannot be united.
    """
    part = mesh.parts
    crossing = crossing_parts(mesh, part)
    if np.count_nonzero(crossing) < 2:
        return mesh
    united = _unite(keep_faces(mesh, crossing[part]))
    rest = ~crossing[part]
    return join(keep_faces(mesh, rest), united) if rest.any() else united


def crossing_parts(mesh: Polygons, part: Indices) -> Mask:
    """The closed parts (``part`` int64 [F] gives the faces') that pass through another one, bool [P]."""
    closed = closed_parts(mesh, part)
    triangles, owner = triangulate_polygons(mesh)
    corners = mesh.corners[triangles]
    use = closed[part[owner]] & _near_others(mesh.points, corners, part[owner], closed)
    crossing = np.zeros(len(closed), np.bool_)
    if use.any():
        met = crossing_faces(mesh.points, corners[use])
        crossing[part[owner[use][met]]] = True
    # A part that only crosses itself is no business of a union.
    return crossing & _overlapping(mesh.points, corners, part[owner], crossing)


def _near_others(points: Points, corners: Indices, label: Indices, among: Mask) -> Mask:
    """The triangles of parts whose box overlaps another part's, bool [T]."""
    return _overlapping(points, corners, label, among)[label]


def _overlapping(points: Points, corners: Indices, label: Indices, among: Mask) -> Mask:
    """Which of some parts have a box that overlaps that of another of them, bool [P]."""
    n_parts = len(among)
    if np.count_nonzero(among) < 2:
        return np.zeros(n_parts, np.bool_)
    low, high = np.full((n_parts, 3), np.inf), np.full((n_parts, 3), -np.inf)
    for axis in range(3):
        along = points[:, axis][corners]
        np.minimum.at(low[:, axis], label, along.min(axis=1))
        np.maximum.at(high[:, axis], label, along.max(axis=1))
    chosen = np.flatnonzero(among)
    order: Indices = chosen[np.argsort(low[chosen, 0], kind="stable")]
    overlaps = np.zeros(n_parts, np.bool_)
    for place, one in enumerate(order.tolist()):
        after = order[place + 1 :]
        begins: Points = low[after, 0]
        after = after[: int(np.searchsorted(begins, float(high[one, 0]), "right"))]
        met = after[((low[after] <= high[one]) & (low[one] <= high[after])).all(axis=1)]
        if len(met):
            overlaps[one] = True
            overlaps[met] = True
    return overlaps


def _unite(mesh: Polygons) -> Polygons:
    """The union of the outward parts less the inward ones."""
    import manifold3d

    triangles, owner = triangulate_polygons(mesh)
    part = mesh.parts
    volume = part_volumes(mesh, part)
    bodies: list[Any] = []
    cavities: list[Any] = []
    for number in range(len(volume)):
        chosen = np.flatnonzero(part[owner] == number)
        body = _body(mesh, triangles[chosen] if volume[number] > 0 else triangles[chosen][:, ::-1], chosen)
        (bodies if volume[number] > 0 else cavities).append(body)
    result = manifold3d.Manifold.batch_boolean(bodies, manifold3d.OpType.Add) if bodies else None
    if result is not None and cavities:
        result = manifold3d.Manifold.batch_boolean([result, *cavities], manifold3d.OpType.Subtract)
    if result is None or result.status() != manifold3d.Error.NoError or result.is_empty():
        raise MeshError("The parts that pass through each other cannot be united; make them closed first.")
    found: Any = result.to_mesh64()
    points = np.asarray(found.vert_properties, np.float64)[:, :3]
    corners = np.asarray(found.tri_verts, np.int64)
    return _with_origin(mesh, triangles, owner, points, corners, np.asarray(found.face_id, np.int64))


def _body(mesh: Polygons, triangles: Indices, number: Indices) -> Any:
    """One closed part as a manifold whose faces are numbered."""
    import manifold3d

    used, corners = np.unique(mesh.corners[triangles], return_inverse=True)
    body = manifold3d.Manifold(
        manifold3d.Mesh64(
            np.ascontiguousarray(mesh.points[used]),
            np.ascontiguousarray(corners.reshape(-1, 3).astype(np.uint64)),
            face_id=np.ascontiguousarray(number.astype(np.uint64)),
        )
    )
    if body.status() != manifold3d.Error.NoError:
        raise MeshError("A part that passes through another is not closed and manifold; repair that first.")
    return body


def _with_origin(
    mesh: Polygons, triangles: Indices, owner: Indices, points: Points, corners: Indices, number: Indices
) -> Polygons:
    """Say for each face of the union which face it was cut from, and for each old point and corner that it is one."""
    count = len(mesh.points)
    place = same_places(np.concatenate([mesh.points, points]))
    old = place[count:]
    point_from = np.where(old < count, mesh.point_from[np.minimum(old, count - 1)], NONE)
    source = triangles[number]
    same = place[mesh.corners[source]][:, None, :] == old[corners][:, :, None]  # [face, corner, source corner]
    at = np.argmax(same, axis=2)
    known = same.any(axis=2)
    corner_from = np.where(known, mesh.corner_from[np.take_along_axis(source, at, axis=1)], NONE)
    return Polygons(
        points, corners.ravel(), starts(np.full(len(corners), 3, np.int64)), point_from, corner_from.ravel(),
        mesh.face_from[owner[number]],
    )  # fmt: skip
