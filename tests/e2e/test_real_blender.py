"""The built zip in a real Blender: its command, and a user's ups and downs in a window."""

from __future__ import annotations

import itertools
import json
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import trimesh
from PIL import Image

pytestmark = pytest.mark.real_blender

HERE = Path(__file__).resolve().parent


def test_the_command_makes_all_files(real_blender, profile: Path, example: Path, tmp_path: Path) -> None:
    mesh, report, preview = tmp_path / "toy.glb", tmp_path / "toy.json", tmp_path / "toy.png"
    options = ("-o", str(mesh), "--report", str(report), "--preview", str(preview))
    command = ("blender", "-b", "--command", "maquette", "generate", str(example), *options)
    done = real_blender.run(*command, profile=profile, folders=[example.parent, tmp_path])
    assert done.returncode == 0, done.stdout + done.stderr
    assert sorted(tmp_path.iterdir()) == [mesh, report, preview]
    assert 19_600 <= len(trimesh.load(mesh, force="mesh").faces) <= 20_400
    assert json.loads(report.read_text("utf-8"))["mesh"]["watertight"]


def test_the_command_cleans_a_textured_mesh(real_blender, profile: Path, tmp_path: Path) -> None:
    # Two boxes that pass through each other, one of them open, in single triangles with a picture on them.
    boxes = [
        trimesh.creation.box(bounds=[[0, 0, 0], [1, 1, 1]]),
        trimesh.creation.box(bounds=[[0.5, 0.5, 0.5], [2, 2, 2]]),
    ]
    whole = trimesh.util.concatenate([boxes[0], trimesh.Trimesh(boxes[1].vertices, boxes[1].faces[1:], process=False)])
    pieces = trimesh.Trimesh(
        whole.triangles.reshape(-1, 3), [[i, i + 1, i + 2] for i in range(0, 69, 3)], process=False
    )
    picture = Image.new("RGB", (16, 16), (200, 30, 30))
    pieces.visual = trimesh.visual.TextureVisuals(uv=[[0.25, 0.75]] * 69, image=picture)
    pieces.export(tmp_path / "pieces.glb")
    target, report = tmp_path / "solid.glb", tmp_path / "solid.json"
    options = (str(tmp_path / "pieces.glb"), "-o", str(target), "--report", str(report))
    done = real_blender.run(
        "blender", "-b", "--command", "maquette", "clean", *options, profile=profile, folders=[tmp_path]
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert json.loads(report.read_text("utf-8"))["after"]["watertight"]
    solid = trimesh.load(target, force="mesh")
    assert solid.visual.material.baseColorTexture.size == (16, 16)
    assert solid.visual.uv == pytest.approx(np.full(solid.visual.uv.shape, (0.25, 0.75)), abs=1e-4)
    body = trimesh.Trimesh(solid.vertices, solid.faces, process=False)
    body.merge_vertices(merge_tex=True, merge_norm=True)
    assert body.is_watertight
    assert body.volume == pytest.approx(1 + 1.5**3 - 0.5**3, rel=1e-4)
    assert body.bounds == pytest.approx(whole.bounds, abs=1e-5)


def test_the_command_reads_and_writes_every_format(real_blender, profile: Path, tmp_path: Path) -> None:
    wedge = trimesh.convex.convex_hull([[2, 3, 4], [3, 3, 4], [2, 5, 4], [2, 3, 7]])
    wedge.export(tmp_path / "0.ply")
    names = ["0.ply", "1.glb", "2.fbx", "3.obj", "4.stl", "5.ply"]
    for source, target in itertools.pairwise(names):
        arguments = ("clean", str(tmp_path / source), "-o", str(tmp_path / target))
        done = real_blender.run(
            "blender", "-b", "--command", "maquette", *arguments, profile=profile, folders=[tmp_path]
        )
        assert done.returncode == 0, done.stdout + done.stderr
        assert "4 triangles, closed; " in done.stdout
    last = trimesh.load(tmp_path / names[-1], process=False)
    assert np.unique(last.vertices.round(5), axis=0).tolist() == sorted(wedge.vertices.tolist())


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        (["clean", "nowhere.ply", "-o", "out.glb"], 3),
        (["clean", "nowhere.ply", "-o", "out.off"], 2),
        (["generate", "nowhere.png", "-o", "out.glb"], 3),
        (["generate", "nowhere.png"], 2),
        (["generate", "nowhere.png", "-o", "out.glb", "--faces", "many"], 2),
        ([], 2),
    ],
)
def test_the_exit_code_reaches_the_shell(real_blender, profile: Path, arguments: list[str], code: int) -> None:
    done = real_blender.run("blender", "-b", "--command", "maquette", *arguments, profile=profile)
    assert done.returncode == code
    assert "maquette: " in done.stderr
    assert "Traceback" not in done.stderr


