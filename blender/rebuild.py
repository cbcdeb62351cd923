"""Writing a cleaned mesh back into the data-block it came from, with everything the user had put on it."""

from __future__ import annotations

from dataclasses import replace

import bpy
import numpy as np

from ..errors import MeshError
from ..geometry.arrays import Indices
from ..geometry.repair.polygons import NONE, Polygons
from ..geometry.repair.transfer import Blend, Origin
from .attributes import carry, read_columns, write_columns
from .edge_columns import carry_edges, edge_origin, show_what_faces_use
from .edge_sources import followed, read_edges, side_edges
from .followers import read_followers, write_followers
from .layer_settings import read_layer_settings, write_layer_settings
from .normals import carry_normals, read_normals, write_normals
from .polygons import read_polygons
from .replace_geometry import replace_geometry
from .shape_keys import read_offsets, write_shapes
from .vertex_groups import carry_weights, read_weights, write_weights

__all__ = ["check_rebuildable", "rebuild"]

_LARGEST = float(np.finfo(np.float32).max)


def check_rebuildable(item: bpy.types.Object) -> None:
    """Refuse an object whose mesh carries what no other vertices can take over.

    Raises
    ------
    MeshError
        For sculpted levels of a Multiresolution modifier and for the data of a Skin modifier.
    """
    for user in bpy.data.objects:
        levels = any(modifier.type == "MULTIRES" and modifier.total_levels for modifier in user.modifiers)
        if user.data == item.data and levels:
            raise MeshError(f"{user.name} has sculpted levels: apply its Multiresolution modifier first.")
    if len(item.data.skin_vertices):
        raise MeshError(f"{item.name} has skin radii: apply its Skin modifier first.")


def rebuild(item: bpy.types.Object, result: Polygons, origin: Origin, keep_loose: bool = True) -> None:
    """Replace the geometry of an object's mesh and carry over all that is not geometry.

    That is: every attribute, so UV maps, colours, material slots, seams, sharp edges and faces, creases, selection and
    hiding; custom normals; vertex groups; shape keys with their drivers and animation. Hooks and children of vertices
    hold on to the same ones. Name, materials, custom
    properties, users and modifiers stay because the data-block does.

    Parameters
    ----------
    item
        A mesh object in Object Mode whose data may be changed.
    result
        In the mesh's own frame; ``point_from`` and the like refer to what `read_polygons` reads of it.
    origin
        Where the elements of the result take their values from.
    keep_loose
        Whether edges and vertices without a face stay.

    Raises
    ------
    MeshError
        If the result cannot be a mesh, or `check_rebuildable` refuses; the mesh is as it was then.
    """
    check_rebuildable(item)
    mesh = item.data
    source, edges = read_polygons(mesh), read_edges(mesh)
    _check(result, origin, source)
    if keep_loose:
        result, origin = _with_loose_points(result, origin, source)
    by_domain = {"POINT": origin.points, "CORNER": origin.corners, "FACE": _copies(origin.faces)}
    before = read_columns(mesh)
    edge_columns = [column for column in before if column.domain == "EDGE"]
    columns = [carry(column, by_domain[column.domain]) for column in before if column.domain != "EDGE"]
    shapes = [result.points + origin.points.mix(offset) for offset in read_offsets(mesh)]
    weights = carry_weights(read_weights(mesh), origin.points, len(source.points)) if item.vertex_groups else None
    normals = read_normals(mesh)
    if normals is not None:
        normals = carry_normals(normals, result, source, origin.corners)
    side, target = side_edges(result, origin.corners, source, edges), followed(result, source)
    loose = target[edges.ends[edges.loose]]
    layers, followers = read_layer_settings(mesh), read_followers(mesh)

    replace_geometry(mesh, result, loose[(loose != NONE).all(axis=1) & (loose[:, 0] != loose[:, 1])])
    now = read_edges(mesh)
    continued = edge_origin(now, side, edges, target)
    columns += [carry_edges(column, continued, now, side) for column in edge_columns]
    write_columns(mesh, show_what_faces_use(columns, result, now))
    write_layer_settings(mesh, layers)
    if weights is not None:
        write_weights(item, weights)
    write_shapes(mesh, shapes)
    write_followers(followers, target, source.points, result.points)
    if normals is not None:
        write_normals(mesh, normals)
    mesh.update()


def _check(result: Polygons, origin: Origin, source: Polygons) -> None:
    """Refuse what would crash Blender, before anything is touched."""
    n_points, n_corners, n_faces = len(result.points), len(result.corners), result.n_faces
    lengths = (len(origin.points.nearest), len(origin.corners.nearest), len(origin.faces))
    fits = lengths == (n_points, n_corners, n_faces) and result.first[0] == 0 and result.first[-1] == n_corners
    if not fits or n_faces == 0 or result.sizes.min() < 3:
        raise MeshError("The cleaned mesh is damaged, so the object was left as it is: please report this.")
    following = result.corners[result.after]
    if not _within(result.corners, n_points) or (result.corners == following).any():
        raise MeshError("The cleaned mesh is damaged, so the object was left as it is: please report this.")
    if not (np.abs(result.points) <= _LARGEST).all():
        raise MeshError("The cleaned mesh has coordinates that are not numbers: the object was left as it is.")
    for blend, count in ((origin.points, len(source.points)), (origin.corners, len(source.corners))):
        if not (
            _within(blend.nearest, count) and _within(blend.mixed, len(blend.nearest)) and _within(blend.parts, count)
        ):
            raise MeshError("The cleaned mesh does not know where it came from, so the object was left as it is.")
    if not _within(origin.faces, source.n_faces):
        raise MeshError("The cleaned mesh does not know where it came from, so the object was left as it is.")


def _within(indices: Indices, count: int) -> bool:
    return not indices.size or (int(indices.min()) >= 0 and int(indices.max()) < count)


def _with_loose_points(result: Polygons, origin: Origin, source: Polygons) -> tuple[Polygons, Origin]:
    """Add the vertices of the source that it has no face for, unless they are there."""
    loose = np.ones(len(source.points), np.bool_)
    loose[source.corners] = False
    loose[result.point_from[result.point_from != NONE]] = False
    added = np.flatnonzero(loose)
    if not len(added):
        return result, origin
    points = replace(origin.points, nearest=np.concatenate([origin.points.nearest, added]))
    mesh = replace(
        result,
        points=np.concatenate([result.points, source.points[added]]),
        point_from=np.concatenate([result.point_from, added]),
    )
    return mesh, replace(origin, points=points)


def _copies(index: Indices) -> Blend:
    """Plain copies of source elements."""
    return Blend(index, np.empty(0, np.int64), np.empty((0, 3), np.int64), np.empty((0, 3)))
