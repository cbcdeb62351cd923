"""A batch from its command to its manifest: real processes, with the worker of ``tests/data/batch_stand_in.py``."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Mapping
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from maquette import cli
from maquette.commands import batch as module

STAND_IN = Path(__file__).resolve().parents[1] / "data" / "batch_stand_in.py"
LIMIT = 60.0


def command(*arguments: object) -> list[str]:
    """The command line of a batch."""
    return [sys.executable, str(STAND_IN), "batch", *map(str, arguments)]


def batch(*arguments: object) -> subprocess.CompletedProcess[str]:
    """Run a batch to its end."""
    return subprocess.run(command(*arguments), capture_output=True, text=True, timeout=LIMIT, check=False)


def pictures(folder: Path, *names: str) -> Path:
    """Make files for pictures, all different."""
    for name in names:
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(name.encode())
    return folder


def lines(output: Path, name: str = "manifest.jsonl") -> dict[str, Mapping[str, Any]]:
    """The manifest's entries by picture; every line must be whole, and no picture may have two."""
    entries = [json.loads(line) for line in (output / name).read_text().splitlines()]
    found = {entry["picture"]: entry for entry in entries}
    assert len(found) == len(entries)
    return found


def states(output: Path, name: str = "manifest.jsonl") -> dict[str, str]:
    return {picture: entry["state"] for picture, entry in lines(output, name).items()}


def files(output: Path) -> list[str]:
    """All files below a folder, hidden ones included."""
    return sorted(path.relative_to(output).as_posix() for path in output.rglob("*") if path.is_file())


def test_every_picture_has_its_files_and_its_line(tmp_path: Path) -> None:
    source = pictures(tmp_path / "in", "a.jpg", "a.png", "b.png", "sub/b.png", "sub/c.png", "notes.txt", ".hidden.png")
    done = batch(source, "-o", tmp_path / "out", "--recursive", "--jobs", 2, "--formats", "glb,stl")
    assert (done.returncode, done.stderr) == (0, "")
    stems = ("a.jpg", "a.png", "b", "sub/b", "sub/c")
    suffixes = (".glb", ".stl", ".preview.png", ".json")
    assert files(tmp_path / "out") == sorted(["manifest.jsonl", *(f"{s}{x}" for s in stems for x in suffixes)])
    entries = lines(tmp_path / "out")
    assert entries.keys() == {"a.jpg", "a.png", "b.png", "sub/b.png", "sub/c.png"}
    one = entries["sub/b.png"]
    assert one["outputs"] == ["sub/b.glb", "sub/b.stl", "sub/b.preview.png", "sub/b.json"]
    assert (one["preview"], one["state"], one["exit_code"], one["attempts"]) == ("sub/b.preview.png", "done", 0, 1)
    assert one["source"] == str(source / "sub/b.png") and one["error"] is None and one["seconds"]["total"] > 0
    report = json.loads((tmp_path / "out/sub/b.json").read_text())
    assert report["outputs"] == one["outputs"] and report["mesh"] == one["mesh"]
    assert "5 pictures: 5 done, 0 refused, 0 failed" in done.stdout


def test_bad_pictures_touch_no_other(tmp_path: Path) -> None:
    names = ("a.png", "refused.png", "bug.png", "killed.png", "once.png", "hangs.png", "z.png")
    source = pictures(tmp_path / "in", *names)
    os.mkfifo(source / "hangs-not.png")
    done = batch(source, "-o", tmp_path / "out", "--jobs", 2, "--timeout", 2, "--retries", 1)
    assert done.returncode == 1
    entries = lines(tmp_path / "out")
    expected = {"a.png": "done", "z.png": "done", "once.png": "done", "refused.png": "refused"}
    failed = dict.fromkeys(("bug.png", "killed.png", "hangs.png", "hangs-not.png"), "failed")
    assert states(tmp_path / "out") == expected | failed
    assert entries["refused.png"]["error"] == "The picture is empty: choose another."
    assert (entries["refused.png"]["exit_code"], entries["refused.png"]["attempts"]) == (3, 1)
    assert "SIGKILL" in entries["killed.png"]["error"] and "--timeout" in entries["hangs.png"]["error"]
    assert "ZeroDivisionError" in entries["bug.png"]["error"]
    assert all(entries[name]["attempts"] == 2 for name in failed) and entries["once.png"]["attempts"] == 2
    assert len(files(tmp_path / "out")) == 1 + 3 * 3
    assert "says why; --resume tries the failed again" in done.stderr


