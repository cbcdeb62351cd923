"""Export: the selected mesh objects as a file of another program."""

from __future__ import annotations

from pathlib import Path

import bpy
from bpy.props import BoolProperty, EnumProperty, StringProperty

from ..blender.export import FORMATS, SUFFIXES, export
from ..errors import MaquetteError

__all__ = ["MAQUETTE_OT_export"]


class MAQUETTE_OT_export(bpy.types.Operator):
    """Write the selected mesh objects to a file, with their textures where the format has them"""

    bl_idname = "maquette.export"
    bl_label = "Export"
    bl_options = {"REGISTER"}

    filepath: StringProperty(
        name="File", description="Where to write; the suffix says in which format", subtype="FILE_PATH"
    )
    format: EnumProperty(
        name="Format",
        description="The format for a file name without a suffix",
        items=[(key, key, text) for key, (_, text) in FORMATS.items()],
        default="GLB",
    )
    check_existing: BoolProperty(default=True, options={"HIDDEN"})
    filter_glob: StringProperty(default=";".join(f"*{suffix}" for suffix in SUFFIXES), options={"HIDDEN"})

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        if not _meshes(context):
            cls.poll_message_set("Select a mesh object first")
            return False
        return True

    def invoke(self, context: bpy.types.Context, _event: bpy.types.Event) -> set[str]:
        name = bpy.path.clean_name(_meshes(context)[0].name)
        folder = Path(bpy.data.filepath).parent if bpy.data.filepath else Path.home()
        self.filepath = str(folder / (name + FORMATS[self.format][0]))
        context.window_manager.fileselect_add(self)
        return {"RUNNING_MODAL"}

    def check(self, _context: bpy.types.Context) -> bool:
        """Follow a change of the format in the file browser with the file name's suffix."""
        before = self.filepath
        self.filepath = _with_suffix(before, FORMATS[self.format][0])
        return self.filepath != before

    def execute(self, context: bpy.types.Context) -> set[str]:
        path = Path(bpy.path.abspath(self.filepath))
        if not path.suffix:
            path = path.with_suffix(FORMATS[self.format][0])
        try:
            export(_meshes(context), path)
        except MaquetteError as error:
            self.report({"ERROR"}, str(error))
            return {"CANCELLED"}
        self.report({"INFO"}, f"Exported {path}")
        return {"FINISHED"}


def _meshes(context: bpy.types.Context) -> list[bpy.types.Object]:
    """The selected mesh objects, the active one first."""
    meshes = [item for item in context.selected_objects if item.type == "MESH"]
    return sorted(meshes, key=lambda item: item != context.active_object)


def _with_suffix(name: str, suffix: str) -> str:
    """The file name with this suffix in place of another that we know, or added to a name without one."""
    path = Path(name)
    if path.suffix.lower() == suffix or not path.name:
        return name
    return str(path.with_suffix(suffix)) if path.suffix.lower() in SUFFIXES else name + suffix
