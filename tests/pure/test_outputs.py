"""Outputs appear whole and together, or not at all."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest
from maquette.errors import OutputError
from maquette.outputs import staged


def names(folder: Path) -> list[str]:
    """Everything below a folder."""
    return sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*"))


def test_files_and_companions_are_published_together(tmp_path: Path) -> None:
    target = tmp_path / "cup.obj"
    with staged() as staging:
        folder = staging.folder(target)
        (folder / "cup.obj").write_text("mesh")
        (folder / "textures").mkdir()
        (folder / "textures" / "cup.png").write_text("texture")
        assert not target.exists()
        assert staging.targets() == [target, tmp_path / "textures" / "cup.png"]
        assert staging.publish() == [tmp_path / "textures" / "cup.png", target]
    assert names(tmp_path) == ["cup.obj", "textures", "textures/cup.png"]


def test_failure_on_the_way_leaves_nothing(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="broken"), staged() as staging:
        (staging.folder(tmp_path / "cup.glb") / "cup.glb").write_text("half")
        raise ValueError("broken")
    assert names(tmp_path) == []


def test_file_that_cannot_be_moved_takes_the_others_back(tmp_path: Path) -> None:
    (tmp_path / "textures").write_text("a file where a folder is needed")
    with pytest.raises(OutputError, match="cannot be written"), staged() as staging:
        (staging.folder(tmp_path / "first.glb") / "first.glb").write_text("mesh")
        folder = staging.folder(tmp_path / "cup.obj")
        (folder / "cup.obj").write_text("mesh")
        (folder / "textures").mkdir()
        (folder / "textures" / "cup.png").write_text("texture")
        staging.publish()
    assert names(tmp_path) == ["textures"]


def test_missing_file_keeps_the_others_back(tmp_path: Path) -> None:
    (tmp_path / "old.glb").write_text("old")
    with pytest.raises(OutputError, match="was not written"), staged() as staging:
        (staging.folder(tmp_path / "cup.glb") / "cup.glb").write_text("mesh")
        staging.folder(tmp_path / "report.json")
        staging.publish()
    assert names(tmp_path) == ["old.glb"]


def test_earlier_file_is_replaced(tmp_path: Path) -> None:
    (tmp_path / "cup.glb").write_text("old")
    with staged() as staging:
        (staging.folder(tmp_path / "cup.glb") / "cup.glb").write_text("new")
        staging.publish()
    assert (tmp_path / "cup.glb").read_text() == "new"
    assert names(tmp_path) == ["cup.glb"]


def test_places_that_cannot_be(tmp_path: Path) -> None:
    (tmp_path / "folder").mkdir()
    (tmp_path / "file").touch()
    with staged() as staging:
        with pytest.raises(OutputError, match="is a folder"):
            staging.folder(tmp_path / "folder")
        with pytest.raises(OutputError, match="does not exist"):
            staging.folder(tmp_path / "missing" / "cup.glb")
        with pytest.raises(OutputError, match="does not exist"):
            staging.folder(tmp_path / "file" / "cup.glb")


@pytest.mark.skipif(sys.platform != "linux", reason="/proc is a folder that nobody can write to")
def test_folder_that_cannot_be_written_to() -> None:
    with staged() as staging, pytest.raises(OutputError, match="cannot be written to"):
        staging.folder(Path("/proc/cup.glb"))
