"""Flamenco's job type: it compiles to the right tasks, and what they say does the batch."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parents[2]
SCRIPT = ROOT / "farm" / "flamenco" / "maquette_batch.js"
STAND_IN = ROOT / "tests" / "data" / "batch_stand_in.py"
GIVEN = {"pictures": "/in put", "results": "/out", "shards": 3}


def compiled(**settings: object) -> dict[str, Any]:
    """What Flamenco would make of a job with some settings."""
    node = shutil.which("node")
    if node is None:
        pytest.skip("needs Node.js")
    command = [node, str(Path(__file__).with_name("flamenco.cjs")), str(SCRIPT), json.dumps(settings)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=True)
    return json.loads(done.stdout)


def test_a_job_is_its_shards_and_then_the_manifest() -> None:
    tasks = compiled(**GIVEN, quality="draft", options=" --texture 1024  --require watertight ")["tasks"]
    assert [task["name"] for task in tasks] == [
        "shard-1-of-3",
        "shard-2-of-3",
        "shard-3-of-3",
        "merge-manifests",
    ]
    assert {task["type"] for task in tasks} == {"blender"}
    assert [task["dependencies"] for task in tasks] == [[], [], [], [task["name"] for task in tasks[:3]]]
    (command,) = tasks[1]["commands"]
    assert (command["name"], command["parameters"]["exe"]) == ("exec", "{blender}")
    given = command["parameters"]["args"]
    assert given[:5] == ["--background", "--command", "maquette", "batch", "/in put"]
    assert "2/3" in given and given[-4:] == ["--texture", "1024", "--require", "watertight"]


def test_settings_are_those_that_flamenco_knows() -> None:
    kinds = {"string", "int32", "float", "bool"}
    known = {"key", "type", "subtype", "choices", "propargs", "description", "default", "required"}
    for setting in compiled(**GIVEN)["type"]["settings"]:
        assert setting["type"] in kinds and setting.keys() <= known and setting["description"]
        assert setting["key"].isidentifier()
        if "choices" in setting:
            assert setting["type"] == "string" and setting["default"] in setting["choices"]


@pytest.mark.parametrize(
    "wrong",
    [{"shards": 0}, {"shards": 100_001}, {"shards": -1}, {"shards": None}, {"pictures": ""}, {"results": None}],
)
def test_what_makes_no_job_is_said(wrong: dict[str, object]) -> None:
    assert "hoose" in compiled(**{**GIVEN, **wrong})["error"]


def test_the_tasks_do_the_batch(tmp_path: Path) -> None:
    (tmp_path / "in put").mkdir()
    for name in ("a.jpg", "a.png", "b.png", "refused.png"):
        (tmp_path / "in put" / name).write_bytes(name.encode())
    out = tmp_path / "out"
    settings = {**GIVEN, "pictures": str(tmp_path / "in put"), "results": str(out), "quality": "draft"}
    for task in compiled(**settings)["tasks"]:
        for command in task["commands"]:
            given = command["parameters"]["args"][3:]
            done = subprocess.run([sys.executable, STAND_IN, *given], capture_output=True, text=True, check=False)
            assert done.returncode == 0, done.stderr
    entries = [json.loads(line) for line in (out / "manifest.jsonl").read_text().splitlines()]
    states = {entry["picture"]: entry["state"] for entry in entries}
    assert states == {"a.jpg": "done", "a.png": "done", "b.png": "done", "refused.png": "refused"}
    assert (out / "a.jpg.glb").is_file() and (out / "b.glb").is_file()
