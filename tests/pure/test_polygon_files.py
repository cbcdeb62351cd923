"""A mesh crosses to the worker and back unchanged, whole, or with a clear error; and the job `clean` end to end."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from dataclasses import fields, replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from maquette import cleanup, jobs, remote
from maquette.errors import CancelledError, MaquetteError, MeshError, OutputError, PictureError, WorkerError
from maquette.geometry.repair.cleaned import Cleaned, Step
from maquette.geometry.repair.polygons import Polygons, from_faces, source
from maquette.polygon_files import (
    CLEANED,
    POLYGONS,
    STEPS,
    load_cleaned,
    load_polygons,
    save_cleaned,
    save_polygons,
)

ROOT = Path(__file__).resolve().parents[2]
STAND_IN = ROOT / "tests" / "data" / "stand_in_worker.py"
NAMES = [field.name for field in fields(Polygons)]


def cube(shift: float = 0.0) -> tuple[np.ndarray, np.ndarray]:
    """A unit cube of quads, looking outwards."""
    points = np.array([[x, y, z] for x in (0, 1) for y in (0, 1) for z in (0, 1)], float) + shift
    faces = np.array([[0, 1, 3, 2], [4, 6, 7, 5], [0, 4, 5, 1], [2, 3, 7, 6], [0, 2, 6, 4], [1, 5, 7, 3]])
    return points, faces


@pytest.fixture
def sent() -> Polygons:
    """A pentagon and a triangle in odd places, one of them nowhere."""
    points = np.random.default_rng(5).normal(size=(6, 3))
    points[5] = np.nan, np.inf, 1e300
    return source(points, [0, 1, 2, 3, 4, 5, 1, 0], [0, 5, 8])


@pytest.fixture
def cleaned(sent: Polygons) -> Cleaned:
    """What might come back: new elements among the old ones."""
    points = np.where(np.isfinite(sent.points), sent.points, 0.0)
    mesh = replace(sent, points=points, point_from=np.array([0, 1, 2, 3, 4, -1]), face_from=np.array([-1, 0]))
    return Cleaned(mesh, (Step("Fill holes", "2 holes filled"),), ("It is still größer open.",))


def same(one: Polygons, other: Polygons) -> bool:
    """Whether two meshes are equal to the bit."""
    return all(
        getattr(one, name).dtype == getattr(other, name).dtype
        and getattr(one, name).tobytes() == getattr(other, name).tobytes()
        for name in NAMES
    )


def test_everything_comes_back_unchanged(tmp_path: Path, sent: Polygons, cleaned: Cleaned) -> None:
    save_polygons(tmp_path, sent)
    assert same(load_polygons(tmp_path), sent)
    save_cleaned(tmp_path, cleaned)
    result = load_cleaned(tmp_path, sent)
    assert same(result.mesh, cleaned.mesh)
    assert (result.steps, result.warnings) == (cleaned.steps, cleaned.warnings)
    assert {path.name for path in tmp_path.iterdir()} == {POLYGONS, CLEANED, STEPS}


def test_missing_folder_is_an_output_error(tmp_path: Path, sent: Polygons, cleaned: Cleaned) -> None:
    for save in (lambda folder: save_polygons(folder, sent), lambda folder: save_cleaned(folder, cleaned)):
        with pytest.raises(OutputError, match="cannot be written"):
            save(tmp_path / "gone")


DAMAGE: dict[str, dict[str, Any]] = {
    "float32 points": {"points": np.zeros((6, 3), np.float32)},
    "flat points": {"points": np.zeros(18)},
    "too few points": {"points": np.zeros((5, 3))},
    "negative corner": {"corners": np.array([0, 1, 2, 3, 4, -1, 1, 0])},
    "32 bits": {"corners": np.zeros(8, np.int32)},
    "face of two": {"first": np.array([0, 6, 8])},
    "gap at the end": {"first": np.array([0, 4, 7])},
    "no faces": {"first": np.array([0]), "face_from": np.zeros(0, np.int64)},
    "origin too short": {"face_from": np.array([0])},
    "origin below none": {"point_from": np.array([0, 1, 2, 3, 4, -2])},
    "objects": {"points": np.array([{}], object)},
}


@pytest.mark.parametrize("what", DAMAGE)
def test_wrong_arrays_are_refused_on_both_sides(tmp_path: Path, sent: Polygons, cleaned: Cleaned, what: str) -> None:
    save_polygons(tmp_path, sent)
    save_cleaned(tmp_path, cleaned)
    for name in (POLYGONS, CLEANED):
        with np.load(tmp_path / name) as archive:
            arrays = dict(archive)
        np.savez(tmp_path / name, **{**arrays, **DAMAGE[what]})
    with pytest.raises(WorkerError, match="try again"):
        load_polygons(tmp_path)
    with pytest.raises(WorkerError, match="try again"):
        load_cleaned(tmp_path, sent)


def test_a_result_with_infinite_points_or_of_another_mesh_is_refused(
    tmp_path: Path, sent: Polygons, cleaned: Cleaned
) -> None:
    for mesh in (replace(cleaned.mesh, points=sent.points), replace(cleaned.mesh, corner_from=np.arange(8) + 1)):
        save_cleaned(tmp_path, replace(cleaned, mesh=mesh))
        with pytest.raises(WorkerError, match="try again"):
            load_cleaned(tmp_path, sent)


@pytest.mark.parametrize("text", ["", "[]", '{"steps": []}', '{"steps": [{"name": "a"}], "warnings": []}'])
def test_damaged_steps_are_refused(tmp_path: Path, sent: Polygons, cleaned: Cleaned, text: str) -> None:
    save_cleaned(tmp_path, cleaned)
    (tmp_path / STEPS).write_text(text)
    with pytest.raises(WorkerError, match="try again"):
        load_cleaned(tmp_path, sent)


def test_truncated_archive_is_refused(tmp_path: Path, sent: Polygons) -> None:
    save_polygons(tmp_path, sent)
    whole = (tmp_path / POLYGONS).read_bytes()
    for length in range(0, len(whole), 97):
        (tmp_path / POLYGONS).write_bytes(whole[:length])
        with pytest.raises(WorkerError, match="try again"):
            load_polygons(tmp_path)


@pytest.fixture(scope="module")
def worker() -> Iterator[jobs.Worker]:
    """Maquette's own worker."""
    worker = jobs.Worker()
    yield worker
    worker.shutdown()


