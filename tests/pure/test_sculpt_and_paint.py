"""What painting and sculpting need of a mesh: levels of subdivision, sizes of faces, and values as a picture."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from maquette.geometry.paint_mask import bake_values
from maquette.geometry.sculpt_detail import MOST_FACES, edge_length, levels_needed, side_length


@given(corners=st.integers(4, MOST_FACES), target=st.integers(1, MOST_FACES))
def test_levels_reach_the_detail_asked_for_within_memory(corners: int, target: int) -> None:
    levels, faces = levels_needed(corners, target)
    assert faces == corners * 4 ** (levels - 1) <= MOST_FACES
    assert faces >= target or faces * 4 > MOST_FACES
    assert levels == 1 or faces / 4 < target


def test_a_mesh_too_fine_to_subdivide_gets_no_level() -> None:
    assert levels_needed(MOST_FACES + 1, 100) == (0, 0)


@given(area=st.floats(0.01, 100), faces=st.integers(10, 1_000_000))
def test_sizes_cover_the_area(area: float, faces: int) -> None:
    assert side_length(area, faces) ** 2 * faces == pytest.approx(area)
    assert np.sqrt(3) / 4 * edge_length(area, faces) ** 2 * faces == pytest.approx(area)


def test_values_of_vertices_are_painted_over_the_uvs_and_beyond() -> None:
    triangles = np.array([[0, 1, 2], [0, 2, 3]], np.int32)
    square = np.array([[0.25, 0.25], [0.75, 0.25], [0.75, 0.75], [0.25, 0.75]], np.float32)
    mask = bake_values(np.array([0, 1, 1, 0], np.float32), triangles, square[triangles], 64)
    assert mask.shape == (64, 64)
    assert mask.dtype == np.uint8
    across = (np.arange(16, 48) + 0.5 - 16) / 32 * 255
    assert np.abs(mask[20:44, 16:48] - across).max() <= 1
    assert mask[10, 20] < 100 < 180 < mask[10, 44]


def test_the_upper_side_of_the_uvs_is_the_first_row() -> None:
    triangles = np.array([[0, 1, 2]], np.int32)
    uv = np.array([[[0, 0], [1, 0], [0, 1]]], np.float32)
    mask = bake_values(np.array([0, 0, 1], np.float32), triangles, uv, 32)
    assert mask[1, 0] > 230
    assert mask[30, 15] < 20
