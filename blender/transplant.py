"""Geometry and attributes of one mesh for another data-block, which keeps its name, users, materials and shape keys."""

from __future__ import annotations

from collections.abc import Sequence

import bpy
import numpy as np

from ..geometry.arrays import Points
from ..geometry.repair.polygons import NONE
from .attributes import read_columns, write_columns
from .edge_columns import carry_edges, edge_origin
from .edge_sources import read_edges
from .followers import read_followers, write_followers
from .layer_settings import read_layer_settings, write_layer_settings
from .normals import read_normals, write_normals
from .polygons import read_points, read_polygons
from .rebuild import check_rebuildable
from .replace_geometry import replace_geometry
from .shape_keys import write_shapes
from .vertex_groups import read_weights, write_weights

__all__ = ["transplant"]


def transplant(item: bpy.types.Object, donor: bpy.types.Mesh, shapes: Sequence[Points]) -> None:
    """Give an object's mesh the elements and attributes of another mesh, which is left as it is.

    Parameters
    ----------
    item
        A mesh object in Object Mode whose data may be changed.
    donor
        A mesh made by Blender from this one, so with the same vertex groups.
    shapes : float64 [V, 3] each
        The donor's vertices as each shape key of the object has them.

    Raises
    ------
    MeshError
        If the donor has no faces, or `check_rebuildable` refuses.
    """
    check_rebuildable(item)
    mesh = item.data
    result, edges = read_polygons(donor), read_edges(donor)
    columns, normals = read_columns(donor), read_normals(donor)
    weights = read_weights(donor) if item.vertex_groups else None
    layers, followers, before = read_layer_settings(mesh), read_followers(mesh), read_points(mesh)
    replace_geometry(mesh, result, edges.ends[edges.loose])
    now = read_edges(mesh)
    side = np.full(len(result.corners), NONE, np.int64)
    origin = edge_origin(now, side, edges, np.arange(len(result.points), dtype=np.int64))
    write_columns(
        mesh, [carry_edges(column, origin, now, side) if column.domain == "EDGE" else column for column in columns]
    )
    write_layer_settings(mesh, layers)
    if weights is not None:
        write_weights(item, weights)
    write_shapes(mesh, shapes)
    write_followers(followers, None, before, result.points)
    if normals is not None:
        write_normals(mesh, normals)
    mesh.update()
