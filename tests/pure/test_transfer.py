"""A result crosses from the worker to Blender unchanged, whole, or with a clear error."""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from maquette.contracts import Finish, MeshArrays, MeshReport, Report, Settings
from maquette.errors import OutputError, WorkerError
from maquette.transfer import LIGHT, MESH, REPORT, TEXTURE, load_result, picture_path, save_result
from PIL import Image


@dataclass
class Result:
    mesh: MeshArrays
    report: Report


COUNTS = MeshReport(5, 2, 3, 0, 0, 0, 0, 1, 0, 0, 0, False, 0.25, (1.0, 2.0, 0.5))
REPORT_OF_RUN = Report(
    version="0.1.0",
    image="/photos/größe 絵.png",
    settings=Settings(quality="high", topology="quads", height=0.2),
    models=({"id": "maquette-depth", "sha256": "ab" * 32, "provider": "CPUExecutionProvider"},),
    seconds={"Reading the picture": 0.1},
    mesh=COUNTS,
    notes=("Taken for a logo.",),
    finish=Finish(0.3, 1.0, "reflections as of metal"),
)


@pytest.fixture
def result() -> Result:
    """Return a quad and a triangle with everything a mesh may carry."""
    random = np.random.default_rng(3)
    mesh = MeshArrays(
        vertices=random.normal(size=(5, 3)).astype(np.float32),
        faces=np.array([[0, 1, 2, 3], [0, 3, 4, -1]], np.int32),
        uv=random.random((2, 4, 2)).astype(np.float32),
        texture=random.integers(0, 256, (8, 8, 3), np.uint8),
        attributes={"seen": random.random(5).astype(np.float32), "file": np.zeros(5, np.float32)},
        maps={"light": random.integers(0, 256, (4, 4, 3), np.uint8)},
    )
    return Result(mesh, REPORT_OF_RUN)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Return a folder with an awkward name."""
    path = tmp_path / "Ergebnis 絵 of ' mine"
    path.mkdir()
    return path


def test_everything_comes_back_unchanged(folder: Path, result: Result) -> None:
    save_result(folder, result)
    mesh, report = load_result(folder)
    assert report == result.report
    for name in ("vertices", "faces", "uv"):
        before, after = getattr(result.mesh, name), getattr(mesh, name)
        assert after.dtype == before.dtype
        np.testing.assert_array_equal(after, before)
    assert mesh.attributes.keys() == {"seen", "file"}
    np.testing.assert_array_equal(mesh.attributes["seen"], result.mesh.attributes["seen"])
    for name, pixels in ((TEXTURE, result.mesh.texture), (LIGHT, result.mesh.maps["light"])):
        picture = picture_path(folder, name)
        assert picture is not None
        np.testing.assert_array_equal(np.asarray(Image.open(picture)), pixels)
    assert {path.name for path in folder.iterdir()} == {MESH, TEXTURE, LIGHT, REPORT}


def test_bare_mesh_replaces_a_textured_one(folder: Path, result: Result) -> None:
    save_result(folder, result)
    bare = MeshArrays(result.mesh.vertices, np.array([[0, 1, 2]], np.int32))
    save_result(folder, Result(bare, result.report))
    mesh, _ = load_result(folder)
    assert mesh.uv is None
    assert mesh.attributes == {}
    assert picture_path(folder, TEXTURE) is None
    assert picture_path(folder, LIGHT) is None


def test_read_only_views_and_other_orders_are_taken(folder: Path, result: Result) -> None:
    assert result.mesh.texture is not None
    flipped = replace(
        result.mesh,
        vertices=np.asfortranarray(result.mesh.vertices),
        texture=np.broadcast_to(result.mesh.texture[::-1, ::2], (8, 4, 3)),
    )
    save_result(folder, Result(flipped, result.report))
    mesh, _ = load_result(folder)
    np.testing.assert_array_equal(mesh.vertices, result.mesh.vertices)


def test_missing_folder_is_an_output_error(tmp_path: Path, result: Result) -> None:
    with pytest.raises(OutputError, match="cannot be written"):
        save_result(tmp_path / "gone", result)


def test_failed_write_leaves_no_half_file(folder: Path, result: Result, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(file: Any, **_arrays: Any) -> None:
        file.write(b"half")
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(np, "savez", full)
    with pytest.raises(OutputError, match="No space left"):
        save_result(folder, result)
    assert list(folder.iterdir()) == []


DAMAGE: dict[str, dict[str, Any]] = {
    "wrong type": {"vertices": np.zeros((5, 3))},
    "wrong shape": {"vertices": np.zeros((5, 2), np.float32)},
    "not finite": {"vertices": np.full((5, 3), np.nan, np.float32)},
    "index too large": {"faces": np.array([[0, 1, 5, -1], [0, 1, 2, 3]], np.int32)},
    "index below -1": {"faces": np.array([[0, 1, 2, -2], [0, 1, 2, 3]], np.int32)},
    "missing third corner": {"faces": np.array([[0, 1, -1, 2], [0, 1, 2, 3]], np.int32)},
    "pentagons": {"faces": np.zeros((2, 5), np.int32)},
    "flat faces": {"faces": np.zeros(6, np.int32)},
    "corner without UV": {"uv": np.zeros((2, 3, 2), np.float32)},
    "attribute too short": {"attribute_seen": np.zeros(4, np.float32)},
    "objects": {"vertices": np.array([{}], object)},
}


@pytest.mark.parametrize("what", DAMAGE)
def test_wrong_arrays_are_refused(folder: Path, result: Result, what: str) -> None:
    save_result(folder, result)
    with np.load(folder / MESH) as archive:
        arrays = dict(archive)
    np.savez(folder / MESH, **{**arrays, **DAMAGE[what]})
    with pytest.raises(WorkerError, match="generate again"):
        load_result(folder)


@pytest.mark.parametrize("name", [MESH, REPORT])
@pytest.mark.parametrize("content", [None, b"", b"PK\x03\x04 no archive", b"[]", b'{"mesh": {}}'])
def test_missing_or_damaged_files_are_refused(folder: Path, result: Result, name: str, content: bytes | None) -> None:
    save_result(folder, result)
    if content is None:
        (folder / name).unlink()
    else:
        (folder / name).write_bytes(content)
    with pytest.raises(WorkerError, match="generate again"):
        load_result(folder)


def test_truncated_archive_is_refused(folder: Path, result: Result) -> None:
    save_result(folder, result)
    whole = (folder / MESH).read_bytes()
    for length in range(0, len(whole), 97):
        (folder / MESH).write_bytes(whole[:length])
        with pytest.raises(WorkerError, match="generate again"):
            load_result(folder)


def test_report_with_a_field_of_another_version_is_refused(folder: Path, result: Result) -> None:
    save_result(folder, result)
    content = json.loads((folder / REPORT).read_bytes())
    (folder / REPORT).write_text(json.dumps({**content, "surprise": 1}))
    with pytest.raises(WorkerError, match="surprise"):
        load_result(folder)
