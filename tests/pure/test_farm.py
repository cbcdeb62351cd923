"""Batches on many machines, as far as they need no cluster."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from maquette.batching.entry import Entry
from maquette.batching.lock import work_folder
from maquette.batching.manifest import manifest_name, read_manifest, shard_manifests, write_manifest
from maquette.batching.shard import Shard
from maquette.errors import OutputError
from maquette.farm.manifests import deal, merge
from maquette.farm.sizes import Sizes

ROOT = Path(__file__).resolve().parents[2]


def entry(picture: str, state: str = "done", time: str = "2026-01-01T00:00:00.000Z", key: str = "k") -> Entry:
    values = {"picture": picture, "source": picture, "state": state, "key": key, "time": time, "version": "1"}
    lists = {"models": [], "outputs": [], "unmet": [], "notes": []}
    return Entry(
        **values, **lists, settings={}, seconds={}, mesh=None, preview=None, error=None, exit_code=0, attempts=1
    )


@given(st.integers(1, 10_000_000), st.integers(1, 1000), st.integers(1, 1000), st.floats(1, 1e5), st.floats(0, 1e6))
def test_shards_are_neither_too_small_nor_too_few(
    pictures: int, slots: int, probe: int, seconds: float, speed: float
) -> None:
    sizes = Sizes(pictures, slots, probe, seconds)
    assert 1 <= sizes.first() <= 100_000
    then = sizes.then(speed)
    assert min(slots, sizes.first()) <= then <= sizes.first()


def test_shards_take_the_time_that_was_asked_for() -> None:
    sizes = Sizes(10_000, slots=10, probe=8, seconds=180.0)
    assert sizes.first() == 1250
    assert sizes.then(0.1) == 556  # 18 pictures each
    assert sizes.then(100.0) == 10
    assert sizes.then(0.0) == 10
    assert sizes.then(0.001) == 1250


@settings(deadline=None, max_examples=20)
@given(st.sets(st.text(min_size=1, max_size=8), max_size=30), st.integers(1, 9), st.integers(1, 9))
def test_dealing_loses_nothing_and_gives_each_shard_its_own(
    tmp_path_factory: pytest.TempPathFactory, pictures: set[str], before: int, after: int
) -> None:
    folder = tmp_path_factory.mktemp("deal")
    write_manifest(folder / manifest_name(), [entry(picture) for picture in pictures])
    for count in (before, after):
        assert {one.picture for one in deal(folder, count)} == pictures
        for index in range(1, count + 1):
            shard = Shard(index, count)
            held = {one.picture for one in read_manifest(folder / manifest_name(index, count)).entries}
            assert held == {picture for picture in pictures if shard.holds(picture)}
        assert {path.name for path in shard_manifests(folder)} <= {manifest_name(i, count) for i in range(1, count + 1)}
    assert [one.picture for one in merge(folder)] == sorted(pictures)


def test_dealing_that_was_ended_is_mended_by_the_next_one(tmp_path: Path) -> None:
    """An entry that stands in an old and a new manifest counts once, and the newer one counts."""
    write_manifest(tmp_path / manifest_name(1, 2), [entry("a", "failed"), entry("b")])
    write_manifest(tmp_path / manifest_name(3, 7), [entry("a", "done", "2026-01-02T00:00:00.000Z", "new")])
    assert {(one.picture, one.state) for one in deal(tmp_path, 4)} == {("a", "done"), ("b", "done")}
    assert [(one.picture, one.key) for one in merge(tmp_path)] == [("a", "new"), ("b", "k")]


def test_nothing_is_dealt_while_somebody_is_at_work(tmp_path: Path) -> None:
    path = tmp_path / manifest_name(1, 2)
    write_manifest(path, [entry("a")])
    with work_folder(tmp_path, path), pytest.raises(OutputError, match="Another batch"):
        deal(tmp_path, 3)
    assert [one.picture for one in read_manifest(path).entries] == ["a"]


def ray_batch(*arguments: object) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, str(ROOT / "bootstrap.py"), "farm.ray_batch", *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)


@pytest.mark.parametrize("wrong", [("--cpus", "0"), ("--minutes", "nan"), ("--probe", "0"), ("--wait", "-1"), ()])
def test_wrong_arguments(tmp_path: Path, wrong: tuple[str, ...]) -> None:
    done = ray_batch(*([tmp_path, "-o", tmp_path / "out", *wrong] if wrong else []))
    assert done.returncode == 2 and "error" in done.stderr
    assert not (tmp_path / "out").exists()


node = pytest.importorskip("maquette.farm.node", reason="needs POSIX")


def test_blender_is_found_as_asked_as_the_node_says_or_on_its_path(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("blender", "other"):
        (tmp_path / name).write_text("#!/bin/sh\n")
        (tmp_path / name).chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.delenv(node.COMMAND, raising=False)
    assert node.find_command(None) == [str(tmp_path / "blender"), "-b", "--command", "maquette"]
    monkeypatch.setenv(node.COMMAND, "other 'with space'")
    assert node.find_command(None) == [str(tmp_path / "other"), "with space"]
    assert node.find_command("blender -b") == [str(tmp_path / "blender"), "-b"]
    with pytest.raises(FileNotFoundError, match="nowhere"):
        node.find_command("nowhere")


def test_a_node_that_cannot_take_part_says_why(tmp_path: Path) -> None:
    token = tmp_path / "token"
    token.write_text("token")
    echo = f"{sys.executable} -c 'print(\"maquette 1\")'"
    assert node.find_fault(echo, "maquette 1", str(token)) == ""
    assert "instead of 'maquette 2'" in node.find_fault(echo, "maquette 2", str(token))
    assert "not the same folder" in node.find_fault(echo, "maquette 1", str(tmp_path / "none"))
    assert "nowhere" in node.find_fault("nowhere", "maquette 1", str(token))


def test_a_lock_is_felt_by_others(tmp_path: Path) -> None:
    path = tmp_path / "lock"
    path.touch()
    assert not node.is_locked(str(path))
    holder = node.Holder(str(path))
    assert holder.hold() and node.is_locked(str(path))


def test_a_shard_says_how_it_ended(capfd: pytest.CaptureFixture[str]) -> None:
    says = "print('working on', os.environ['OMP_NUM_THREADS']); sys.stderr.write('maquette: no.\\n')"
    code = f"import os, sys; {says}; print('Blender quit'); sys.exit(3)"
    ended, word, seconds = node.do_shard(sys.executable, ["-c", code], 3)
    assert (ended, word) == (3, "maquette: no.") and seconds > 0
    assert "working on 3" in capfd.readouterr().out
    assert node.do_shard("nowhere", [], 1)[:2] == (
        127,
        "nowhere is not there: install it, or name the command with --command.",
    )


def test_what_a_shard_started_ends_with_the_process_that_asked_for_it(tmp_path: Path) -> None:
    """A wrapper that starts a program of its own is not known to anybody once its starter is killed."""
    mark = tmp_path / "pid"
    program = f"import os, time; open({str(mark)!r}, 'w').write(str(os.getpid())); time.sleep(600)"
    wrapper = f"import subprocess, sys; subprocess.run([sys.executable, '-c', {program!r}])"
    code = f"import runpy, sys; node = runpy.run_path({node.__file__!r}); arguments = ['-c', {wrapper!r}]"
    asker = subprocess.Popen([sys.executable, "-c", f"{code}; node['do_shard'](sys.executable, arguments, 1)"])
    wait_for(lambda: mark.is_file() and mark.read_text() != "")
    asker.send_signal(signal.SIGKILL)
    asker.wait()
    wait_for(lambda: not is_running(int(mark.read_text())))


def is_running(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    status = Path(f"/proc/{process}/stat")
    return not status.is_file() or status.read_text().rpartition(")")[2].split()[0] != "Z"


def wait_for(is_so: Callable[[], bool]) -> None:
    end = time.monotonic() + 60.0
    while not is_so():
        assert time.monotonic() < end
        time.sleep(0.02)