@pytest.fixture
def stand_in() -> Iterator[jobs.Worker]:
    """A worker with jobs that go wrong."""
    worker = jobs.Worker([sys.executable, str(STAND_IN)])
    yield worker
    worker.shutdown()


def test_two_cubes_are_united_in_the_worker(worker: jobs.Worker) -> None:
    (points, faces), (others, _) = cube(), cube(0.5)
    mesh = from_faces(np.concatenate([points, others]), np.concatenate([faces, faces + 8]))
    told: list[str] = []
    result = remote.clean(worker, mesh, "resolve_intersections", {}, lambda step, _: told.append(step))
    assert told
    assert len(result.steps) == 1
    body = result.mesh
    triangles = body.points[body.corners.reshape(-1, 3)]
    volume = np.einsum("ij,ij->", triangles[:, 0], np.cross(triangles[:, 1], triangles[:, 2])) / 6
    assert volume == pytest.approx(2 - 0.125)
    kept = body.point_from >= 0
    np.testing.assert_array_equal(body.points[kept], mesh.points[body.point_from[kept]])


def test_a_soup_with_a_hole_is_closed_unless_it_may_stay_open(worker: jobs.Worker) -> None:
    points, faces = cube()
    soup = from_faces(points[faces[:-1].ravel()], np.arange(20).reshape(-1, 4))
    closed = remote.clean(worker, soup, "clean_up", {})
    assert (closed.mesh.n_faces, len(closed.mesh.points)) == (6, 8)
    left = remote.clean(worker, soup, "clean_up", {"leave_open": True})
    assert (left.mesh.n_faces, len(left.mesh.points)) == (5, 8)
    assert remote.clean(worker, soup, "make_solid", {}).mesh.n_faces == 6


def test_nothing_to_do_gives_the_mesh_itself_back(worker: jobs.Worker) -> None:
    mesh = from_faces(*cube())
    for action in cleanup.ACTIONS:
        result = remote.clean(worker, mesh, action, {})
        assert result.mesh is mesh
        assert (result.steps, result.warnings) == ((), ())


