"""Hilbert's curve goes through every cell of a cube, from one to the next."""

from __future__ import annotations

import numpy as np
import pytest
from maquette.geometry.box_tree import morton_codes
from maquette.geometry.hilbert import hilbert_codes


@pytest.mark.parametrize("halvings", [2, 4])
def test_the_curve_visits_all_cells_without_a_jump(halvings: int) -> None:
    n = 2**halvings
    cells = np.stack(np.meshgrid(*[np.arange(n)] * 3, indexing="ij"), axis=-1).reshape(-1, 3)
    codes = hilbert_codes(morton_codes((cells + 0.5) / n, np.zeros(3), np.ones(3)), halvings)
    assert np.array_equal(np.sort(codes), np.arange(n**3))
    steps = np.abs(np.diff(cells[np.argsort(codes)], axis=0)).sum(axis=1)
    assert (steps == 1).all()
