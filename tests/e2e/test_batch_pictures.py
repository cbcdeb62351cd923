"""A batch of real pictures with the real networks: in Blender's module, and in a Blender."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import signal
import subprocess
import time
from pathlib import Path
from typing import Any

import pytest
import trimesh

BAD = ("gen_0x0_header.png", "gen_16k_header_no_data.png", "gen_zero_byte.png", "pillow_broken.png", "vips_sample.exr")
GOOD = 2
LIMIT = 300.0
QUICK = ("--quality", "draft", "--texture", "0", "--recursive")


def entries(folder: Path) -> dict[str, dict[str, Any]]:
    """The manifest, by picture."""
    found = [json.loads(line) for line in (folder / "manifest.jsonl").read_text().splitlines()]
    assert len({entry["picture"] for entry in found}) == len(found)
    return {entry["picture"]: entry for entry in found}


@pytest.fixture
def pictures(shared: Path, tmp_path: Path) -> Path:
    """Some pictures of the shared folder, two of them called alike, and some bad ones."""
    folder = tmp_path / "in"
    (folder / "again").mkdir(parents=True)
    good = sorted((shared / "eval/val/images").glob("*.png"))[:GOOD]
    for path in good:
        shutil.copy(path, folder)
    shutil.copy(good[0], folder / "again")
    shutil.copy(good[1], folder / f"{good[0].stem}.webp")  # the content decides what it is, not the name
    for name in BAD:
        shutil.copy(shared / "test-images" / name, folder)
    return folder


def test_each_picture_has_its_mesh_or_its_reason(dev, pictures: Path, tmp_path: Path) -> None:
    hashes: list[dict[str, str]] = []
    for jobs in (1, 2):
        out = tmp_path / str(jobs)
        done = dev("cli", "batch", pictures, "-o", out, "--jobs", str(jobs), *QUICK)
        assert done.returncode == 1 and "4 done, 5 refused, 0 failed" in done.stdout, done.stdout + done.stderr
        found = entries(out)
        assert {name for name, entry in found.items() if entry["state"] == "refused"} == set(BAD)
        assert all(found[name]["error"].endswith(".") and found[name]["outputs"] == [] for name in BAD)
        meshes = [out / entry["outputs"][0] for entry in found.values() if entry["state"] == "done"]
        for path in meshes:
            mesh = trimesh.load(path, force="mesh")
            assert isinstance(mesh, trimesh.Trimesh) and len(mesh.faces) > 1000
        hashes.append({str(path.relative_to(out)): hashlib.sha256(path.read_bytes()).hexdigest() for path in meshes})
    assert hashes[0] == hashes[1]


@pytest.mark.real_blender
def test_a_blender_does_a_batch(real_blender, profile: Path, example: Path, tmp_path: Path) -> None:
    pictures, out = tmp_path / "in", tmp_path / "out"
    pictures.mkdir()
    shutil.copy(example, pictures)
    (pictures / "bad.png").write_bytes(b"no picture")
    os.mkfifo(pictures / "pipe.png")
    command = ("blender", "-b", "--command", "maquette", "batch", str(pictures), "-o", str(out), "--formats", "glb,fbx")
    options = ("--quality", "draft", "--jobs", "1", "--require", "watertight,loose_parts==1,height<=1.01")
    done = real_blender.run(*command, *options, profile=profile, folders=[tmp_path])
    assert done.returncode == 1 and "1 done, 2 refused, 0 failed" in done.stdout, done.stdout + done.stderr
    assert done.stderr.count("\n") == 1
    names = {"toy.glb", "toy.fbx", "toy.preview.png", "toy.json", "manifest.jsonl"}
    assert {path.name for path in out.iterdir()} == names
    again = real_blender.run(*command, *options, "--resume", profile=profile, folders=[tmp_path])
    assert again.returncode == 1 and "(3 earlier)" in again.stdout


@pytest.mark.real_blender
def test_a_blender_is_stopped_in_order(real_blender, profile: Path, example: Path, tmp_path: Path) -> None:
    pictures, out = tmp_path / "in", tmp_path / "out"
    pictures.mkdir()
    for number in range(9):
        shutil.copy(example, pictures / f"{number}.png")
    command = ("blender", "-b", "--command", "maquette", "batch", str(pictures), "-o", str(out), "--jobs", "1")
    variables = {"BLENDER_USER_RESOURCES": str(profile)}
    pipes = {"stdout": subprocess.DEVNULL, "stderr": subprocess.PIPE}
    with real_blender.start((*command, *QUICK), variables, [profile, tmp_path], **pipes) as driver:
        end = time.monotonic() + LIMIT
        while not (out / "0.json").is_file() and driver.poll() is None and time.monotonic() < end:
            time.sleep(0.05)
        driver.send_signal(signal.SIGINT)
        _, told = driver.communicate(timeout=LIMIT)
    assert driver.returncode == 1 and "go on with the same and --resume" in told, told
    done = entries(out)
    assert 0 < len(done) < 9 and all(entry["state"] == "done" for entry in done.values())
    assert len(list(out.iterdir())) == 1 + 3 * len(done)
