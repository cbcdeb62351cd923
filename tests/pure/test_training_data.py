"""The training data's geometry: what is varied can be undone, what is composed is closed, what is solid is solid."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import numpy as np
import pytest
import trimesh
from hypothesis import given
from hypothesis import strategies as st
from maquette.training.deform import choose_deformation


@given(seed=st.integers(0, 10_000))
def test_every_variation_can_be_undone(seed: int) -> None:
    rng = np.random.default_rng(seed)
    points = rng.uniform(-0.5, 0.5, (40, 3))
    shape = choose_deformation(points, rng)
    varied = shape.forward(points)
    assert np.ptp(varied, axis=0).max() == pytest.approx(1)
    assert shape.inverse(varied.astype(np.float32)) == pytest.approx(points, abs=2e-3)


def test_composed_objects_are_closed_and_fill_the_unit_box(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    compose = pytest.importorskip("maquette.training.compose")
    ball = trimesh.creation.icosphere(2, 0.5)
    (tmp_path / "meshes" / "balls").mkdir(parents=True)
    np.savez(tmp_path / "meshes" / "balls" / "ball.npz", vertices=ball.vertices, faces=ball.faces)
    (tmp_path / "split.json").write_text(json.dumps({"train": ["balls/ball.npz"]}))
    monkeypatch.setattr(sys, "argv", ["compose", "--meshes", str(tmp_path), "--count", "25", "--seed", "3"])
    assert compose.main() == 0
    made = sorted((tmp_path / "meshes" / "composed").glob("*.npz"))
    assert len(made) == 25
    for path in made:
        with np.load(path) as data:
            mesh = trimesh.Trimesh(data["vertices"], data["faces"])
        assert mesh.is_watertight
        assert mesh.volume > 0
        assert mesh.extents.max() == pytest.approx(1, abs=1e-4)


def test_solid_cells_are_the_inside_and_a_bowl_stays_open() -> None:
    solids = pytest.importorskip("maquette.training.solids")
    ball = trimesh.creation.icosphere(4, 0.5)
    grid = solids.solid_grid(ball.vertices, ball.faces)
    # Every cell that the surface touches counts, half a cell too many all round.
    radius = 0.5 + 0.5 / solids.GRID
    assert grid.sum() / solids.GRID**3 == pytest.approx(4 / 3 * np.pi * radius**3, rel=0.02)
    lower = ball.faces[(ball.vertices[ball.faces][..., 2] < 0.1).all(1)]
    bowl = solids.solid_grid(ball.vertices, lower)
    assert bowl.sum() < 0.15 * grid.sum()
