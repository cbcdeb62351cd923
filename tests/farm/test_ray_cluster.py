"""A batch on a real Ray cluster of three nodes, of which one is killed half-way, and one cut off while it goes on."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from urllib.parse import quote

import pytest

from .namespaces import Node, can_isolate
from .ray_cluster import Cluster, cluster

ROOT = Path(__file__).resolve().parents[2]
STAND_IN = ROOT / "tests" / "farm" / "slow_batch.py"
LIMIT = 150.0


@pytest.fixture(scope="module")
def three(ray_python: Path) -> Iterator[Cluster]:
    """A cluster whose nodes have the batch command with a worker that makes files without networks."""
    if not can_isolate():
        pytest.skip("needs root, ip, and a kernel with network namespaces")
    with cluster(ray_python, 3, {"MAQUETTE_COMMAND": f"{sys.executable} {STAND_IN}"}) as made:
        yield made


def lines(folder: Path) -> list[tuple[str, str]]:
    """The shards' manifests: the shard and the picture of each whole line."""
    found: list[tuple[str, str]] = []
    for path in folder.glob("manifest-*-of-*.jsonl"):
        whole = path.read_text().rpartition("\n")[0]
        found += [(path.stem, json.loads(line)["picture"]) for line in whole.splitlines()]
    return found


def command_of(process: int) -> list[str]:
    try:
        return Path(f"/proc/{process}/cmdline").read_text().split("\0")
    except OSError:
        return []


def shards_on(node: Node) -> set[str]:
    """Which shards' drivers run on a node, as their manifests are called."""
    found: set[str] = set()
    for process in node.processes():
        command = command_of(process)
        if str(STAND_IN) in command and "--shard" in command and "-c" not in command:
            found.add("manifest-" + command[command.index("--shard") + 1].replace("/", "-of-"))
    return found


def wait_until(log: Path, what: str, is_so: Callable[[], bool], run: subprocess.Popen[str]) -> None:
    end = time.monotonic() + LIMIT
    while not is_so():
        assert run.poll() is None, f"it ended before {what}: {log.read_text()}"
        assert time.monotonic() < end, f"never: {what}: {log.read_text()}"
        time.sleep(0.05)


def kill_ray(node: Node) -> None:
    """Kill a node's raylet and Ray's workers, and leave what they have started to itself."""
    for process in node.processes():
        command = " ".join(command_of(process))
        if command.startswith("ray::") or "/raylet/raylet" in command.split(" ")[0]:
            os.kill(process, signal.SIGKILL)


def task_names(three: Cluster) -> list[str]:
    """What Ray's dashboard calls the tasks."""
    address = f"http://{three.nodes[0].address}:8265/api/v0/tasks?limit=1000&filter_keys={quote('type')}"
    code = f"import urllib.request as r; print(r.urlopen({address.partition('&')[0]!r}).read().decode())"
    asked = three.start("-c", code, stdout=subprocess.PIPE)
    answer, _ = asked.communicate(timeout=60)
    return [task["name"] for task in json.loads(answer)["data"]["result"]["result"]]


def start(three: Cluster, source: Path, out: Path, log: Path, *options: object) -> subprocess.Popen[str]:
    program = [ROOT / "bootstrap.py", "farm.ray_batch", source, "-o", out, "--address", three.address]
    with log.open("a") as output:
        return three.start(*program, *options, stdout=output, stderr=subprocess.STDOUT)


def pictures(folder: Path, count: int) -> list[str]:
    """Make files for pictures, one of which is refused: their names, sorted."""
    folder.mkdir()
    for number in range(count - 1):
        (folder / f"{number:03}.png").write_bytes(str(number).encode())
    (folder / "refused.png").touch()
    return sorted(path.name for path in folder.iterdir())


def check_results(out: Path, names: list[str]) -> None:
    """Every picture has one line and its files, all whole, and there is nothing else."""
    merged = [json.loads(line) for line in (out / "manifest.jsonl").read_text().splitlines()]
    assert [entry["picture"] for entry in merged] == names
    assert [entry["picture"] for entry in merged if entry["state"] != "done"] == ["refused.png"]
    assert sorted(picture for _, picture in lines(out)) == names  # nobody did another one's work
    done = [name.removesuffix(".png") for name in names[:-1]]
    files = {path.relative_to(out).as_posix(): path.stat().st_size for path in out.rglob("*") if path.is_file()}
    wanted = {f"{name}{suffix}" for name in done for suffix in (".glb", ".preview.png", ".json")}
    assert {name for name in files if not name.startswith("manifest")} == wanted
    assert len({files[f"{name}.glb"] for name in done}) == 1


def test_a_batch_is_done_and_gone_on_with(three: Cluster, tmp_path: Path) -> None:
    names = pictures(tmp_path / "in", 40)
    out, log = tmp_path / "out", tmp_path / "log"
    assert start(three, tmp_path / "in", out, log, "--minutes", 0.1, "--probe", 2).wait(LIMIT) == 1, log.read_text()
    check_results(out, names)
    assert {name.partition(" ")[0] for name in task_names(three)} >= {"check", "first", "shard"}
    before = (out / "manifest.jsonl").read_bytes()
    assert start(three, tmp_path / "in", out, log, "--minutes", 9, "--probe", 20).wait(LIMIT) == 1, log.read_text()
    assert (out / "manifest.jsonl").read_bytes() == before
    check_results(out, names)


def test_all_results_are_there_once_though_nodes_are_lost(three: Cluster, tmp_path: Path) -> None:
    names = pictures(tmp_path / "in", 210)
    out, log = tmp_path / "out", tmp_path / "log"
    head, killed, cut = three.nodes
    run = start(three, tmp_path / "in", out, log, "--probe", 70)

    def begun(node: Node) -> bool:
        return bool(shards_on(node) & dict(lines(out)).keys())

    wait_until(log, "both are at work", lambda: begun(killed) and begun(cut), run)
    cut.cut()
    kill_ray(killed)
    wait_until(log, "what the killed node had started is gone", lambda: not shards_on(killed), run)
    (shard,) = shards_on(cut)
    wait_until(log, "the shard is begun again while the node works on", lambda: shard in shards_on(head), run)
    count = dict(lines(out))
    wait_until(log, "it still does", lambda: len(lines(out)) > len(count) and shards_on(cut) == {shard}, run)
    assert run.wait(LIMIT) == 1, log.read_text()
    check_results(out, names)
    assert not shards_on(cut)


def test_no_cluster_is_one_sentence(ray_python: Path, tmp_path: Path) -> None:
    pictures(tmp_path / "in", 2)
    command = [ray_python, ROOT / "bootstrap.py", "farm.ray_batch", tmp_path / "in", "-o", tmp_path / "out"]
    done = subprocess.run(
        [*map(str, command), "--address", "127.0.0.1:1"], capture_output=True, text=True, timeout=LIMIT, check=False
    )
    assert done.returncode == 1 and done.stderr.count("\n") == 1 and "start one with ray start" in done.stderr
