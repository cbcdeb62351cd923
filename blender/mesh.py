"""Arrays to a Blender mesh, in bulk."""

from __future__ import annotations

import bpy
import numpy as np
import numpy.typing as npt

from ..contracts import MeshArrays
from ..errors import MeshError

__all__ = ["UV_LAYER", "build_mesh"]

UV_LAYER = "UVMap"


def build_mesh(arrays: MeshArrays, name: str) -> bpy.types.Mesh:
    """Make a smooth-shaded mesh of arrays.

    Parameters
    ----------
    arrays
        In the object frame: metres, Z up, front towards -Y. The texture is not looked at.
    name
        Of the new data-block.

    Raises
    ------
    MeshError
        When the arrays do not describe a mesh. Blender's own code crashes on such input, so it is checked first.
    """
    _check(arrays)
    inside = arrays.faces >= 0
    corners = arrays.faces[inside]
    sizes = inside.sum(axis=1, dtype=np.int32)
    mesh = bpy.data.meshes.new(name)
    try:
        mesh.vertices.add(len(arrays.vertices))
        mesh.loops.add(len(corners))
        mesh.polygons.add(len(sizes))
        mesh.attributes["position"].data.foreach_set("vector", _flat(arrays.vertices, np.float32))
        mesh.attributes[".corner_vert"].data.foreach_set("value", _flat(corners, np.int32))
        mesh.polygons.foreach_set("loop_start", np.cumsum(sizes, dtype=np.int32) - sizes)
        if arrays.uv is not None:
            layer = mesh.uv_layers.new(name=UV_LAYER, do_init=False)
            layer.uv.foreach_set("vector", _flat(arrays.uv[inside], np.float32))
        for key, values in arrays.attributes.items():
            attribute = mesh.attributes.new(key, "FLOAT", "POINT")
            attribute.data.foreach_set("value", _flat(values, np.float32))
        mesh.update(calc_edges=True)
        mesh.shade_smooth()
    except Exception:
        bpy.data.meshes.remove(mesh)
        raise
    return mesh


def _flat(values: npt.ArrayLike, kind: type[np.generic]) -> npt.NDArray[np.generic]:
    return np.ascontiguousarray(values, dtype=kind).ravel()


def _check(arrays: MeshArrays) -> None:
    vertices, faces, uv = arrays.vertices, arrays.faces, arrays.uv
    if vertices.ndim != 2 or vertices.shape[1] != 3 or faces.ndim != 2 or faces.shape[1] not in (3, 4):
        raise MeshError("The mesh's arrays have the wrong shape: vertices must be [V, 3] and faces [F, 3] or [F, 4].")
    if not len(vertices) or not len(faces):
        raise MeshError("The mesh is empty: try another picture or another background setting.")
    if not np.isfinite(vertices).all() or (uv is not None and not np.isfinite(uv).all()):
        raise MeshError("The mesh has coordinates that are not numbers: try another picture.")
    if faces[:, :3].min() < 0 or faces.min() < -1 or faces.max() >= len(vertices):
        raise MeshError("The mesh's faces point at vertices that do not exist: try another picture.")
    if uv is not None and uv.shape != (*faces.shape, 2):
        raise MeshError("The mesh's UVs do not fit its faces.")
    if any(len(values) != len(vertices) for values in arrays.attributes.values()):
        raise MeshError("A vertex attribute does not fit the mesh's vertices.")
