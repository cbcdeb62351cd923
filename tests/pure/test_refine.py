"""Subdivision: four triangles for one, nothing moved."""

from __future__ import annotations

import numpy as np
import trimesh
from maquette.geometry.refine import subdivide


def test_closed_stays_closed_and_keeps_its_volume() -> None:
    ball = trimesh.creation.icosphere(subdivisions=2)
    vertices, faces = subdivide(np.float32(ball.vertices), np.int32(ball.faces))
    finer = trimesh.Trimesh(vertices, faces, process=False)
    assert len(faces) == 4 * len(ball.faces)
    assert finer.is_watertight and finer.is_winding_consistent
    np.testing.assert_allclose(finer.volume, ball.volume, rtol=1e-4)


def test_an_open_rim_gets_its_midpoints_once() -> None:
    square = np.float32([[0, 0, 0], [1, 0, 0], [0, 1, 0], [1, 1, 0]])
    vertices, faces = subdivide(square, np.int32([[0, 1, 2], [1, 3, 2]]))
    assert len(vertices) == 4 + 5
    assert len(np.unique(vertices, axis=0)) == len(vertices)
    assert len(faces) == 8
