"""The Open Job Description template, checked and run by that project's own command line."""

from __future__ import annotations

import json
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
TEMPLATE = ROOT / "farm" / "openjd" / "template.yaml"
STAND_IN = ROOT / "tests" / "data" / "batch_stand_in.py"


def openjd(program: Path, *arguments: object) -> subprocess.CompletedProcess[str]:
    command = [str(program), *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)


def blender(folder: Path) -> Path:
    """A program that takes the arguments of Blender and runs the batch of the stand-in."""
    path = folder / "blender"
    path.write_text(f'#!/bin/sh\nshift 3\nexec {shlex.join([sys.executable, str(STAND_IN)])} "$@"\n')
    path.chmod(0o755)
    return path


def test_template_is_sound(openjd_program: Path) -> None:
    done = openjd(openjd_program, "check", TEMPLATE)
    assert done.returncode == 0, done.stdout + done.stderr


def test_a_job_runs_to_its_manifest(openjd_program: Path, tmp_path: Path) -> None:
    source, out = tmp_path / "the pictures", tmp_path / "out"
    source.mkdir()
    for name in ("a.png", "b.png", "c.png", "refused.png"):
        (source / name).write_bytes(name.encode())
    given = {"Input": source, "Output": out, "Shards": 2, "Quality": "draft", "Blender": blender(tmp_path)}
    parameters = [part for name, value in given.items() for part in ("-p", f"{name}={value}")]
    done = openjd(openjd_program, "run", TEMPLATE, "--step", "Merge", "--run-dependencies", *parameters)
    assert done.returncode == 0 and "All actions completed successfully" in done.stdout, done.stdout + done.stderr
    entries = [json.loads(line) for line in (out / "manifest.jsonl").read_text().splitlines()]
    assert [(entry["picture"], entry["state"]) for entry in entries] == [
        ("a.png", "done"),
        ("b.png", "done"),
        ("c.png", "done"),
        ("refused.png", "refused"),
    ]
    assert (out / "c.glb").is_file()


@pytest.mark.parametrize("wrong", ["Shards=0", "Quality=best", "Input="])
def test_wrong_parameters_are_refused(openjd_program: Path, tmp_path: Path, wrong: str) -> None:
    done = openjd(
        openjd_program,
        "run",
        TEMPLATE,
        "--step",
        "Merge",
        "-p",
        f"Input={tmp_path}",
        "-p",
        f"Output={tmp_path}",
        "-p",
        wrong,
    )
    assert done.returncode != 0 and wrong.partition("=")[0] in done.stdout + done.stderr
