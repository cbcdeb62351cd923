"""Measure what pictures of every kind do on every way in: `every_way_in.py WAY FOLDER OUT.json [NAME ...]`.

WAY: ``worker`` (check and generate in one worker process), ``command`` (both commands, in one Blender module), or
``blender`` (choose, drop, open and use, the picture in the panel, and the queue, in one Blender module).
FOLDER: the pictures; NAMEs are those of it to take, else all but ``index.csv`` and ``README.md``. For each picture and
step the result has ``[outcome, seconds, CPU seconds, megabytes]``: the greatest resident size of the process that reads
the picture. "" is the outcome of success, anything else the sentence. Linux alone.
"""

from __future__ import annotations

import contextlib
import importlib.util
import io
import json
import os
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import asdict, replace
from functools import partial
from pathlib import Path
from types import ModuleType
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
LEFT_OUT = {"index.csv", "README.md"}

Step = tuple[str, float, float, int]


def load_package() -> None:
    """Load the package under the alias that the tests use."""
    spec = importlib.util.spec_from_file_location("maquette_bootstrap", ROOT / "bootstrap.py")
    assert spec is not None
    assert spec.loader is not None
    bootstrap = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(bootstrap)
    bootstrap.load_package("maquette")


class Meter:
    """Time, processor time and the greatest resident size of a process, from one look to the next."""

    def __init__(self, process: Callable[[], int | None]) -> None:
        self._process = process
        self.restart()

    def restart(self) -> None:
        process = self._process()
        if process is not None:
            Path(f"/proc/{process}/clear_refs").write_text("5")
        self._started, self._used = time.monotonic(), self._processor()

    def read(self, outcome: str) -> Step:
        process = self._process()
        lines = Path(f"/proc/{process}/status").read_text().splitlines() if process else []
        kilobytes = next((int(line.split()[1]) for line in lines if line.startswith("VmHWM")), 0)
        used = self._processor() - self._used
        return outcome, round(time.monotonic() - self._started, 2), round(used, 2), kilobytes >> 10

    def _processor(self) -> float:
        process = self._process()
        if process is None:
            return 0.0
        fields = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def small() -> Any:
    """The settings of the fastest run there is."""
    from maquette.contracts import Settings

    return replace(Settings(), quality="draft", texture_size=0, target_faces=1000)


def through_worker(pictures: list[Path], told: dict[str, Any]) -> None:
    from maquette.events import Done, Progress
    from maquette.jobs import Worker

    worker = Worker()
    meter = Meter(lambda: worker.pid)

    def run(kind: str, picture: Path) -> Step:
        meter.restart()
        job = worker.submit(kind, {"picture": str(picture), "settings": asdict(small())})
        while not (events := [event for event in job.poll() if not isinstance(event, Progress)]):
            time.sleep(0.01)
        step = meter.read("" if isinstance(events[0], Done) else events[0].message)
        job.close()
        return step

    run("check", pictures[0])
    first = worker.pid
    for picture in pictures:
        told["pictures"][ascii(picture.name)] = {kind: run(kind, picture) for kind in ("check", "generate")}
    told["worker_changed"] = worker.pid != first
    worker.shutdown()


def through_command(pictures: list[Path], told: dict[str, Any]) -> None:
    import bpy
    from maquette.cli import main

    meter = Meter(os.getpid)
    target = Path(tempfile.gettempdir()) / "made.glb"
    options = ["-o", str(target), "--quality", "draft", "--texture", "0", "--faces", "1000"]

    def run(command: str, picture: Path, *more: str) -> Step:
        meter.restart()
        printed, complained = io.StringIO(), io.StringIO()
        with contextlib.redirect_stdout(printed), contextlib.redirect_stderr(complained):
            code = main([command, *more, "--", str(picture)])
        made = target.exists()
        target.unlink(missing_ok=True)
        if made != (code == 0 and command == "generate") or code not in {0, 3}:
            return meter.read(f"exit code {code}: {complained.getvalue()}")
        return meter.read(complained.getvalue() if code else "")

    run("check", pictures[0])
    before = blocks(bpy)
    for picture in pictures:
        told["pictures"][ascii(picture.name)] = {
            "check": run("check", picture),
            "generate": run("generate", picture, *options),
        }
    told["blocks"] = [before, blocks(bpy)]


