"""How pictures come in, in a window of a real Blender: dropped from and copied in other programs, and mended."""

from __future__ import annotations

import importlib.util
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

pytestmark = pytest.mark.real_blender

HERE = Path(__file__).resolve().parent
Play = Callable[..., dict[str, Any]]


@pytest.fixture
def play(real_blender, profile: Path, example: Path, tmp_path: Path) -> Play:
    """Return a function that plays one story of ``pictures_window.py`` with copies of the example picture."""
    for name in ("Xlib", "six"):
        found = importlib.util.find_spec(name)
        if found is None or found.origin is None:
            pytest.skip("python-xlib is missing: dev.py test installs it")
        # Inside Blender's own root folder there is no python-xlib: it comes along.
        path = Path(found.origin)
        shutil.copytree(path.parent, tmp_path / name) if path.stem == "__init__" else shutil.copy(path, tmp_path)
    shutil.copy(HERE / "x_source.py", tmp_path)

    def run(story: str, *names: str, simulate: bool = True) -> dict[str, Any]:
        for name in names:
            shutil.copy(example, tmp_path / name)
        told = real_blender.play(HERE / "pictures_window.py", profile, tmp_path, {"STORY": story}, simulate)
        assert "Traceback" not in told["log"]
        assert told["left"] == []
        return told

    return run


@pytest.fixture
def xclip(real_blender) -> None:
    """Have the program that Pillow reads an X11 clipboard with, where Blender runs."""
    install = "command -v xclip || apt-get install -y -q --no-install-recommends xclip"
    pipes = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    with real_blender.start(["sh", "-c", install], {"DEBIAN_FRONTEND": "noninteractive"}, [], **pipes) as process:
        if process.wait(60):
            pytest.skip("xclip is missing beside the real Blender, and cannot be installed")


def test_files_that_are_dropped(play: Play) -> None:
    names = ["one cup.png", "a.png", "b é.png", "c'.png", "d.png"]
    told = play("drop", *names)
    assert told["drops"] == [0, 0, 0]
    assert told["queue"] == [[name, "waiting"] for name in names[1:4]]
    assert told["editor"][0] == "d.png"


@pytest.mark.usefixtures("xclip")
def test_a_picture_and_a_file_that_are_pasted(play: Play, tmp_path: Path) -> None:
    (tmp_path / "address.txt").write_text((tmp_path / "two words.png").as_uri() + "\r\n", "utf-8")
    told = play("paste", "one cup.png", "two words.png", simulate=False)
    assert told["ready"] == ["ready", "ready"]
    with Image.open(tmp_path / "one cup.png") as picture:
        assert told["image"] == [*picture.size, True, True]
    assert told["chosen"] == [True, "Pasted Picture.png"]
    assert told["file"] == "two words.png"


def test_a_click_on_fix_mends_the_picture(play: Play, example: Path, tmp_path: Path) -> None:
    with Image.open(example) as picture:
        picture.resize((200, 200)).save(tmp_path / "small.png")
    told = play("fix")
    assert told["before"]["Resolution"] == "poor"
    assert told["fixes"] == ["upscale"]
    assert told["after"]["Resolution"] != "poor"


def test_a_queue_of_pictures(play: Play, tmp_path: Path) -> None:
    (tmp_path / "damaged.png").write_bytes(b"no picture")
    told = play("queue", "a.png", "b é.png", "d.png")
    assert told["states"] == ["done", "refused", "done"]
    assert told["workers"] == 1, "it stays warm"
    (first, at), (second, beside) = told["made"]
    assert (first, at, second) == ("a", 0.0, "d")
    assert beside > 0.3
    assert told["undone"] == [["a"], ["done", "refused", "done"]]
    assert told["stopped"] == ["done", "refused", "done", "waiting", "waiting"]
    assert told["loaded"] == [0, ""]