def test_resume_does_what_is_left(tmp_path: Path) -> None:
    source, out = pictures(tmp_path / "in", "a.png", "b.png", "refused.png", "killed-c.png"), tmp_path / "out"
    options = (source, "-o", out, "--retries", 0)
    assert batch(*options).returncode == 1
    first = lines(out)
    assert batch(*options).returncode == 1  # without --resume, nothing is touched
    assert lines(out) == first
    (source / "killed-c.png").rename(source / "c.png")
    (source / "b.png").write_bytes(b"changed")
    done = batch(*options, "--resume")
    second = lines(out)
    assert done.returncode == 1 and "3 done, 1 refused, 0 failed (2 earlier)" in done.stdout
    assert second["a.png"] == first["a.png"] and second["refused.png"] == first["refused.png"]
    assert second["b.png"]["key"] != first["b.png"]["key"]
    assert second["killed-c.png"] == first["killed-c.png"]  # gone, but what became of it stays
    assert second["c.png"]["state"] == "done"


@pytest.mark.parametrize(
    ("change", "again"),
    [
        ((), False),
        (("--jobs", "2", "--timeout", "50"), False),
        (("--device", "cpu"), False),
        (("--quality", "draft"), True),
        (("--formats", "glb,obj"), True),
    ],
)
def test_what_counts_as_changed(tmp_path: Path, change: tuple[str, ...], again: bool) -> None:
    source, out = pictures(tmp_path / "in", "a.png"), tmp_path / "out"
    assert batch(source, "-o", out).returncode == 0
    before = lines(out)
    assert batch(source, "-o", out, "--resume", *change).returncode == 0
    assert (lines(out) != before) == again


def test_lost_output_is_made_again(tmp_path: Path) -> None:
    source, out = pictures(tmp_path / "in", "a.png", "b.png"), tmp_path / "out"
    batch(source, "-o", out)
    for name in ("a.glb", "b.json"):
        (out / name).unlink()
        assert batch(source, "-o", out, "--resume").returncode == 0
        assert (out / name).is_file()


def test_gates_refuse_or_mark(tmp_path: Path) -> None:
    source = pictures(tmp_path / "in", *(f"{number}.png" for number in range(6)))
    out = tmp_path / "out"
    assert batch(source, "-o", out, "--require", "watertight,faces<=5000").returncode == 0
    faces = sorted(entry["mesh"]["faces"] for entry in lines(out).values())
    gate = f"faces<={faces[2]}"
    many = {name for name, entry in lines(out).items() if entry["mesh"]["faces"] > faces[2]}
    before = lines(out)
    # Marked: nothing is made again. Refused: the mesh would not be there.
    done = batch(source, "-o", out, "--resume", "--require", gate, "--require-action", "mark")
    assert done.returncode == 0
    assert {name for name, entry in lines(out).items() if entry["unmet"] == [gate]} == many
    assert {name: entry["time"] for name, entry in lines(out).items()} == {n: e["time"] for n, e in before.items()}
    strict = tmp_path / "strict"
    assert batch(source, "-o", strict, "--require", gate).returncode == 1
    assert {name for name, state in states(strict).items() if state == "refused"} == many
    one = lines(strict)[min(many)]
    assert gate in one["error"] and one["exit_code"] == 3 and one["unmet"] == [gate]
    assert [Path(path).suffixes[-1] for path in one["outputs"]] == [".png", ".json"]
    assert batch(source, "-o", strict, "--resume").returncode == 0
    assert set(states(strict).values()) == {"done"}


