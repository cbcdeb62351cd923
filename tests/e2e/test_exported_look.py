"""What leaves Blender: valid glTF with every preset and with baked maps, and the same look when imported again.

The pictures that are compared are renders of Cycles, with the same camera, light and noise.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from maquette.contracts import Finish, MeshArrays, Settings
from maquette.devtools.environment import SetupError
from maquette.devtools.gltf_validator import validate_gltf
from maquette.materials import PRESETS
from PIL import Image

bpy = pytest.importorskip("bpy")

SIZE, SAMPLES = 160, 8
SAME = 35.0  # dB; anyone would call pictures this near to each other the same


@pytest.fixture(scope="module")
def toy(example: Path) -> MeshArrays:
    """The example picture's mesh: the networks run once."""
    from maquette import model_set, pipeline

    settings = Settings(quality="draft", texture_size=1024, target_faces=8000)
    return pipeline.generate(
        example, settings, model_set.load_models(settings), lambda _step, _share: None, lambda: False
    ).mesh


@pytest.fixture
def build(toy: MeshArrays, tmp_path: Path) -> Iterator[Callable[..., Any]]:
    """Return a function that puts the mesh into a fresh scene, with a preset."""
    from maquette import registration
    from maquette.blender.build import build_object
    from maquette.blender.place import place

    registration.register()

    def make(preset: str = "auto", finish: Finish | None = None) -> Any:
        bpy.ops.wm.read_homefile(use_empty=True)
        path = tmp_path / "texture.png"
        Image.fromarray(toy.texture).save(path)
        item = build_object(toy, path, "toy", preset, finish)
        place(item, bpy.context.scene, bpy.context.view_layer, (0.0, 0.0, 0.0))
        return item

    yield make
    registration.unregister()


def bake(item: Any, preset: str) -> None:
    """Give the object fewer faces and the detail it then lacks as maps, and a preset as an image."""
    bpy.ops.object.duplicate()
    high = bpy.context.object
    item.modifiers.new("Decimate", "DECIMATE").ratio = 0.2
    bpy.context.view_layer.objects.active = item
    bpy.ops.object.modifier_apply(modifier="Decimate")
    high.select_set(True)
    item.select_set(True)
    assert bpy.ops.maquette.bake_detail(size="512") == {"FINISHED"}
    bpy.data.objects.remove(high)
    assert bpy.ops.maquette.set_material(preset=preset, images=True) == {"FINISHED"}


def render(path: Path) -> np.ndarray:
    """Render the scene from above the front, in daylight: float [S, S, 3], 0..1 as a screen shows it."""
    scene = bpy.context.scene
    scene.render.engine = "CYCLES"
    scene.cycles.samples, scene.cycles.seed, scene.cycles.use_denoising = SAMPLES, 7, False
    scene.render.resolution_x = scene.render.resolution_y = SIZE
    scene.render.filepath, scene.view_settings.view_transform = str(path), "Standard"
    world = bpy.data.worlds.new("sky")
    if bpy.app.version < (5, 0, 0):
        world.use_nodes = True
    world.node_tree.nodes["Background"].inputs["Color"].default_value = (0.4, 0.45, 0.5, 1.0)
    scene.world = world
    sun = bpy.data.objects.new("sun", bpy.data.lights.new("sun", "SUN"))
    sun.data.energy, sun.rotation_euler = 2.0, (math.radians(50), math.radians(10), math.radians(30))
    camera = bpy.data.objects.new("camera", bpy.data.cameras.new("camera"))
    camera.data.lens = 90.0
    camera.location, camera.rotation_euler = (0.9, -3.4, 1.4), (math.radians(75), 0.0, math.radians(15))
    for each in (sun, camera):
        scene.collection.objects.link(each)
    scene.camera = camera
    bpy.ops.render.render(write_still=True)
    return np.asarray(Image.open(path).convert("RGB"), np.float64) / 255


