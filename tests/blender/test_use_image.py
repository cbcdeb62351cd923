"""Any image in Blender can be the picture: its own file where that shows it, else a copy of what it is now."""

from __future__ import annotations

from pathlib import Path

import bpy
import numpy as np
import pytest
from maquette.operators.drop_picture import MAQUETTE_FH_picture, MAQUETTE_OT_drop_picture
from PIL import Image

pytestmark = pytest.mark.usefixtures("registered")


@pytest.fixture
def photo(tmp_path: Path) -> Path:
    pixels = np.random.default_rng(0).integers(0, 256, (24, 32, 4), np.uint8)
    path = tmp_path / "a photo.png"
    Image.fromarray(pixels).save(path)
    return path


def chosen() -> Path:
    return Path(bpy.context.scene.maquette.image_path)


def pixels_of(path: Path) -> np.ndarray:
    return np.asarray(Image.open(path).convert("RGBA"))


def test_a_loaded_image_is_its_own_file(photo: Path) -> None:
    bpy.data.images.load(str(photo))
    assert bpy.ops.maquette.use_image(image="a photo.png") == {"FINISHED"}
    assert chosen() == photo


def test_a_packed_image_is_copied_byte_for_byte(photo: Path) -> None:
    image = bpy.data.images.load(str(photo))
    image.pack()
    expected = photo.read_bytes()
    photo.unlink()
    assert bpy.ops.maquette.use_image(image=image.name) == {"FINISHED"}
    assert chosen().read_bytes() == expected
    assert chosen().is_relative_to(bpy.app.tempdir)


def test_a_painted_image_is_taken_as_it_is_now(photo: Path) -> None:
    image = bpy.data.images.load(str(photo))
    painted = np.tile(np.array([1.0, 0.0, 0.5, 1.0], np.float32), (24 * 32, 1))
    image.pixels.foreach_set(painted.ravel())
    image.update()
    assert bpy.ops.maquette.use_image(image=image.name) == {"FINISHED"}
    assert chosen() != photo
    np.testing.assert_allclose(pixels_of(chosen())[5, 5], [255, 0, 128, 255], atol=1)
    assert (pixels_of(photo) != pixels_of(chosen())).any(), "the file on disk stays as it is"


def test_a_generated_image_is_written() -> None:
    image = bpy.data.images.new("made here", 16, 16)
    image.generated_color = (0.0, 1.0, 0.0, 1.0)
    assert bpy.ops.maquette.use_image(image=image.name) == {"FINISHED"}
    assert tuple(pixels_of(chosen())[8, 8]) == (0, 255, 0, 255)


def test_tiles_are_not_offered() -> None:
    image = bpy.data.images.new("tiles", 16, 16, tiled=True)
    with pytest.raises((TypeError, RuntimeError)):
        bpy.ops.maquette.use_image(image=image.name)
    assert str(chosen()) == "."


def test_a_dropped_picture_is_chosen(photo: Path) -> None:
    assert bpy.ops.maquette.drop_picture(filepath=str(photo)) == {"FINISHED"}
    assert chosen() == photo
    assert MAQUETTE_FH_picture.bl_import_operator == MAQUETTE_OT_drop_picture.bl_idname
    assert photo.suffix in MAQUETTE_FH_picture.bl_file_extensions.split(";")