def test_shards_do_everything_once_and_merge(tmp_path: Path) -> None:
    names = [f"{number}.png" for number in range(9)]
    source, out = pictures(tmp_path / "in", *names), tmp_path / "out"
    found: list[str] = []
    for index in (1, 2, 3):
        assert batch(source, "-o", out, "--shard", f"{index}/3", "--resume").returncode == 0
        found += states(out, f"manifest-{index}-of-3.jsonl")
    assert sorted(found) == names
    merged = batch("--merge", "-o", out)
    assert merged.returncode == 0 and "9 pictures, 9 done" in merged.stdout
    assert list(states(out)) == names
    before = lines(out)
    assert batch(source, "-o", out, "--resume").returncode == 0 and lines(out) == before


def test_job_file_gives_each_its_settings(tmp_path: Path) -> None:
    source = pictures(tmp_path / "in", "a.png", "sub/b.png", "c.png")
    jobs = source / "jobs.jsonl"
    jobs.write_text('{"picture": "a.png"}\n\n{"picture": "sub/b.png", "faces": 700, "fix": ["expose", "crop"]}\n')
    assert batch(jobs, "-o", tmp_path / "out", "--quality", "draft", "--jobs", 1).returncode == 0
    settings = {name: entry["settings"] for name, entry in lines(tmp_path / "out").items()}
    assert settings["a.png"]["target_faces"] == 5000 and settings["a.png"]["fixes"] == []
    assert settings["sub/b.png"]["target_faces"] == 700 and settings["sub/b.png"]["quality"] == "draft"
    assert settings["sub/b.png"]["fixes"] == ["expose", "crop"]


@pytest.mark.parametrize(
    ("line", "told"),
    [
        ('{"picture": "a.png", "faces": 1}', "line 2: The face count must be between"),
        ('{"picture": "a.png", "colour": 1}', "line 2: unrecognized arguments: --colour=1"),
        ('{"picture": "a.png", "quality": "best"}', "line 2: argument --quality: invalid choice"),
        ('{"picture": "a.png", "output": "/etc"}', "line 2: unrecognized arguments: --output=/etc"),
        ('{"picture": "a.png", "verbose": true}', "line 2: verbose cannot be true"),
        ('{"picture": "first.png"}', "line 2: first.png stands in jobs.jsonl, line 1 already"),
        ('{"picture": 5}', "line 2: there is no picture"),
        ('["a.png"]', "line 2: this is no object"),
        ("{", "line 2: this is no JSON"),
    ],
)
def test_wrong_line_of_a_job_file_stops_everything(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], line: str, told: str
) -> None:
    jobs = tmp_path / "jobs.jsonl"
    jobs.write_text('{"picture": "first.png"}\n' + line)
    assert cli.main(["batch", str(jobs), "-o", str(tmp_path / "out")]) == 2
    _, error = capsys.readouterr()
    assert told in error and error.count("\n") == 1
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (("in", "-o", "in"), "choose another folder"),
        (("in", "-o", "out", "--shard", "3/2"), "2/5"),
        (("in", "-o", "out", "--jobs", "0"), "choose 1 to"),
        (("in", "-o", "out", "--timeout", "nan"), "more than 0"),
        (("in", "-o", "out", "--retries", "-1"), "choose 0 to"),
        (("in", "-o", "out", "--require", "pretty"), "asks for no known figure"),
        (("in", "-o", "out", "--formats", "doc"), "choose among glb"),
        (("in", "-o", "out", "--shape-model", "none"), "none"),
        (("none", "-o", "out"), "none does not exist"),
        (("empty", "-o", "out"), "--recursive"),
        (("-o", "out"), "Name the pictures"),
        (("--merge", "-o", "empty"), "no manifest"),
    ],
)
def test_wrong_arguments_are_one_sentence(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], arguments: tuple[str, ...], told: str
) -> None:
    pictures(tmp_path / "in", "a.png")
    pictures(tmp_path / "empty/sub", "a.png")
    places = [str(tmp_path / part) if part in ("in", "out", "none", "empty") else part for part in arguments]
    assert cli.main(["batch", *places]) == (1 if "--shape-model" in arguments else 2)
    out, error = capsys.readouterr()
    assert told in error and error.count("\n") == 1 and out == ""
    assert files(tmp_path) == ["empty/sub/a.png", "in/a.png"]


def test_results_inside_the_input_are_not_taken_for_pictures(tmp_path: Path) -> None:
    source = pictures(tmp_path / "in", "a.png", "sub/b.png")
    for _ in range(2):
        assert batch(source, "-o", source / "meshes", "--recursive", "--resume").returncode == 0
    assert lines(source / "meshes").keys() == {"a.png", "sub/b.png"}