def peak_ratio(one: np.ndarray, other: np.ndarray) -> float:
    """PSNR in dB, of the pixels where the object or its outline is in either picture."""
    empty = one[:2, :2].mean((0, 1))
    inside = (np.abs(one - empty).max(2) > 0.02) | (np.abs(other - empty).max(2) > 0.02)
    assert inside.mean() > 0.2
    return -10 * math.log10(max(float(((one - other)[inside] ** 2).mean()), 1e-9))


def read_again(path: Path) -> None:
    """Import a file into an empty scene."""
    importers = {
        ".glb": bpy.ops.import_scene.gltf,
        ".fbx": bpy.ops.import_scene.fbx,
        ".obj": bpy.ops.wm.obj_import,
        ".usdz": bpy.ops.wm.usd_import,
    }
    bpy.ops.wm.read_homefile(use_empty=True)
    importers[path.suffix](filepath=str(path))
    if path.suffix == ".obj":  # its format cannot say which pictures are colours, and Blender takes all for such
        for node in (node for material in bpy.data.materials for node in material.node_tree.nodes):
            links = node.outputs[0].links if node.bl_idname == "ShaderNodeTexImage" else ()
            if any(link.to_socket.name != "Base Color" for link in links):
                node.image.colorspace_settings.name = "Non-Color"


def problems(report: Mapping[str, Any]) -> list[tuple[str, str]]:
    """Errors and warnings; the rest are hints."""
    return [(each["code"], each["message"]) for each in report["issues"]["messages"] if each["severity"] <= 1]


def test_gltf_is_valid_with_every_preset_and_baked(build: Callable[..., Any], tmp_path: Path) -> None:
    from maquette.blender.export import export

    paths = [tmp_path / f"{key}.glb" for key in PRESETS]
    for key, path in zip(PRESETS, paths, strict=True):
        export([build(key, Finish(0.31, 0.0, "estimated"))], path)
    paths.append(tmp_path / "baked.glb")
    item = build()
    bake(item, "glossy_ceramic")
    assert bpy.ops.maquette.picture_normals(strength=0.2) == {"FINISHED"}
    export([item], paths[-1])
    try:
        reports = validate_gltf(paths)
    except SetupError as error:
        pytest.skip(str(error))
    assert {path.name: problems(report) for path, report in zip(paths, reports, strict=True)} == {
        path.name: [] for path in paths
    }
    assert reports[-1]["info"]["materialCount"] == 1
    assert len(reports[-1]["info"]["resources"]) == 4  # the buffer, base colour, normals, and the three in one


def test_the_validator_finds_what_is_wrong(tmp_path: Path) -> None:
    broken = tmp_path / "broken.gltf"
    broken.write_text('{"asset": {"version": "2.0"}, "meshes": [{"primitives": []}]}')
    try:
        (report,) = validate_gltf([broken])
    except SetupError as error:
        pytest.skip(str(error))
    assert problems(report)


@pytest.mark.parametrize("suffix", [".glb", ".fbx", ".obj", ".usdz"])
def test_it_looks_the_same_when_imported_again(
    build: Callable[..., Any], tmp_path: Path, suffix: str, tell: Callable[[str], None]
) -> None:
    from maquette.blender.export import export

    if suffix == ".usdz" and not bpy.app.build_options.usd:
        pytest.skip("this Blender was built without USD")
    for baked in (False, True):
        preset = "glossy_ceramic" if suffix == ".glb" else "metal"  # FBX and OBJ readers know no coat
        item = build(preset)
        if baked:
            bake(item, preset)
        export([item], tmp_path / f"out{suffix}")
        before = render(tmp_path / "before.png")
        item.data.materials.clear()
        bare = render(tmp_path / "bare.png")
        read_again(tmp_path / f"out{suffix}")
        after = render(tmp_path / "after.png")
        same, other = peak_ratio(before, after), peak_ratio(before, bare)
        tell(f"{suffix}{' with baked maps' if baked else ''}, imported again: {same:.1f} dB (no material: {other:.1f})")
        assert other < 25
        assert same > SAME