@pytest.fixture(scope="module")
def story(real_blender, profile: Path, example: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """Play ``window.py`` in a window and return what it saw."""
    folder = tmp_path_factory.mktemp("window")
    shutil.copy(example, folder)
    return real_blender.play(HERE / "window.py", profile, folder, {"STORY_PICTURE": str(folder / example.name)})


def test_escape_leaves_no_object_no_file_and_no_process(story: dict[str, Any]) -> None:
    # That files and processes were gone is what the story waited for before it went on.
    assert story["worker_while_running"] == 1
    assert not any(story["escape_left"].values())
    assert story["escape_error"] == ""


def test_a_killed_worker_is_an_error_and_the_next_run_works(story: dict[str, Any]) -> None:
    assert story["killed_error"]
    assert not any(story["killed_left"].values())
    assert story["runs"][0]["error"] == ""
    assert story["runs"][0]["object"] == "toy"


def test_a_run_makes_one_selected_object_named_after_the_picture(story: dict[str, Any]) -> None:
    for run in story["runs"]:
        assert run["object"] == "toy"
        assert 19_600 <= run["faces"] <= 20_400
        assert run["active"]
        assert run["selected"] == ["toy"]
        assert run["files"] == []
        assert run["workers"] == 1


def test_one_undo_takes_all_of_a_run_back(story: dict[str, Any]) -> None:
    for run in story["runs"]:
        assert not any(run["left_after_undo"].values())


def test_the_interface_stays_responsive(story: dict[str, Any], tell: Callable[[str], None]) -> None:
    # The better of two runs: a busy machine delays any, a step that blocks delays both.
    ticks = [run["longest_tick_ms"] for run in story["runs"]]
    handovers = [run["handover_ms"] for run in story["runs"]]
    tell(f"On Blender's main thread: longest ticks {ticks} ms, hand-overs {handovers} ms")
    tell(f"Seconds from Esc to the end of the run: {story['escape_seconds']}")
    assert 0 < min(ticks) <= 50
    assert 0 < min(handovers) <= 500


def test_blender_ends_without_a_python_error(story: dict[str, Any]) -> None:
    assert "Traceback" not in story["log"]
    assert story["left"] == []


def test_the_button_in_the_sidebar(real_blender, zip_file: Path, example: Path, shared: Path, tmp_path: Path) -> None:
    made = "bpy.data.objects.get('toy') and len(bpy.data.objects['toy'].data.polygons) >= 1000"
    idle = "not bpy.context.window_manager.maquette_state.step"
    clicker, folder = shared / "blender" / "gui_click.sh", real_blender.wrapper.with_suffix("")
    command = [clicker, folder, zip_file, "Maquette"]
    expect = ["bpy.ops.maquette.generate_from_image", f"{made} and {idle}", tmp_path]
    environment = {
        "BIND": str(example.parent),
        "PATH": "/usr/sbin:/usr/bin:/sbin:/bin",
        "SETUP": f"bpy.context.scene.maquette.image_path = {str(example)!r}",
        "LIMIT": "600",
        "WAIT": "400",
    }
    done = subprocess.run([*map(str, command + expect)], env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