def through_blender(pictures: list[Path], told: dict[str, Any]) -> None:
    import bpy
    from maquette import registration
    from maquette.blender import thumbnail
    from maquette.operators import generation

    bpy.ops.wm.read_homefile(use_empty=True)
    registration.register()
    scene, state = bpy.context.scene.maquette, bpy.context.window_manager.maquette_state
    scene.quality, scene.texture_size, scene.target_faces = "draft", "0", 1000
    meter = Meter(os.getpid)

    def run(action: Callable[[], object]) -> Step:
        meter.restart()
        try:
            result = action()
            outcome = "" if result in ({"FINISHED"}, "") else str(result)
        except (RuntimeError, TypeError, OSError) as error:
            outcome = " ".join(str(error).split())
        return meter.read(outcome)

    def shown() -> str:
        while (found := thumbnail.icon(scene.image_path))[1] == "Reading the picture…":
            time.sleep(0.01)
        thumbnail.forget(scene.image_path)
        return found[1]

    def opened(picture: Path) -> object:
        # Not loaded, which waits for ever where the file is a pipe: it has come to be one since it was.
        image = bpy.data.images.new("opened", 8, 8)
        image.source, image.filepath_raw = "FILE", str(picture)
        try:
            return bpy.ops.maquette.use_image(image=image.name)
        finally:
            bpy.data.images.remove(image)

    for picture in pictures:
        steps = told["pictures"][ascii(picture.name)] = {}
        scene.image_path = ""
        steps["drop"] = run(partial(bpy.ops.maquette.drop_picture, filepath=str(picture)))
        steps["open and use"] = run(partial(opened, picture))
        scene.image_path = ""
        steps["choose"] = run(partial(bpy.ops.maquette.choose_picture, filepath=str(picture)))
        if scene.image_path:
            steps["panel"] = run(shown)
            steps["check"] = run(bpy.ops.maquette.check_image)
            bpy.ops.maquette.add_to_queue(filepath=str(picture))
    scene.image_path = ""
    before = blocks(bpy)
    meter = Meter(lambda: generation.shared_worker().pid)
    meter.restart()
    bpy.ops.maquette.generate_queue()
    told["queue"] = meter.read("")
    told["states"] = {ascii(entry.name): [entry.state, entry.message] for entry in state.queue}
    told["blocks"] = [before, blocks(bpy)]
    registration.unregister()


def blocks(bpy: ModuleType) -> dict[str, int]:
    """How many of each kind of thing Blender holds."""
    return {name: len(getattr(bpy.data, name)) for name in ("objects", "meshes", "materials", "images")}


def children() -> Iterator[int]:
    """This process's child processes that have not ended."""
    for folder in Path("/proc").iterdir():
        if folder.name.isdigit():
            with contextlib.suppress(OSError):
                status, parent = (folder / "stat").read_text().rpartition(")")[2].split()[:2]
                if int(parent) == os.getpid() and status != "Z":
                    yield int(folder.name)


def main() -> None:
    """Measure one way, and write what was measured."""
    way, folder, out, *names = sys.argv[1:]
    load_package()
    pictures = sorted(path for path in Path(folder).iterdir() if path.name not in LEFT_OUT)
    if names:
        pictures = [picture for picture in pictures if picture.name in names]
    told: dict[str, Any] = {"pictures": {}}
    with tempfile.TemporaryDirectory() as temporary:
        tempfile.tempdir = temporary
        ways = {"worker": through_worker, "command": through_command, "blender": through_blender}
        ways[way](pictures, told)
        told["left"], told["processes"] = os.listdir(temporary), list(children())
    Path(out).write_text(json.dumps(told, indent=1), "utf-8")


if __name__ == "__main__":
    main()
