"""Files that are no pictures, and names that break programs, on every way in: one sentence, and nothing left behind."""

from __future__ import annotations

import importlib.util
import json
import os
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import bpy
import pytest
from maquette import registration
from maquette.cli import main
from maquette.operators.generation import shared_worker
from PIL import Image, ImageDraw

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="these files are made on Linux and macOS")

DATA = Path(__file__).resolve().parents[1] / "data"


@pytest.fixture(scope="module")
def odd_files(tmp_path_factory: pytest.TempPathFactory) -> dict[Path, bool]:
    """What `make_odd_files` made, of a small good picture, but for the unreadable file, which root can read."""
    spec = importlib.util.spec_from_file_location("odd_files", DATA / "odd_files.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    folder = tmp_path_factory.mktemp("odd")
    good = Image.new("RGBA", (96, 96))
    ImageDraw.Draw(good).ellipse((20, 10, 70, 90), (200, 80, 40, 255), (30, 60, 90, 255), 6)
    good.save(folder / "good.png")
    made = module.make_odd_files(folder, folder / "good.png")
    return {path: fine for path, fine in made.items() if fine or not os.access(path, os.R_OK) or path.name[0] != "u"}


@pytest.fixture(scope="module")
def bad(odd_files: dict[Path, bool]) -> list[Path]:
    return [path for path, fine in odd_files.items() if not fine]


@pytest.fixture
def temporary_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """Where temporary files go; none may be left at the end."""
    folder = tmp_path / "temporary"
    folder.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(folder))
    yield folder
    assert os.listdir(folder) == []


def unicode(path: Path) -> bool:
    try:
        str(path).encode()
    except UnicodeEncodeError:
        return False
    return True


def test_the_commands_refuse_in_one_line(
    bad: list[Path], temporary_folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for path in bad:
        for command in (["check"], ["generate", "-o", str(tmp_path / "made.glb")]):
            assert main([*command, "--", str(path)]) == 3, path
            told = capsys.readouterr()
            assert told.out == ""
            assert told.err.count("\n") == 1
            assert path.name in told.err
    assert not (tmp_path / "made.glb").exists()


def test_the_command_makes_meshes_of_oddly_named_pictures(
    odd_files: dict[Path, bool], temporary_folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    # The worst of them: what is no Unicode, what has two lines, and what begins like an option.
    for name in (os.fsdecode(b"caf\xe9 \xff.png"), "two\nlines.png", "--help.png"):
        path = next((path for path in odd_files if path.name == name), None)
        if path is not None:
            target = tmp_path / "made.glb"
            options = ["--kind", "logo", "--report", str(tmp_path / "made.json"), "-o", str(target)]
            assert main(["generate", *options, "--", str(path)]) == 0, capsys.readouterr().err
            assert json.loads((tmp_path / "made.json").read_text("utf-8"))["image"] == str(path)
            target.unlink()


@pytest.mark.usefixtures("registered")
def test_the_panel_and_the_check_say_what_is_wrong(bad: list[Path], temporary_folder: Path) -> None:
    state = bpy.context.window_manager.maquette_state
    for path in bad:
        assert bpy.ops.maquette.drop_picture(filepath=str(path)) == {"FINISHED"}
        assert bpy.ops.maquette.check_image() == {"CANCELLED"}
        finding = json.loads(state.check)[0]
        assert finding["level"] == "poor"
        assert finding["text"].startswith(path.name)
    assert not bpy.data.images
    registration.unregister()
    registration.register()


@pytest.mark.usefixtures("registered")
def test_the_queue_refuses_them_and_goes_on(bad: list[Path], odd_files: dict[Path, bool]) -> None:
    good = [path for path in odd_files if odd_files[path] and unicode(path)][:2]
    bpy.context.scene.maquette.kind = "logo"
    for path in [*bad, *good]:
        bpy.ops.maquette.add_to_queue(filepath=str(path))
    worker = shared_worker()
    assert bpy.ops.maquette.generate_queue() == {"FINISHED"}
    entries = bpy.context.window_manager.maquette_state.queue
    assert [entry.state for entry in entries] == ["refused"] * len(bad) + ["done"] * 2
    assert len(bpy.data.objects) == 2
    assert worker.pid is not None, "none of them ended the worker"


@pytest.mark.usefixtures("registered")
def test_a_name_that_is_no_unicode_is_one_sentence_in_blender(odd_files: dict[Path, bool]) -> None:
    paths = [path for path in odd_files if not unicode(path)]
    if not paths:
        pytest.skip("this file system keeps Unicode names alone")
    for operator in (bpy.ops.maquette.choose_picture, bpy.ops.maquette.drop_picture, bpy.ops.maquette.add_to_queue):
        with pytest.raises(RuntimeError, match="rename the file"):
            operator(filepath=str(paths[0]))
    assert bpy.context.scene.maquette.image_path == ""
    assert not bpy.context.window_manager.maquette_state.queue


@pytest.mark.usefixtures("registered")
def test_an_image_whose_file_is_none_any_more_is_not_used(bad: list[Path]) -> None:
    """Blender itself would wait for ever for what comes out of a pipe."""
    for path in bad:
        image = bpy.data.images.new("opened", 8, 8)
        image.source, image.filepath_raw = "FILE", str(path)
        with pytest.raises((TypeError, RuntimeError)):
            bpy.ops.maquette.use_image(image=image.name)
        bpy.data.images.remove(image)
    assert bpy.context.scene.maquette.image_path == ""
