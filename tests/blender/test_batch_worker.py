"""The worker of a batch: the files of a picture, and nothing left of it; the networks are replaced by formulas."""

from __future__ import annotations

import json
import os
from dataclasses import asdict
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any

import bpy
import pytest
from maquette import pipeline
from maquette.batching.finish import RESULT
from maquette.blender import export
from maquette.commands import batch_worker, batch_workers
from maquette.contracts import Settings
from maquette.errors import OutputError
from PIL import Image


@pytest.fixture
def formulas(monkeypatch: pytest.MonkeyPatch, balls: ModuleType) -> list[Settings]:
    """The pipeline makes a ball; the settings it was asked for, in order."""
    asked: list[Settings] = []

    def generate(path: Path, settings: Settings, *_: object) -> Any:
        asked.append(settings)
        mesh = balls.ball(size=64)
        return SimpleNamespace(mesh=mesh, report=balls.ball_report(str(path), mesh))

    monkeypatch.setattr(pipeline, "generate", generate)
    return asked


def make(folder: Path, *formats: str, turntable: bool = False, **more: Any) -> None:
    """Do one picture."""
    folder.mkdir()
    payload = {
        "picture": "cup.png",
        "settings": asdict(Settings()),
        "name": "cup",
        "formats": formats,
        "turntable": turntable,
    }
    batch_worker.make(payload, folder, lambda *_: None, lambda: False, **more)


def open_files() -> int:
    return len(os.listdir("/proc/self/fd")) if Path("/proc/self/fd").is_dir() else 0


def test_formats_are_those_of_the_exporter() -> None:
    assert set(batch_workers.FORMATS) == set(export.SUFFIXES)


def test_each_format_and_its_companions(formulas: list[Settings], tmp_path: Path) -> None:
    make(tmp_path / "job", ".glb", ".obj", ".fbx", ".stl", ".ply", ".usdz")
    names = [sorted(path.name for path in (tmp_path / "job" / str(place)).iterdir()) for place in range(7)]
    assert names[0] == ["cup.glb"] and names[1] == ["cup.mtl", "cup.obj", "cup_texture.png"]
    assert names[2:] == [["cup.fbx"], ["cup.stl"], ["cup.ply"], ["cup.usdz"], ["cup.preview.png"]]
    report = json.loads((tmp_path / "job" / RESULT).read_text())
    assert report["mesh"]["watertight"] and report["seconds"]["Writing the files"] > 0
    assert formulas == [Settings()]


def test_the_turntable_lies_beside_the_preview(formulas: list[Settings], tmp_path: Path) -> None:
    make(tmp_path / "job", ".stl", turntable=True)
    place = tmp_path / "job" / "1"
    assert sorted(path.name for path in place.iterdir()) == ["cup.preview.png", "cup.turntable.webp"]
    with Image.open(place / "cup.turntable.webp") as strip:
        assert strip.width == 12 * strip.height


def test_a_worker_may_have_a_device_of_its_own(formulas: list[Settings], tmp_path: Path) -> None:
    make(tmp_path / "job", ".stl", device="cpu")
    assert formulas[0].device == "cpu"


def test_nothing_stays_in_blender(formulas: list[Settings], tmp_path: Path) -> None:
    make(tmp_path / "first", ".glb", ".obj", ".fbx", ".usdz")
    before, files = {item.name_full for item in bpy.data.user_map()}, open_files()
    for number in range(3):
        make(tmp_path / str(number), ".glb", ".obj", ".fbx", ".usdz")
    assert {item.name_full for item in bpy.data.user_map()} == before
    assert not bpy.data.meshes and not bpy.data.images and not bpy.data.materials and not bpy.data.objects
    assert open_files() == files


def test_nothing_stays_of_what_failed(
    formulas: list[Settings], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: object) -> None:
        raise RuntimeError("Error: the disk is full")

    monkeypatch.setitem(export.SUFFIXES, ".glb", broken)
    with pytest.raises(OutputError, match="disk is full"):
        make(tmp_path / "job", ".glb")
    assert not bpy.data.meshes and not bpy.data.images and not bpy.data.materials and not bpy.data.objects
