"""What the tests inside Blender share: a fresh scene for each, a small textured mesh, a worker without networks."""

from __future__ import annotations

import importlib.util
import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import bpy
import pytest
from maquette import launch, registration
from maquette.contracts import MeshArrays
from PIL import Image

DATA = Path(__file__).resolve().parents[1] / "data"


@pytest.fixture(autouse=True)
def empty_scene() -> None:
    """Every test starts from an empty scene with an undo history of its own."""
    bpy.ops.wm.read_homefile(use_empty=True)
    bpy.ops.ed.undo_push(message="Start")


@pytest.fixture
def registered(empty_scene: None) -> Iterator[None]:
    """The extension's classes and properties, for the time of a test."""
    registration.register()
    yield
    registration.unregister()


@pytest.fixture
def stand_in(monkeypatch: pytest.MonkeyPatch, registered: None) -> None:
    """Runs go to a worker process that makes balls, see ``tests/data/ball_worker.py``; small ones, for speed."""
    bpy.context.scene.maquette.target_faces = 512
    bpy.context.scene.maquette.texture_size = "1024"
    monkeypatch.setattr(launch, "default_command", lambda _blender=None: [sys.executable, str(DATA / "ball_worker.py")])


@pytest.fixture(scope="session")
def balls() -> ModuleType:
    """The module ``tests/data/ball.py``."""
    spec = importlib.util.spec_from_file_location("ball", DATA / "ball.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture
def ball(balls: ModuleType) -> MeshArrays:
    """A textured ball of quads and triangles, 1 m high."""
    return balls.ball()


@pytest.fixture
def texture_file(ball: MeshArrays, tmp_path: Path) -> Path:
    """The ball's texture as a PNG."""
    path = tmp_path / "texture of the ball.png"
    assert ball.texture is not None
    Image.fromarray(ball.texture).save(path)
    return path