def test_no_file_is_left(worker: jobs.Worker) -> None:
    job = remote.submit_clean(worker, from_faces(*cube()), "resolve_intersections", {})
    remote.wait(job)
    assert (job.folder / CLEANED).is_file()
    job.close()
    assert not job.folder.exists()


def test_a_mesh_that_cannot_be_cleaned_is_told_as_it_was_raised(worker: jobs.Worker) -> None:
    points, faces = cube()
    with pytest.raises(MeshError, match="coordinates that are numbers") as caught:
        remote.clean(worker, from_faces(points * np.nan, faces), "resolve_intersections", {})
    assert caught.value.exit_code == 3


@pytest.mark.parametrize(
    ("action", "options", "said"),
    [
        ("sculpt", {}, "no cleaning called 'sculpt'"),
        ("resolve_intersections", {"mesh": 1}, "no option called 'mesh'"),
        ("clean_up", {"progress": 1}, "no option called 'progress'"),
        ("clean_up", {"leave_open": 1}, "leave_open cannot be 1"),
    ],
)
def test_unknown_wishes_are_refused(worker: jobs.Worker, action: str, options: dict[str, Any], said: str) -> None:
    with pytest.raises(MaquetteError, match=said):
        remote.clean(worker, from_faces(*cube()), action, options)


def test_a_mesh_that_cannot_be_written_starts_no_job(worker: jobs.Worker, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(_file: Any, **_arrays: Any) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(np, "savez", full)
    with pytest.raises(OutputError, match="No space left"):
        remote.submit_clean(worker, from_faces(*cube()), "resolve_intersections", {})


def test_a_crash_in_the_worker_is_an_ordinary_error(stand_in: jobs.Worker) -> None:
    with pytest.raises(WorkerError, match="Your scene is safe"):
        remote.wait(stand_in.submit("crash", {}))
    remote.wait(stand_in.submit("echo", {"text": "the next one works"}))


def test_errors_keep_their_class_and_unforeseen_ones_get_one(stand_in: jobs.Worker) -> None:
    with pytest.raises(PictureError, match="choose another"):
        remote.wait(stand_in.submit("refuse", {}))
    with pytest.raises(WorkerError, match="please report"):
        remote.wait(stand_in.submit("bug", {}))


def test_a_cancelled_job_says_so(stand_in: jobs.Worker) -> None:
    job = stand_in.submit("deaf", {})
    job.cancel()
    with pytest.raises(CancelledError):
        remote.wait(job)


@pytest.mark.skipif(sys.platform == "win32", reason="the stand-in's endless jobs need POSIX")
def test_the_time_limit_and_ctrl_c_stop_the_job(stand_in: jobs.Worker) -> None:
    def interrupt(_step: str, _fraction: float) -> None:
        raise KeyboardInterrupt

    slow = stand_in.submit("deaf", {})
    with pytest.raises(WorkerError, match="Stopped after 0"):
        remote.wait(slow, limit=0.5)
    interrupted = stand_in.submit("deaf", {})
    with pytest.raises(KeyboardInterrupt):
        remote.wait(interrupted, interrupt)
    # Both processes had to go before this can run.
    remote.wait(stand_in.submit("echo", {"text": "free again"}))
    assert not slow.folder.exists()
    assert not interrupted.folder.exists()


def test_every_action_has_options_that_can_be_checked() -> None:
    for action in cleanup.ACTIONS:
        cleanup.check_options(action, {})


def test_the_client_never_loads_the_native_library() -> None:
    program = (
        f"import importlib.util, sys\n"
        f"spec = importlib.util.spec_from_file_location('bootstrap', {str(ROOT / 'bootstrap.py')!r})\n"
        "bootstrap = importlib.util.module_from_spec(spec)\n"
        "spec.loader.exec_module(bootstrap)\n"
        "bootstrap.load_package('maquette')\n"
        "import maquette.remote\n"
        "assert 'maquette.polygon_files' in sys.modules\n"
        "assert 'manifold3d' not in sys.modules\n"
    )
    subprocess.run([sys.executable, "-c", program], check=True)
