"""Choosing among several things, and a mask painted by hand, in Blender: what is asked, kept and undone."""

from __future__ import annotations

import json
from pathlib import Path

import bpy
import numpy as np
import pytest
from maquette.blender.checked_files import checked_file
from maquette.blender.images import image_pixels
from maquette.blender.masks import mask_changed, mask_file, mask_of
from maquette.operators.choose_subject import chosen_number, things
from maquette.operators.run_settings import run_settings
from maquette.properties import check_key
from PIL import Image

pytestmark = pytest.mark.usefixtures("registered")


@pytest.fixture
def pair(tmp_path: Path) -> str:
    """A large and a small disc, cut out; the picture is chosen."""
    y, x = np.mgrid[:300, :480]
    pixels = np.full((300, 480, 4), 180, np.uint8)
    pixels[..., :3] = (x % 90 + 100)[..., None]
    pixels[..., 3] = ((np.hypot(x - 130, y - 150) < 90) | (np.hypot(x - 360, y - 160) < 70)) * 255
    path = str(tmp_path / "a pair.png")
    Image.fromarray(pixels).save(path)
    bpy.context.scene.maquette.image_path = path
    return path


def settings() -> bpy.types.PropertyGroup:
    return bpy.context.scene.maquette


def state() -> bpy.types.PropertyGroup:
    return bpy.context.window_manager.maquette_state


def middle(image: bpy.types.Image) -> float:
    """Where what an image shows has its middle, 0 left to 1 right."""
    return float(np.nonzero(image_pixels(image)[..., 3] > 127)[1].mean() / image.size[0])


def paint(image: bpy.types.Image, left: float, right: float) -> None:
    """Make a mask white between two shares of its width, black elsewhere, as a brush would."""
    values = np.zeros((image.size[1], image.size[0], 4), np.float32)
    values[..., 3] = 1
    values[:, int(left * image.size[0]) : int(right * image.size[0])] = 1
    image.pixels.foreach_set(values.ravel())
    image.update()


def test_next_and_previous_go_through_the_things(pair: str) -> None:
    assert not bpy.ops.maquette.next_subject.poll()
    bpy.ops.maquette.check_image()
    assert len(things(bpy.context)) == 2
    assert chosen_number(bpy.context) == -1
    assert run_settings(bpy.context, pair).subject is None
    seen = []
    for step in ("next", "next", "next", "previous"):
        assert getattr(bpy.ops.maquette, f"{step}_subject")() == {"FINISHED"}
        seen.append(chosen_number(bpy.context))
        assert state().checked == pair, "it is checked at once"
    assert seen == [0, 1, 0, 1]
    assert middle(settings().prepared) == pytest.approx(360 / 480, abs=0.01)
    subject = run_settings(bpy.context, pair).subject
    assert subject is not None
    assert subject[0] == pytest.approx(360 / 480, abs=0.02)
    assert bpy.ops.maquette.automatic_subject() == {"FINISHED"}
    assert chosen_number(bpy.context) == -1
    assert not bpy.ops.maquette.automatic_subject.poll()


def test_a_picked_point_is_for_its_picture_alone(pair: str, tmp_path: Path) -> None:
    assert bpy.ops.maquette.pick_subject(point=(0.25, 0.5)) == {"FINISHED"}
    assert chosen_number(bpy.context) == 0
    levels = {finding["line"]: finding["fix"] for finding in json.loads(state().check)}
    assert levels["Subject"] != "choose"
    other = str(tmp_path / "other.png")
    assert run_settings(bpy.context, other).subject is None
    settings().image_path = other
    assert chosen_number(bpy.context) == -1
    assert things(bpy.context) == []
    settings().image_path = pair
    assert chosen_number(bpy.context) == 0


def test_the_choice_is_undone_in_one_step(pair: str) -> None:
    bpy.ops.ed.undo_push(message="Choose the picture")
    bpy.ops.maquette.check_image()
    bpy.ops.maquette.next_subject("EXEC_DEFAULT", True)
    assert settings().subject_of == pair
    bpy.ops.ed.undo()
    assert settings().subject_of == ""
    assert run_settings(bpy.context, pair).subject is None
    assert state().checked_key != check_key(settings()), "the lines of the check were for the other thing"


def test_the_prepared_picture_is_one_image_that_follows_the_fixes(pair: str) -> None:
    bpy.ops.maquette.check_image()
    image = settings().prepared
    assert image.name == "a pair prepared"
    assert tuple(image.size) == (480, 300)
    assert np.array_equal(image_pixels(image), np.asarray(Image.open(pair)))
    bpy.ops.maquette.pick_subject(point=(0.25, 0.5))
    bpy.ops.maquette.fix_picture(fix="crop")
    assert [each.name for each in bpy.data.images] == ["a pair prepared"]
    assert settings().prepared.size[0] < 300
    assert Path(checked_file("prepared")).is_file()
    with Image.open(checked_file("mask")) as mask:
        assert mask.size == (480, 300), "the mask is that of the file, whatever the fixes"


def test_a_painted_mask_is_what_the_next_check_and_run_take(pair: str) -> None:
    assert bpy.ops.maquette.edit_mask() == {"FINISHED"}
    mask = mask_of(pair)
    assert mask is not None
    found = image_pixels(mask)[..., 0] > 127
    assert np.array_equal(found, np.asarray(Image.open(pair))[..., 3] > 127), "it begins as it was found"
    assert not mask_changed(pair)
    paint(mask, 0.6, 0.9)
    assert mask_changed(pair)
    bpy.ops.maquette.check_image()
    assert not mask_changed(pair)
    assert middle(settings().prepared) == pytest.approx(360 / 480, abs=0.02)
    file = run_settings(bpy.context, pair).mask
    assert np.asarray(Image.open(file).convert("L")).max() == 255
    assert bpy.ops.maquette.edit_mask() == {"FINISHED"}
    assert mask_of(pair) == mask, "it is opened, not made again"
    assert bpy.ops.maquette.remove_mask() == {"FINISHED"}
    assert mask_of(pair) is None
    assert run_settings(bpy.context, pair).mask == ""
    assert [each.name for each in bpy.data.images] == ["a pair prepared"]


def test_a_painted_mask_is_saved_with_the_file(pair: str, tmp_path: Path) -> None:
    bpy.ops.maquette.edit_mask()
    paint(mask_of(pair), 0.1, 0.4)
    bpy.ops.wm.save_as_mainfile(filepath=str(tmp_path / "scene.blend"))
    bpy.ops.wm.open_mainfile(filepath=str(tmp_path / "scene.blend"))
    mask = mask_of(pair)
    assert mask is not None
    white = image_pixels(mask)[..., 0] > 127
    assert (white.any(0).argmax(), white.sum()) == (48, 300 * 144)
    assert mask_file(pair)


def test_an_empty_mask_is_told_in_the_check(pair: str, capfd: pytest.CaptureFixture[str]) -> None:
    bpy.ops.maquette.edit_mask()
    paint(mask_of(pair), 0, 0)
    assert bpy.ops.maquette.check_image() == {"CANCELLED"}
    assert "paint white" in json.loads(state().check)[0]["text"]
    paint(mask_of(pair), 0, 1)
    assert bpy.ops.maquette.check_image() == {"CANCELLED"}
    assert "paint black" in json.loads(state().check)[0]["text"]
    assert "paint black" in capfd.readouterr().out


def test_the_kind_does_not_forget_a_check_but_what_it_rests_on_does(pair: str) -> None:
    bpy.ops.maquette.check_image()
    settings().kind = "logo"
    assert state().checked == pair
    settings().background = "remove"
    assert state().checked == ""
