"""The extension comes and goes without a trace, and its settings are what the panel promises."""

from __future__ import annotations

import inspect

import bpy
import pytest
from maquette import registration
from maquette.contracts import Settings
from maquette.properties import is_preset, read_settings
from maquette.settings import QUALITY

SETTINGS = ("image_path", "background", "quality", "target_faces", "topology", "texture_size", "use", "height")


def operators() -> set[str]:
    """The extension's operators that Blender knows."""
    return set(dir(bpy.ops.maquette))


def test_registers_twice_and_leaves_nothing() -> None:
    for _ in range(2):
        registration.register()
        assert {"generate_from_image", "cancel", "check_mesh", "export"} <= operators()
        assert hasattr(bpy.context.scene, "maquette")
        registration.unregister()
        assert not operators()
        assert not hasattr(bpy.types.Scene, "maquette")
        assert not hasattr(bpy.types.WindowManager, "maquette_state")


def test_every_class_of_the_package_is_in_the_tuple() -> None:
    """A class that is written but not registered would be a dead button."""
    types = bpy.types
    kinds = (types.Operator, types.Panel, types.PropertyGroup, types.AddonPreferences, types.FileHandler, types.UIList)
    written = {
        found
        for kind in kinds
        for found in kind.__subclasses__()
        if found.__module__.startswith("maquette.") and not inspect.isabstract(found)
    }
    assert written == set(registration.CLASSES)


def test_defaults_are_those_of_the_settings(registered: None) -> None:
    assert read_settings(bpy.context.scene.maquette, "auto") == Settings()
    assert bpy.context.scene.maquette.image_path == ""
    assert is_preset(bpy.context.scene.maquette)


@pytest.mark.parametrize("quality", list(QUALITY))
def test_quality_sets_faces_and_texture(registered: None, quality: str) -> None:
    group = bpy.context.scene.maquette
    group.quality = quality
    assert group.target_faces == QUALITY[quality].target_faces
    assert int(group.texture_size) == QUALITY[quality].texture_size
    assert is_preset(group)
    group.target_faces += 1
    assert not is_preset(group)
    assert read_settings(group, "cpu").target_faces == QUALITY[quality].target_faces + 1


def test_everything_the_user_meets_is_described(registered: None) -> None:
    for group in (bpy.context.scene.maquette, bpy.context.window_manager.maquette_state):
        for item in group.bl_rna.properties:
            if item.identifier not in {"rna_type", "name"}:
                assert item.description, item.identifier
    for name in operators():
        assert getattr(bpy.ops.maquette, name).get_rna_type().description, name


def test_settings_have_the_names_others_rely_on(registered: None) -> None:
    assert set(SETTINGS) <= set(bpy.context.scene.maquette.bl_rna.properties.keys())


def test_settings_are_saved_with_the_file(registered: None, tmp_path: object) -> None:
    bpy.context.scene.maquette.target_faces = 1234
    bpy.ops.wm.save_as_mainfile(filepath=f"{tmp_path}/file.blend")
    bpy.context.scene.maquette.target_faces = 4321
    bpy.ops.wm.open_mainfile(filepath=f"{tmp_path}/file.blend")
    assert bpy.context.scene.maquette.target_faces == 1234
