"""Upscale Texture: the materials show a larger picture of the same; what cannot be enlarged is told apart."""

from __future__ import annotations

import time
from pathlib import Path
from types import MethodType, SimpleNamespace
from typing import Any

import bpy
import numpy as np
import pytest
from maquette.blender.enlarge_image import show_instead
from maquette.blender.images import image_pixels, pack_pixels
from maquette.operators.enlarging import Enlarging
from maquette.operators.generation import shared_worker
from maquette.operators.upscale_texture import MAQUETTE_OT_upscale_texture
from PIL import Image

pytestmark = pytest.mark.usefixtures("registered")


def picture(side: int = 32, channels: int = 4) -> np.ndarray:
    """Discs on a ramp, opaque."""
    y, x = np.mgrid[:side, :side]
    pixels = np.full((side, side, channels), 255, np.uint8)
    pixels[..., 0] = 255 * x // side
    pixels[..., 1] = np.where((x - side / 3) ** 2 + (y - side / 2) ** 2 < side**2 / 16, 220, 40)
    pixels[..., 2] = 60
    return pixels


def material_with(image: bpy.types.Image | None, name: str = "paint") -> bpy.types.Material:
    """A Principled material, the picture connected by way of a node that changes colours."""
    material = bpy.data.materials.new(name)
    if bpy.app.version < (5, 0, 0):
        material.use_nodes = True
    if image is not None:
        tree = material.node_tree
        shader = next(node for node in tree.nodes if node.bl_idname == "ShaderNodeBsdfPrincipled")
        texture, gamma = tree.nodes.new("ShaderNodeTexImage"), tree.nodes.new("ShaderNodeGamma")
        texture.image = image
        tree.links.new(texture.outputs["Color"], gamma.inputs["Color"])
        tree.links.new(gamma.outputs["Color"], shader.inputs["Base Color"])
    return material


def cube_with(*materials: bpy.types.Material) -> bpy.types.Object:
    """A cube, active and alone selected."""
    bpy.ops.object.select_all(action="DESELECT")
    bpy.ops.mesh.primitive_cube_add()
    for material in materials:
        bpy.context.object.data.materials.append(material)
    return bpy.context.object


def texture_of(material: bpy.types.Material) -> bpy.types.Image:
    return next(node.image for node in material.node_tree.nodes if node.bl_idname == "ShaderNodeTexImage")


