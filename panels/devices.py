"""What the networks run on, in the preferences."""

from __future__ import annotations

import bpy

from ..gpu_support.folder import runtime_folder
from ..gpu_support.install import installed_runtime
from ..operators.copy_report import MAQUETTE_OT_copy_report
from ..operators.gpu_support import (
    MAQUETTE_OT_cancel_gpu_support,
    MAQUETTE_OT_install_gpu_support,
    MAQUETTE_OT_remove_gpu_support,
    available_runtimes,
    current_installation,
)

__all__ = ["draw_devices"]


def draw_devices(layout: bpy.types.UILayout, preferences: bpy.types.AddonPreferences) -> None:
    """The device, when its memory is freed, the graphics card's runtime, and the report for those who help."""
    column = layout.column()
    column.use_property_split = True
    column.prop(preferences, "device")
    column.prop(preferences, "idle_minutes", text="Free Memory After (Minutes)")
    _draw_runtime(layout)
    layout.operator(MAQUETTE_OT_copy_report.bl_idname, icon="COPYDOWN")


def _draw_runtime(layout: bpy.types.UILayout) -> None:
    installation = current_installation()
    if installation is not None:
        row = layout.row()
        row.progress(factor=installation.fraction, text=installation.step)
        row.operator(MAQUETTE_OT_cancel_gpu_support.bl_idname, text="", icon="X")
    elif installed_runtime(runtime_folder()):
        row = layout.split(factor=0.8)
        row.label(text="GPU support is installed.", icon="CHECKMARK")
        row.operator(MAQUETTE_OT_remove_gpu_support.bl_idname, text="Remove", icon="TRASH")
    else:
        runtimes = available_runtimes()
        for runtime in runtimes:
            row = layout.split(factor=0.8)
            row.label(text=f"{runtime.title} support: {runtime.sizes}. Needs {runtime.needs}.")
            row.operator(
                MAQUETTE_OT_install_gpu_support.bl_idname, text="Install", icon="IMPORT"
            ).device = runtime.device
        if runtimes and not bpy.app.online_access:
            layout.label(text="To install, allow Blender to go online: Preferences > System > Network.", icon="INFO")
