"""Mesh files of other programs into the open file, checked before Blender's importers see them."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import bpy
import numpy as np
from mathutils import Matrix, Vector

from ..contracts import Mask
from ..errors import MeshError
from ..meshfiles.check import sound_file
from .polygons import read_points
from .quiet import quiet

__all__ = ["Imported", "import_file"]

# What Blender calls the values of attributes that hold colours and UVs, and how many numbers each has.
_WIDTHS = {"FLOAT_COLOR": ("color", 4), "FLOAT2": ("vector", 2)}

_UPRIGHT = Matrix(((1, 0, 0, 0), (0, 0, -1, 0), (0, 1, 0, 0), (0, 0, 0, 1)))


@dataclass(frozen=True)
class Imported:
    """All objects of a file, those that only hold others together too, and a sentence on each thing left out."""

    objects: list[bpy.types.Object]
    warnings: tuple[str, ...] = ()


def import_file(path: Path) -> Imported:
    """Read a mesh file into the scene.

    What comes in lies where `export` would put it for the same file: lengths, axes and places cancel out, format by
    format. A PLY or OBJ file far from the origin is brought near it, so that 32-bit coordinates can hold its shape, and
    its objects stand off by the difference.

    Parameters
    ----------
    path
        A .glb, .gltf, .obj, .stl, .ply or .fbx file.

    Raises
    ------
    MeshError
        If the file is missing, damaged or of another kind, or there is no mesh with faces in it.
    """
    with tempfile.TemporaryDirectory(prefix="maquette-") as folder:
        sound = sound_file(path, Path(folder))
        objects = _read(sound.path, path)
    if sound.nowhere is not None:
        _set_nowhere(objects, sound.nowhere)
    offset = Vector(sound.offset)
    if path.suffix.lower() == ".obj":
        _turn_meshes(objects)
        offset = _UPRIGHT @ offset
    for item in objects:
        item.location += offset
    bpy.context.view_layer.update()
    warnings: list[str] = []
    if any([sound.mended, *(_mend_values(item.data) for item in objects if item.type == "MESH")]):
        warnings.append(f"Colours or UVs in {path.name} that were no numbers are zero now.")
    read = sum(len(item.data.polygons) for item in objects if item.type == "MESH")
    if sound.faces is not None and read < sound.faces:
        warnings.append(_left_out(path, sound.faces - read))
    return Imported(objects, tuple(warnings))


def _turn_meshes(objects: Sequence[bpy.types.Object]) -> None:
    """Have the axes of OBJ's meshes turned, not their objects: exactly, where a turn by 90 degrees is rounded."""
    for item in objects:
        item.rotation_euler = (0.0, 0.0, 0.0)
        if item.type == "MESH":
            item.data.transform(_UPRIGHT)


def _set_nowhere(objects: Sequence[bpy.types.Object], nowhere: Mask) -> None:
    """Give vertices of a PLY file (bool [V]) their coordinates back that are no numbers."""
    mesh = next(item.data for item in objects if item.type == "MESH")
    if len(mesh.vertices) != len(nowhere):
        raise MeshError("Vertices of the file have coordinates that are not numbers; delete those first.")
    points = read_points(mesh).astype(np.float32)
    points[nowhere] = np.nan
    mesh.vertices.foreach_set("co", points.ravel())


def _mend_values(mesh: bpy.types.Mesh) -> bool:
    """Put zero for colours and UVs that are no numbers, and say whether there were any."""
    mended = False
    for attribute in mesh.attributes:
        if attribute.data_type not in _WIDTHS:
            continue
        key, width = _WIDTHS[attribute.data_type]
        values = np.empty(len(attribute.data) * width, np.float32)
        attribute.data.foreach_get(key, values)
        if not np.isfinite(values).all():
            attribute.data.foreach_set(key, np.nan_to_num(values, posinf=0.0, neginf=0.0))
            mended = True
    return mended


def _left_out(path: Path, count: int) -> str:
    what = "One face" if count == 1 else f"{count:,} faces"
    return f"{what} of {path.name} went as it was read: they repeat others, or a corner of their own."


def _read(file: Path, path: Path) -> list[bpy.types.Object]:
    """Let the importer for the suffix read a file that stands for ``path``."""
    before = set(bpy.data.objects)
    try:
        with quiet():
            _IMPORTERS[path.suffix.lower()](str(file))
    except (RuntimeError, AttributeError) as error:  # an operator that fails, or is missing
        raise MeshError(_reason(path, error)) from error
    objects = [item for item in bpy.data.objects if item not in before]
    if not any(item.type == "MESH" and len(item.data.polygons) for item in objects):
        raise MeshError(f"There is no mesh with faces in {path.name}.")
    return objects


def _reason(path: Path, error: Exception) -> str:
    kind = path.suffix.lower()
    if isinstance(error, AttributeError) and "could not be found" in str(error):
        return f"This Blender cannot read {kind} files: save {path.name} in another format."
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    return f"Blender's {kind} importer failed: {lines[-1] if lines else type(error).__name__}"


# Blender's own validation would put vertices that are nowhere to the origin, and take doubled faces away unseen: it is
# left out where that can be, since what could do harm has been refused by now, and the rest is for the cleaning.


def _import_gltf(file: str) -> None:
    bpy.ops.import_scene.gltf(filepath=file)


def _import_obj(file: str) -> None:
    bpy.ops.wm.obj_import(filepath=file, forward_axis="NEGATIVE_Z", up_axis="Y", validate_meshes=False)


def _import_stl(file: str) -> None:
    bpy.ops.wm.stl_import(filepath=file, forward_axis="Y", up_axis="Z", use_mesh_validate=False)


def _import_ply(file: str) -> None:
    bpy.ops.wm.ply_import(filepath=file, forward_axis="Y", up_axis="Z")


def _import_fbx(file: str) -> None:
    bpy.ops.wm.fbx_import(filepath=file, use_anim=False, validate_meshes=False)


_IMPORTERS: dict[str, Callable[[str], None]] = {
    ".glb": _import_gltf,
    ".gltf": _import_gltf,
    ".obj": _import_obj,
    ".stl": _import_stl,
    ".ply": _import_ply,
    ".fbx": _import_fbx,
}
