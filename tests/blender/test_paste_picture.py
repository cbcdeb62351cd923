"""Paste Picture: a picture, or files as file managers put them into the clipboard, or one clear sentence."""

from __future__ import annotations

import os
import sys
import tempfile
from pathlib import Path

import bpy
import numpy as np
import pytest
from maquette.blender.clipboard import look_at_clipboard, named_files
from maquette.errors import PictureError
from PIL import Image, ImageGrab

SAMPLE = Path(__file__).resolve().parents[2] / "docs" / "examples" / "toy.png"


@pytest.mark.parametrize(
    ("text", "files"),
    [
        ("", []),
        ("  \n", []),
        ("a word", []),
        ("relative/cup.png", []),
        ("/photos/cup.png", ["/photos/cup.png"]),
        ('"/photos/two words.png"\r\n', ["/photos/two words.png"]),
        ("'/photos/cup.png' ", ["/photos/cup.png"]),
        ("/a.png\n/b.png\n", ["/a.png", "/b.png"]),
        ("/a.png\nand a word", []),
        ("file:///photos/two%20words.png\r\n", ["/photos/two words.png"]),
        ("file://localhost/a%23b%3F.png", ["/a#b?.png"]),
        ("file://elsewhere.example/a.png", []),
        ("file:///caf%E9.png", [os.fsdecode(b"/caf\xe9.png")]),
        ("file:///a%00.png", []),
        ("file://[/a.png", []),
        ("file:a.png", []),
        ("https://example.org/a.png", []),
        ("copy\nfile:///a.png\nfile:///b.png", ["/a.png", "/b.png"]),
        ("x-special/nautilus-clipboard\ncopy\nfile:///a.png\n", ["/a.png"]),
        ("# a comment\nfile:///a.png", ["/a.png"]),
        ("/a\0.png", []),
        ("/a.png\n" * 100_000, []),
    ],
)
@pytest.mark.skipif(sys.platform == "win32", reason="these are paths of Linux and macOS")
def test_files_that_a_text_names(text: str, files: list[str]) -> None:
    assert named_files(text) == files


def test_a_file_whose_name_has_a_line_break(tmp_path: Path) -> None:
    path = tmp_path / "two\nlines.png"
    path.touch()
    assert named_files(str(path)) == [str(path)]


class Clipboard:
    """What Pillow finds in the clipboard."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.content: object = None
        monkeypatch.setattr(ImageGrab, "grabclipboard", self._grab)

    def _grab(self) -> object:
        if isinstance(self.content, Exception):
            raise self.content
        return self.content


@pytest.fixture
def clipboard(monkeypatch: pytest.MonkeyPatch) -> Clipboard:
    return Clipboard(monkeypatch)


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (None, "There is no picture in the clipboard"),
        ([], "There is no picture in the clipboard"),
        (NotImplementedError("wl-paste or xclip is required"), "needs the program"),
        (ChildProcessError("xclip error"), "cannot be read"),
        (Image.DecompressionBombError("too large"), "cannot be read"),
        (MemoryError(), "more memory"),
        (["/nowhere/cup.png"], "cup.png is not there any more"),
    ],
)
def test_what_cannot_be_pasted_is_one_sentence(
    content: object, sentence: str, clipboard: Clipboard, tmp_path: Path
) -> None:
    clipboard.content = content
    with pytest.raises(PictureError, match=sentence) as caught:
        look_at_clipboard("", tmp_path / "pasted.png")
    assert "\n" not in str(caught.value)
    assert not (tmp_path / "pasted.png").exists()


def test_a_damaged_picture_is_one_sentence(clipboard: Clipboard, tmp_path: Path) -> None:
    (tmp_path / "cut.png").write_bytes(SAMPLE.read_bytes()[:5000])
    clipboard.content = Image.open(tmp_path / "cut.png")
    with pytest.raises(PictureError, match="cannot be read"):
        look_at_clipboard("", tmp_path / "pasted.png")


@pytest.mark.usefixtures("registered")
def test_a_pasted_picture_is_packed_and_chosen(clipboard: Clipboard, tmp_path: Path) -> None:
    pixels = np.random.default_rng(0).integers(0, 256, (24, 32, 4), np.uint8)
    clipboard.content = Image.fromarray(pixels)
    before = set(os.listdir(bpy.app.tempdir))
    assert bpy.ops.maquette.paste_picture() == {"FINISHED"}
    image = bpy.data.images["Pasted Picture"]
    assert image.packed_file is not None
    chosen = Path(bpy.context.scene.maquette.image_path)
    assert (np.asarray(Image.open(chosen)) == pixels).all()
    assert len(set(os.listdir(bpy.app.tempdir)) - before) == 1, "the chosen copy alone is left"
    bpy.ops.wm.save_as_mainfile(filepath=str(tmp_path / "scene.blend"))
    bpy.ops.wm.open_mainfile(filepath=str(tmp_path / "scene.blend"))
    image = bpy.data.images["Pasted Picture"]
    assert tuple(image.size) == (32, 24)
    assert bpy.ops.maquette.use_image(image=image.name) == {"FINISHED"}
    assert (np.asarray(Image.open(bpy.context.scene.maquette.image_path)) == pixels).all()


@pytest.mark.usefixtures("registered")
def test_copied_files_are_chosen_where_they_are(clipboard: Clipboard, tmp_path: Path) -> None:
    paths = [tmp_path / "a cup.png", tmp_path / "a jug.png"]
    for path in paths:
        path.write_bytes(SAMPLE.read_bytes())
    clipboard.content = [str(paths[0])]
    assert bpy.ops.maquette.paste_picture() == {"FINISHED"}
    assert bpy.context.scene.maquette.image_path == str(paths[0])
    clipboard.content = [str(path) for path in paths]
    assert bpy.ops.maquette.paste_picture() == {"FINISHED"}
    assert [entry.path for entry in bpy.context.window_manager.maquette_state.queue] == [str(path) for path in paths]
    assert not bpy.data.images


@pytest.mark.usefixtures("registered")
def test_a_name_that_blender_cannot_keep_is_one_sentence(clipboard: Clipboard) -> None:
    with tempfile.TemporaryDirectory() as folder:
        path = os.fsencode(folder) + b"/caf\xe9.png"
        try:
            Path(os.fsdecode(path)).write_bytes(SAMPLE.read_bytes())
        except OSError:
            pytest.skip("this file system keeps Unicode names alone")
        clipboard.content = [os.fsdecode(path)]
        assert bpy.ops.maquette.paste_picture() == {"CANCELLED"}
    assert bpy.context.scene.maquette.image_path == ""