def test_results_may_lie_above_the_input_but_not_beside_pictures(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    pictures(tmp_path / "in", "a.png", "b.png")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(module, "worker_commands", lambda *_: [[sys.executable, str(STAND_IN)]])
    for inputs in ("in", "in/*.png", "in/a.png"):
        assert cli.main(["batch", inputs, "-o", ".", "--resume"]) == 0
    assert lines(tmp_path).keys() == {"a.png", "b.png"}
    for wrong in (["in", "-o", "in"], ["in/*.png", "-o", "in"], ["in", "in/a.png", "-o", "in"], ["*/*.png", "-o", "."]):
        assert cli.main(["batch", *wrong]) == 2
        assert "beside the picture" in capsys.readouterr().err


def test_masks_and_cards_are_found_from_the_workers_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pictures(tmp_path / "in", "a.png", "b.png")
    (tmp_path / "mask.png").write_bytes(b"white")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(module, "worker_commands", lambda *_: [[sys.executable, str(STAND_IN)]])
    run = ["batch", "in", "-o", "out", "--resume", "--mask", "mask.png"]
    assert cli.main(run) == 0
    before = lines(tmp_path / "out")
    assert before["a.png"]["settings"]["mask"] == str(tmp_path / "mask.png")
    (tmp_path / "mask.png").rename(tmp_path / "same.png")
    assert cli.main([*run[:-1], "same.png"]) == 0 and lines(tmp_path / "out") == before
    (tmp_path / "same.png").write_bytes(b"black")
    assert cli.main([*run[:-1], "same.png"]) == 0 and lines(tmp_path / "out") != before


def wait_for_line(output: Path) -> None:
    """Wait until a batch has finished a picture."""
    end = time.monotonic() + LIMIT
    while not (output / "manifest.jsonl").is_file() or not (output / "manifest.jsonl").read_bytes():
        assert time.monotonic() < end
        time.sleep(0.01)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_stopped_batch_leaves_nothing_half_done(tmp_path: Path, number: signal.Signals) -> None:
    names = [f"{count}.png" for count in range(40)]
    source, out = pictures(tmp_path / "in", *names), tmp_path / "out"
    driver = subprocess.Popen(command(source, "-o", out, "--jobs", 1), stderr=subprocess.PIPE, text=True)
    wait_for_line(out)
    busy = batch(source, "-o", out, "--resume")
    assert busy.returncode == 1 and "Another batch is at work" in busy.stderr
    driver.send_signal(number)
    _, told = driver.communicate(timeout=LIMIT)
    assert driver.returncode == 1 and "go on with the same and --resume" in told and told.count("\n") == 1
    done = states(out)
    assert 0 < len(done) < len(names)
    assert len(files(out)) == 1 + 3 * len(done)
    assert batch(source, "-o", out, "--resume", "--jobs", 2).returncode == 0
    assert sorted(states(out)) == sorted(names)


def test_full_disk_ends_the_batch_with_a_sentence(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    source, out = pictures(tmp_path / "in", "a.png", "b.png", "c.png"), tmp_path / "out"
    monkeypatch.setattr(module, "worker_commands", lambda *_: [[sys.executable, str(STAND_IN)]])
    free = iter([10**9, 10**9])
    monkeypatch.setattr(shutil, "disk_usage", lambda _folder: SimpleNamespace(free=next(free, 1000)))
    assert cli.main(["batch", str(source), "-o", str(out)]) == 1
    assert "is full: free some space" in capsys.readouterr().err
    assert states(out) == {"a.png": "done", "b.png": "done"} and len(files(out)) == 7


def test_worker_that_never_starts_is_no_picture_s_fault(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    source, out = pictures(tmp_path / "in", *(f"{count}.png" for count in range(9))), tmp_path / "out"
    broken = [sys.executable, "-c", "raise SystemExit('no library')"]
    monkeypatch.setattr(module, "worker_commands", lambda *_: [broken, broken])
    assert cli.main(["batch", str(source), "-o", str(out)]) == 1
    assert lines(out) == {}
