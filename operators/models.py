"""Download, verify, import and remove models, and come to where that is done."""

from __future__ import annotations

from pathlib import Path

import bpy
from bpy.props import StringProperty
from bpy_extras.io_utils import ImportHelper

from .. import __package__ as base_package
from ..blender.redraw import redraw_preferences, redraw_sidebars
from ..errors import MaquetteError
from ..jobs import Job
from ..model_client import submit_download, submit_import, submit_verify
from ..modelstore import choices
from ..modelstore.catalogue import find_entry
from ..modelstore.get import terms
from ..modelstore.installed import remove_model
from ..preferences import model_mirror
from .model_tasks import finish_task, model_worker, note, start_task, tasks

__all__ = [
    "MAQUETTE_OT_cancel_model",
    "MAQUETTE_OT_download_model",
    "MAQUETTE_OT_import_model",
    "MAQUETTE_OT_remove_model",
    "MAQUETTE_OT_show_models",
    "MAQUETTE_OT_verify_model",
]

_WIDTH = 420


def _follow(operator: bpy.types.Operator, name: str, job: Job) -> set[str]:
    """Let the job run; without a window, to its end."""
    start_task(name, job)
    if bpy.app.background:
        operator.report({"INFO"}, finish_task(name))
    return {"FINISHED"}


def _refuse(operator: bpy.types.Operator, name: str, error: MaquetteError) -> set[str]:
    note(name, False, str(error))
    operator.report({"ERROR"}, str(error))
    return {"CANCELLED"}


class MAQUETTE_OT_download_model(bpy.types.Operator):
    """Download this model and check it. What is there of it already is not downloaded again"""

    bl_idname = "maquette.download_model"
    bl_label = "Download Model"
    bl_options = {"INTERNAL"}

    name: StringProperty(name="Model", options={"HIDDEN", "SKIP_SAVE"})

    @classmethod
    def poll(cls, _context: bpy.types.Context) -> bool:
        if not bpy.app.online_access:
            cls.poll_message_set("Blender may not go online: allow it in Preferences > System > Network")
        return bpy.app.online_access

    def invoke(self, context: bpy.types.Context, _event: bpy.types.Event) -> set[str]:
        """Show the licence and the size first."""
        return context.window_manager.invoke_props_dialog(self, width=_WIDTH, confirm_text="Download")

    def draw(self, _context: bpy.types.Context) -> None:
        column = self.layout.column(align=True)
        for line in terms(find_entry(self.name)):
            column.label(text=line)

    def execute(self, context: bpy.types.Context) -> set[str]:
        try:
            find_entry(self.name)
            if self.name in tasks():
                return {"CANCELLED"}
            return _follow(self, self.name, submit_download(model_worker(), self.name, model_mirror(context)))
        except MaquetteError as error:
            return _refuse(self, self.name, error)


class MAQUETTE_OT_cancel_model(bpy.types.Operator):
    """Stop; what is downloaded is kept for the next time"""

    bl_idname = "maquette.cancel_model"
    bl_label = "Stop"
    bl_options = {"INTERNAL"}

    name: StringProperty(name="Model", options={"HIDDEN", "SKIP_SAVE"})

    def execute(self, _context: bpy.types.Context) -> set[str]:
        if self.name in tasks():
            tasks()[self.name].job.cancel()
        return {"FINISHED"}


class MAQUETTE_OT_verify_model(bpy.types.Operator):
    """Read the model whole, and see whether it still is as it was published"""

    bl_idname = "maquette.verify_model"
    bl_label = "Verify Model"
    bl_options = {"INTERNAL"}

    name: StringProperty(name="Model", options={"HIDDEN", "SKIP_SAVE"})

    def execute(self, _context: bpy.types.Context) -> set[str]:
        try:
            return _follow(self, self.name, submit_verify(model_worker(), self.name))
        except MaquetteError as error:
            return _refuse(self, self.name, error)


class MAQUETTE_OT_remove_model(bpy.types.Operator):
    """Delete the model's files, or what was downloaded of it"""

    bl_idname = "maquette.remove_model"
    bl_label = "Remove Model"
    bl_options = {"INTERNAL"}

    name: StringProperty(name="Model", options={"HIDDEN", "SKIP_SAVE"})

    def invoke(self, context: bpy.types.Context, event: bpy.types.Event) -> set[str]:
        """Ask first: it took a while to download."""
        return context.window_manager.invoke_confirm(self, event, title=f"Remove {self.name}?", confirm_text="Remove")

    def execute(self, _context: bpy.types.Context) -> set[str]:
        try:
            freed = remove_model(self.name)
        except MaquetteError as error:
            return _refuse(self, self.name, error)
        finally:
            choices.forget()
            redraw_preferences()
            redraw_sidebars()
        note(self.name, True, "")
        self.report({"INFO"}, f"{self.name} is removed; {freed / 1e6:.0f} MB are free again.")
        return {"FINISHED"}


class MAQUETTE_OT_import_model(bpy.types.Operator, ImportHelper):
    """Install an ONNX network of your own, once it has run. A card, a TOML file of the same name, says what it is"""

    bl_idname = "maquette.import_model"
    bl_label = "Import Model"
    bl_options = {"INTERNAL"}

    filename_ext = ".onnx"
    filter_glob: StringProperty(default="*.onnx", options={"HIDDEN"})

    def execute(self, _context: bpy.types.Context) -> set[str]:
        file = Path(bpy.path.abspath(self.filepath))
        try:
            return _follow(self, file.name, submit_import(model_worker(), file, None))
        except MaquetteError as error:
            return _refuse(self, file.name, error)


class MAQUETTE_OT_show_models(bpy.types.Operator):
    """Open Maquette's preferences, where models are downloaded, imported and removed"""

    bl_idname = "maquette.show_models"
    bl_label = "Get More Models"
    bl_options = {"INTERNAL"}

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        return base_package in context.preferences.addons

    def execute(self, _context: bpy.types.Context) -> set[str]:
        bpy.ops.screen.userpref_show(section="ADDONS")
        bpy.ops.preferences.addon_show(module=base_package)
        return {"FINISHED"}
