"""What holds for the user's machine, whatever file is open: Edit > Preferences > Add-ons > Maquette."""

from __future__ import annotations

import sys
from functools import cache
from importlib import metadata
from typing import TypeAlias, get_args

import bpy
from bpy.props import EnumProperty, IntProperty, StringProperty

from .contracts import Device
from .gpu_support.folder import runtime_folder
from .gpu_support.install import installed_runtime
from .inference.model_folder import choose_folder

__all__ = ["MAQUETTE_AP_preferences", "chosen_device", "idle_minutes", "model_mirror", "offer_models"]

_Item: TypeAlias = tuple[str, str, str, int]

_TENSORRT = "An NVIDIA graphics card with TensorRT: the first run of a model takes minutes, all others are the fastest"

_PACKAGES: dict[str, tuple[tuple[Device, str, str], ...]] = {
    "onnxruntime-gpu": (("cuda", "CUDA", "An NVIDIA graphics card"), ("tensorrt", "TensorRT", _TENSORRT)),
    "onnxruntime-directml": (("directml", "DirectML", "Any graphics card of this Windows machine"),),
    "onnxruntime-openvino": (("openvino", "OpenVINO", "Intel's processors and graphics"),),
}
"""The devices that each build of ONNX Runtime adds, told by its package's name, without loading it."""

_IDLE_MINUTES = 10

_shown: list[_Item] = []
"""The devices that Blender shows; somebody has to keep them alive."""


def _devices(_self: object, _context: object) -> list[_Item]:
    """The devices that the installed ONNX Runtime was built for."""
    found: list[tuple[Device, str, str]] = [
        ("auto", "Auto", "The fastest device that works on this machine"),
        ("cpu", "CPU", "The processor: works everywhere"),
    ]
    place = installed_runtime(runtime_folder())
    for package, devices in _PACKAGES.items():
        if _installed(package) or (place and any(place.glob(f"{package.replace('-', '_')}-*.dist-info"))):
            found += devices
    if sys.platform == "darwin":
        found.append(("coreml", "CoreML", "Apple's neural engine and graphics"))
    # Numbered, so that a choice outlives others that come and go.
    numbers = get_args(Device)
    _shown[:] = [(*item, numbers.index(item[0])) for item in found]
    return _shown


@cache  # asked at every drawing; looking takes milliseconds
def _installed(distribution: str) -> bool:
    try:
        metadata.distribution(distribution)
    except metadata.PackageNotFoundError:
        return False
    return True


def _offer_models(_self: object, context: bpy.types.Context) -> None:
    from .operators.generation import rest

    offer_models(context)
    rest()


class MAQUETTE_AP_preferences(bpy.types.AddonPreferences):
    """Maquette's preferences."""

    bl_idname = __package__

    device: EnumProperty(name="Device", description="What the networks run on", items=_devices, default=0)
    idle_minutes: IntProperty(
        name="Free Memory After",
        description="Minutes without work after which the networks leave the memory, the graphics card's too; the next "
        "run loads them again. 0 keeps them until Blender closes",
        default=_IDLE_MINUTES,
        min=0,
        soft_max=60,
    )
    model_folder: StringProperty(
        name="Model Folder",
        description="Where downloaded and imported models lie. Empty for a folder that all Blenders of this user share",
        subtype="DIR_PATH",
        update=_offer_models,
    )
    mirror: StringProperty(
        name="Mirror",
        description="Address of a server to download models from that holds the same files under the same paths. Empty "
        "for the servers of those who publish them",
    )

    def draw(self, context: bpy.types.Context) -> None:
        # Only here: the panels need the operators, and those need this module.
        from .panels.devices import draw_devices
        from .panels.models import draw_models

        draw_devices(self.layout, self)
        draw_models(self.layout, context, self)


def chosen_device(context: bpy.types.Context) -> Device:
    """The device of the preferences; Auto where the package runs without being installed as an extension, or where the
    device is gone."""
    preferences = _preferences(context)
    return preferences.device or "auto" if preferences is not None else "auto"


def idle_minutes(context: bpy.types.Context) -> int:
    """After how many minutes without work the worker process ends; 0 for never."""
    preferences = _preferences(context)
    return preferences.idle_minutes if preferences is not None else _IDLE_MINUTES


def model_mirror(context: bpy.types.Context) -> str:
    """The address of the mirror to download models from; "" for none."""
    preferences = _preferences(context)
    return preferences.mirror.strip() if preferences is not None else ""


def offer_models(context: bpy.types.Context) -> None:
    """Have everything use the folder of models that is chosen."""
    preferences = _preferences(context)
    choose_folder(bpy.path.abspath(preferences.model_folder) if preferences is not None else "")


def _preferences(context: bpy.types.Context) -> MAQUETTE_AP_preferences | None:
    addon = context.preferences.addons.get(__package__)
    return addon.preferences if addon is not None else None
