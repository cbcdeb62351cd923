"""What a camera sees of a mesh."""

from __future__ import annotations

import numpy as np
import trimesh
from maquette.contracts import Camera
from maquette.geometry.visibility import seen_vertices


def test_the_near_half_of_a_ball_is_seen_and_what_stands_behind_it_is_not() -> None:
    near = trimesh.creation.icosphere(4, 0.5)
    behind = trimesh.creation.icosphere(2, 0.2)
    behind.apply_translation([0, 1.5, 0])
    both = trimesh.util.concatenate([near, behind])
    vertices = np.asarray(both.vertices, np.float32)
    seen = seen_vertices(vertices, np.asarray(both.faces, np.int32), Camera(0.0, 4.0))
    ball, hidden = seen[: len(near.vertices)], seen[len(near.vertices) :]
    y = near.vertices[:, 1]
    assert (ball[y < -0.2] == 1).all()
    assert (ball[y > 0.05] == 0).all()
    assert not hidden.any()