def halved(pixels: np.ndarray) -> np.ndarray:
    return np.asarray(
        Image.fromarray(pixels).resize((pixels.shape[1] // 2, pixels.shape[0] // 2), Image.Resampling.BOX)
    )


def test_the_materials_show_the_same_picture_larger() -> None:
    image = pack_pixels(picture(), "cup.png", colour=True)
    first, second = material_with(image), material_with(image, "also")
    cube_with(first)
    assert bpy.ops.maquette.upscale_texture(size="2x") == {"FINISHED"}
    large = texture_of(first)
    assert (large.name, tuple(large.size)) == ("cup 64 px", (64, 64))
    assert texture_of(second) == large
    assert large.packed_file is not None
    assert (large.colorspace_settings.name, large.alpha_mode) == ("sRGB", image.alpha_mode)
    found = halved(image_pixels(large)).astype(int)
    assert np.abs(found - picture()).mean() < 2, "the right way up, in the same colours"
    assert tuple(image.size) == (32, 32), "the old picture is left alone"


def test_one_undo_brings_the_old_picture_back() -> None:
    image = pack_pixels(picture(), "cup", colour=True)
    cube_with(material_with(image))
    bpy.ops.ed.undo_push(message="Before")
    bpy.ops.maquette.upscale_texture()
    bpy.ops.ed.undo_push(message="Upscale Texture")
    bpy.ops.ed.undo()
    assert texture_of(bpy.data.materials["paint"]).name == "cup"
    assert len(bpy.data.images) == 1


def test_what_was_painted_and_never_saved_is_enlarged() -> None:
    image = bpy.data.images.new("canvas", 16, 8)
    image.pixels.foreach_set(np.tile(np.array([1.0, 0.5, 0.0, 1.0], np.float32), 16 * 8))
    assert image.is_dirty
    material = material_with(image)
    cube_with(material)
    assert bpy.ops.maquette.upscale_texture(size="4x") == {"FINISHED"}
    large = texture_of(material)
    assert tuple(large.size) == (64, 32)
    assert np.abs(image_pixels(large).astype(int) - (255, 128, 0, 255)).max() <= 1


def test_painting_goes_on_in_the_larger_picture() -> None:
    image = pack_pixels(picture(), "cup", colour=True)
    material = material_with(image)
    cube_with(material)
    paint = bpy.context.scene.tool_settings.image_paint
    paint.mode, paint.canvas = "IMAGE", image
    bpy.ops.maquette.upscale_texture()
    assert paint.canvas == texture_of(material) != image


def test_transparency_stays_and_shows_no_hidden_colour() -> None:
    pixels = picture()
    pixels[:, :16] = (0, 255, 0, 0)
    pixels[:, 16:] = (200, 30, 40, 255)
    material = material_with(pack_pixels(pixels, "leaf", colour=True))
    cube_with(material)
    bpy.ops.maquette.upscale_texture()
    found = image_pixels(texture_of(material)).astype(int)
    assert np.abs(found[:, 33:, :3] - (200, 30, 40)).max() <= 1
    assert (found[:, :30, 3] == 0).all()
    assert (found[:, 34:, 3] == 255).all()


def test_a_size_in_pixels_and_several_pictures() -> None:
    images = [pack_pixels(picture(side)[:16], f"part {side}", colour=True) for side in (1024, 800)]
    materials = [material_with(image, image.name) for image in images]
    cube_with(materials[0], materials[1], materials[0])
    assert bpy.ops.maquette.upscale_texture(size="2048") == {"FINISHED"}
    assert [tuple(texture_of(material).size) for material in materials] == [(2048, 32), (2048, 41)]


def test_materials_without_a_principled_shader() -> None:
    image = pack_pixels(picture(), "glow", colour=True)
    material = material_with(None)
    tree = material.node_tree
    tree.nodes.remove(next(node for node in tree.nodes if node.bl_idname == "ShaderNodeBsdfPrincipled"))
    texture, light = tree.nodes.new("ShaderNodeTexImage"), tree.nodes.new("ShaderNodeEmission")
    texture.image = image
    tree.links.new(texture.outputs["Color"], light.inputs["Color"])
    tree.links.new(light.outputs["Emission"], tree.get_output_node("ALL").inputs["Surface"])
    cube_with(material)
    assert bpy.ops.maquette.upscale_texture() == {"FINISHED"}
    assert tuple(texture_of(material).size) == (64, 64)


def test_other_maps_and_other_selected_objects_stay() -> None:
    image, other = (pack_pixels(picture(), name, colour=True) for name in ("cup", "saucer"))
    normal = pack_pixels(picture(), "bumps")
    beside = material_with(other, "beside")
    first = cube_with(beside)
    material = material_with(image)
    node = material.node_tree.nodes.new("ShaderNodeTexImage")
    node.image = normal
    shader = next(node for node in material.node_tree.nodes if node.bl_idname == "ShaderNodeBsdfPrincipled")
    material.node_tree.links.new(node.outputs["Color"], shader.inputs["Roughness"])
    cube_with(material)
    first.select_set(True)
    bpy.ops.maquette.upscale_texture()
    assert (tuple(node.image.size), tuple(texture_of(beside).size)) == ((32, 32), (32, 32))
    assert tuple(texture_of(material).size) == (64, 64)


@pytest.mark.parametrize(
    ("side", "size", "says"),
    [
        (32, "2048", "choose 4x"),
        (4096, "2x", "already"),
        (2304, "2x", "choose 4096"),
        (2048, "2048", "already"),
    ],
)
def test_sizes_that_cannot_be_are_refused(side: int, size: str, says: str) -> None:
    cube_with(material_with(pack_pixels(np.zeros((side // 32, side, 3), np.uint8), "strip", colour=True)))
    with pytest.raises(RuntimeError, match=says):
        bpy.ops.maquette.upscale_texture(size=size)


def test_pictures_that_are_no_single_picture_are_refused(tmp_path: Path) -> None:
    tiled = bpy.data.images.new("body", 32, 32, tiled=True)
    film = bpy.data.images.new("film", 32, 32)
    film.source = "MOVIE"
    gone = bpy.data.images.new("gone", 32, 32)
    gone.source, gone.filepath = "FILE", str(tmp_path / "gone.png")
    for image, says in ((tiled, "UDIM"), (film, "film"), (gone, "missing")):
        cube_with(material_with(image, image.name))
        with pytest.raises(RuntimeError, match=says):
            bpy.ops.maquette.upscale_texture()


def test_objects_without_a_picture_are_told() -> None:
    cube_with(material_with(None))
    with pytest.raises(RuntimeError, match="no picture"):
        bpy.ops.maquette.upscale_texture()
    cube_with()
    assert not bpy.ops.maquette.upscale_texture.poll()


def test_materials_of_other_files_are_left_alone(tmp_path: Path) -> None:
    material = material_with(pack_pixels(picture(), "cup", colour=True), "theirs")
    bpy.data.libraries.write(str(tmp_path / "theirs.blend"), {material})
    bpy.ops.wm.read_homefile(use_empty=True)
    with bpy.data.libraries.load(str(tmp_path / "theirs.blend"), link=True) as (_, wanted):
        wanted.materials = ["theirs"]
    linked = bpy.data.materials["theirs"]
    cube_with(linked)
    with pytest.raises(RuntimeError, match="make it local"):
        bpy.ops.maquette.upscale_texture()
    image = texture_of(linked)
    own = material_with(image, "ours")
    cube_with(own)
    assert bpy.ops.maquette.upscale_texture() == {"FINISHED"}
    assert texture_of(own).library is None
    assert texture_of(linked) == image


def test_a_network_that_is_no_enlarging_one_is_told() -> None:
    cube_with(material_with(pack_pixels(picture(), "cup", colour=True)))
    with pytest.raises(RuntimeError, match="depth model"):
        bpy.ops.maquette.upscale_texture(model="maquette-depth")
    with pytest.raises(RuntimeError, match="no model 'mine'"):
        bpy.ops.maquette.upscale_texture(model="//mine.toml")
    assert len(bpy.data.images) == 1


class Window:
    """The operator as a window runs it: the functions of its class, called with events."""

    def __init__(self, **options: str) -> None:
        self.__dict__.update({"size": "2x", "model": "maquette-upscale", **options})
        self.told: list[tuple[set[str], str]] = []
        self._enlarging = self._begin(bpy.context)
        manager = bpy.context.window_manager
        self._timer = manager.event_timer_add(0.05, window=manager.windows[0])

    def __getattr__(self, name: str) -> Any:
        return MethodType(getattr(MAQUETTE_OT_upscale_texture, name), self)

    def report(self, kind: set[str], text: str) -> None:
        self.told.append((kind, text))

    def send(self, kind: str, value: str = "NOTHING") -> set[str]:
        return self.modal(bpy.context, SimpleNamespace(type=kind, value=value))


def test_in_a_window_it_runs_beside_blender() -> None:
    material = material_with(pack_pixels(picture(), "cup", colour=True))
    cube_with(material)
    window = Window(size="4x")
    assert window.send("MOUSEMOVE") == {"PASS_THROUGH"}
    deadline = time.monotonic() + 60
    while (answer := window.send("TIMER")) == {"PASS_THROUGH"}:
        assert time.monotonic() < deadline
        time.sleep(0.02)
    assert answer == {"FINISHED"}
    assert window.told == [({"INFO"}, "Enlarged cup from 32 x 32 to 128 x 128 pixels")]
    assert tuple(texture_of(material).size) == (128, 128)


def test_escape_stops_at_once() -> None:
    image = pack_pixels(picture(1024), "cup", colour=True)
    material = material_with(image)
    cube_with(material)
    window = Window(size="4x")
    while window._enlarging.share == 0:
        assert window.send("TIMER") == {"PASS_THROUGH"}
        time.sleep(0.02)
    assert window.send("ESC", "PRESS") == {"CANCELLED"}
    assert window.told == [({"INFO"}, "Stopped: nothing was changed.")]
    assert texture_of(material) == image
    assert all(piece.job is None for piece in window._enlarging.pieces)


def test_in_a_window_errors_are_told() -> None:
    cube_with(material_with(pack_pixels(picture(), "cup", colour=True)))
    window = Window(model="maquette-depth")
    while (answer := window.send("TIMER")) == {"PASS_THROUGH"}:
        time.sleep(0.02)
    assert answer == {"CANCELLED"}
    assert [kind for kind, _ in window.told] == [{"ERROR"}]


def follow(enlarging: Enlarging, until: float = 1.0) -> None:
    deadline = time.monotonic() + 60
    while not enlarging.tick() and enlarging.share < until:
        assert time.monotonic() < deadline
        time.sleep(0.01)


def test_stopping_leaves_everything_as_it_was() -> None:
    image = pack_pixels(picture(1024), "cup", colour=True)
    item = cube_with(material_with(image))
    enlarging = Enlarging.begin(item, "4x", "maquette-upscale", "cpu")
    folder = enlarging.pieces[0].job.folder  # type: ignore[union-attr]
    follow(enlarging, until=0.01)
    assert 0 < enlarging.share < 1
    enlarging.close()
    deadline = time.monotonic() + 5
    while folder.exists() and time.monotonic() < deadline:
        time.sleep(0.01)
    assert not folder.exists()
    assert texture_of(item.active_material) == image
    assert len(bpy.data.images) == 1


def test_a_picture_painted_on_meanwhile_is_left_alone() -> None:
    image = pack_pixels(picture(), "cup", colour=True)
    item = cube_with(material_with(image))
    enlarging = Enlarging.begin(item, "2x", "maquette-upscale", "cpu")
    image.pixels[0] = 1.0 - image.pixels[0]
    follow(enlarging)
    assert enlarging.conclude() == []
    assert "changed" in enlarging.failed[0]
    enlarging.close()
    assert texture_of(item.active_material) == image


def test_a_worker_that_dies_is_told() -> None:
    cube = cube_with(material_with(pack_pixels(picture(1024), "cup", colour=True)))
    enlarging = Enlarging.begin(cube, "4x", "maquette-upscale", "cpu")
    follow(enlarging, until=0.01)
    process = shared_worker()._process
    assert process is not None
    process.kill()
    follow(enlarging)
    assert enlarging.conclude() == []
    assert "worker" in enlarging.failed[0]
    enlarging.close()


def test_a_picture_that_nothing_shows_is_not_replaced(tmp_path: Path) -> None:
    image = pack_pixels(picture(), "cup", colour=True)
    Image.fromarray(picture(64)).save(tmp_path / "large.png")
    with pytest.raises(Exception, match="No material shows"):
        show_instead(image, tmp_path / "large.png")
    assert len(bpy.data.images) == 1
