"""What holds for the user's machine, whatever file is open: Edit > Preferences > Add-ons > Maquette."""

from __future__ import annotations

import sys
from importlib import metadata

import bpy
from bpy.props import EnumProperty

from .contracts import Device

__all__ = ["MAQUETTE_AP_preferences", "chosen_device"]


def _devices() -> list[tuple[str, str, str]]:
    """The devices that the installed ONNX Runtime was built for, told by its package's name, without loading it."""
    devices = [
        ("auto", "Auto", "The fastest device that works on this machine"),
        ("cpu", "CPU", "The processor: works everywhere"),
    ]
    if _installed("onnxruntime-gpu"):
        devices.append(("cuda", "CUDA", "An NVIDIA graphics card"))
    if _installed("onnxruntime-directml"):
        devices.append(("directml", "DirectML", "Any graphics card of this Windows machine"))
    if sys.platform == "darwin":
        devices.append(("coreml", "CoreML", "Apple's neural engine and graphics"))
    return devices


def _installed(distribution: str) -> bool:
    try:
        metadata.distribution(distribution)
    except metadata.PackageNotFoundError:
        return False
    return True


class MAQUETTE_AP_preferences(bpy.types.AddonPreferences):
    """Maquette's preferences."""

    bl_idname = __package__

    device: EnumProperty(name="Device", description="What the networks run on", items=_devices(), default="auto")

    def draw(self, _context: bpy.types.Context) -> None:
        self.layout.use_property_split = True
        self.layout.prop(self, "device")


def chosen_device(context: bpy.types.Context) -> Device:
    """The device of the preferences; Auto where the package runs without being installed as an extension."""
    addon = context.preferences.addons.get(__package__)
    return addon.preferences.device if addon is not None and addon.preferences is not None else "auto"
