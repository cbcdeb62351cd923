"""Objects to files of other programs, through Blender's own exporters."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager, nullcontext
from pathlib import Path

import bpy

from ..errors import MaquetteError, MeshError, OutputError
from ..outputs import staged
from .for_export import grey_pictures, no_spare_displacement, triangles
from .maps import current_normal, find_shader
from .quiet import quiet
from .textures import texture_files

__all__ = ["FORMATS", "SUFFIXES", "check_suffix", "export", "export_file"]

# What the panel offers: the name, the suffix, and what it is good for.
FORMATS = {
    "GLB": (".glb", "glTF in one file, with the texture inside: web, game engines, most programs"),
    "OBJ": (".obj", "Wavefront OBJ, with its material and texture as files beside it"),
    "FBX": (".fbx", "FBX, with the texture inside: game engines, Maya, 3ds Max"),
    "STL": (".stl", "The shape alone, without colour: 3D printing"),
    "PLY": (".ply", "The shape as triangles and its UVs, without the texture: scanning and research programs"),
}
if bpy.app.build_options.usd:  # not in every Linux distribution's own build
    FORMATS["USD"] = (".usdz", "USD in one file, with the texture inside: film pipelines, Apple devices")


def export(objects: Sequence[bpy.types.Object], path: Path) -> list[Path]:
    """Write mesh objects to a file; its suffix says in which format.

    Z up and the front towards -Y become what the format expects: Y up and the front towards +Z in GLB, OBJ, FBX and
    USD; STL and PLY have no such rule and stay Z up, as slicers want it. Lengths are metres.

    Parameters
    ----------
    objects
        Mesh objects of the current view layer; nothing else is exported.
    path
        The file. It and its companions (an OBJ's material and texture) appear only when all of them are whole.

    Returns
    -------
    The files written, the one asked for last.

    Raises
    ------
    OutputError
        When the file cannot be written there, or this Blender cannot write the format.
    MaquetteError
        For a suffix that is none of `SUFFIXES`.
    MeshError
        When there is nothing to export.
    """
    check_suffix(path)
    with staged() as staging:
        export_file(objects, staging.folder(path) / path.name)
        return staging.publish()


def check_suffix(path: Path) -> None:
    """Raise MaquetteError for a suffix that we do not know, and OutputError for one that this Blender cannot write."""
    suffix = path.suffix.lower()
    if suffix not in SUFFIXES:
        known = ", ".join(sorted(SUFFIXES))
        raise MaquetteError(f"{path.name or path} does not end in a known format: use one of {known}.")
    if SUFFIXES[suffix] is _write_usd and not bpy.app.build_options.usd:
        raise OutputError(f"This Blender was built without USD, so it cannot write {suffix}: choose another format.")


def export_file(objects: Sequence[bpy.types.Object], path: Path) -> None:
    """Write objects to ``path`` and companions beside it, in a folder where nothing else lies."""
    check_suffix(path)
    if not any(item.type == "MESH" and len(item.data.polygons) for item in objects):
        raise MeshError("There is no mesh to export: select an object with faces.")
    writer = SUFFIXES[path.suffix.lower()]
    try:
        with _object_mode(), _only_selected(objects), quiet():
            writer(objects, path)
    except (RuntimeError, AttributeError) as error:  # an operator that fails, or is missing
        raise OutputError(_reason(path, error)) from error
    if not path.is_file():
        raise OutputError(f"Blender's exporter wrote no {path.name}: check the free disk space and try again.")


def _reason(path: Path, error: Exception) -> str:
    kind = path.suffix.lower()
    if isinstance(error, AttributeError) and "could not be found" in str(error):
        return f"Blender's {kind} exporter is switched off: enable its add-on, or choose another format."
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    return f"Blender's {kind} exporter failed: {lines[-1] if lines else type(error).__name__}"


def _write_glb(objects: Sequence[bpy.types.Object], path: Path) -> None:
    with_tangents = _has_normal_map(objects)  # those the map was made for, as other programs may differ
    with triangles(objects) if with_tangents else nullcontext():
        bpy.ops.export_scene.gltf(
            filepath=str(path),
            export_format="GLB",
            use_selection=True,
            export_apply=True,
            export_yup=True,
            export_tangents=with_tangents,
            export_animations=False,
            export_draco_mesh_compression_enable=False,
        )


def _has_normal_map(objects: Sequence[bpy.types.Object]) -> bool:
    materials = {slot.material for item in objects for slot in item.material_slots if slot.material is not None}
    shaders = [find_shader(material) for material in materials]
    return any(shader is not None and current_normal(shader) is not None for shader in shaders)


def _write_obj(objects: Sequence[bpy.types.Object], path: Path) -> None:
    with grey_pictures(objects), texture_files(objects, path):
        bpy.ops.wm.obj_export(
            filepath=str(path),
            export_selected_objects=True,
            export_materials=True,
            export_pbr_extensions=True,  # roughness and metallic; readers that know no such lines skip them
            export_colors=True,
            path_mode="STRIP",
            forward_axis="NEGATIVE_Z",
            up_axis="Y",
        )


def _write_fbx(objects: Sequence[bpy.types.Object], path: Path) -> None:
    with grey_pictures(objects), texture_files(objects, path) as files:
        bpy.ops.export_scene.fbx(
            filepath=str(path),
            use_selection=True,
            object_types={"MESH", "EMPTY"},
            mesh_smooth_type="FACE",
            path_mode="COPY",
            embed_textures=True,
            bake_anim=False,
            axis_forward="-Z",
            axis_up="Y",
        )
    for file in files:  # they are inside the FBX now
        file.unlink()


def _write_stl(_objects: Sequence[bpy.types.Object], path: Path) -> None:
    bpy.ops.wm.stl_export(filepath=str(path), export_selected_objects=True, forward_axis="Y", up_axis="Z")


def _write_ply(_objects: Sequence[bpy.types.Object], path: Path) -> None:
    bpy.ops.wm.ply_export(
        filepath=str(path),
        export_selected_objects=True,
        export_uv=True,
        export_normals=True,
        export_triangulated_mesh=True,  # common readers fail on faces of different sizes
        forward_axis="Y",
        up_axis="Z",
    )


def _write_usd(objects: Sequence[bpy.types.Object], path: Path) -> None:
    with no_spare_displacement(objects), texture_files(objects, path) as files:
        bpy.ops.wm.usd_export(
            filepath=str(path),
            selected_objects_only=True,
            export_animation=False,
            export_materials=True,
            export_textures_mode="NEW",
            relative_paths=True,
            convert_orientation=True,
            export_global_forward_selection="NEGATIVE_Z",
            export_global_up_selection="Y",
        )
    for file in files:  # the exporter put copies into the package, or into a folder of their own
        file.unlink()


Writer = Callable[[Sequence[bpy.types.Object], Path], None]
SUFFIXES: dict[str, Writer] = {
    ".glb": _write_glb,
    ".obj": _write_obj,
    ".fbx": _write_fbx,
    ".stl": _write_stl,
    ".ply": _write_ply,
    ".usd": _write_usd,
    ".usda": _write_usd,
    ".usdc": _write_usd,
    ".usdz": _write_usd,
}


@contextmanager
def _object_mode() -> Iterator[None]:
    """Exporters read the mesh as it was before Edit Mode: leave that for the time being."""
    active = bpy.context.view_layer.objects.active
    mode = active.mode if active is not None else "OBJECT"
    if mode == "OBJECT":
        yield
        return
    bpy.ops.object.mode_set(mode="OBJECT")
    try:
        yield
    finally:
        bpy.ops.object.mode_set(mode=mode)


@contextmanager
def _only_selected(objects: Iterable[bpy.types.Object]) -> Iterator[None]:
    """Select these objects and no others, and put the user's selection back at the end."""
    view_layer = bpy.context.view_layer
    before = list(view_layer.objects.selected)
    try:
        for item in before:
            item.select_set(False)
        for item in objects:
            item.select_set(True)
        yield
    finally:
        for item in objects:
            item.select_set(False)
        for item in before:
            item.select_set(True)
