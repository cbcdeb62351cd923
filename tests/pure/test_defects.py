"""What the evaluation calls a slab, an open shell and split, on shapes where there is no doubt."""

from __future__ import annotations

import numpy as np
import pytest
import trimesh
from maquette.training.defects import compare, fit_similarity


def _ball(radius: float = 1.0) -> trimesh.Trimesh:
    return trimesh.creation.icosphere(4, radius)


def _bowl() -> trimesh.Trimesh:
    """A closed half ball that is hollow from behind (+Y), with a wall of 0.1."""
    turn = np.linspace(-np.pi / 2, 0, 24)
    arc = np.stack([np.cos(turn), np.sin(turn)], 1)
    bowl = trimesh.creation.revolve(np.concatenate([arc, 0.9 * arc[::-1]]), sections=64)
    bowl.apply_transform(trimesh.transformations.rotation_matrix(-np.pi / 2, [1, 0, 0]))
    return bowl


def test_a_true_copy_has_no_defect() -> None:
    found = compare(_ball(), _ball(), 0.3)
    assert found.names == []
    assert found.thickness == found.true_thickness
    assert found.hollow == 0
    assert found.accurate == found.complete == 1


@pytest.mark.parametrize("axis", [0, 1, 2])
def test_a_disc_in_place_of_a_ball_is_a_slab(axis: int) -> None:
    flat = _ball()
    flat.vertices *= np.where(np.arange(3) == axis, 0.3, 1.0)
    found = compare(flat, _ball(), 0.2)
    assert found.names == ["slab"]
    assert found.flatness == pytest.approx(0.3, abs=0.02)


def test_a_flat_thing_may_be_flat() -> None:
    coin = trimesh.creation.cylinder(1.0, 0.06, sections=64)
    thinner = coin.copy()
    thinner.vertices *= [1, 1, 0.4]
    assert compare(thinner, coin, 0.4).names == []


def test_a_bowl_in_place_of_a_ball_is_an_open_shell() -> None:
    found = compare(_bowl(), _ball(), 0.0)
    assert "open shell" in found.names
    assert found.hollow > 0.5


def test_a_bowl_in_place_of_a_bowl_is_none() -> None:
    assert compare(_bowl(), _bowl(), 0.0).hollow == 0


def test_a_mesh_with_a_hole_is_an_open_shell() -> None:
    holed = trimesh.Trimesh(_ball().vertices, _ball().faces[:-20], process=False)
    assert "open shell" in compare(holed, _ball(), 0.0).names


def test_two_halves_in_place_of_one_body_are_split() -> None:
    body = trimesh.creation.box((2.0, 0.6, 0.6))
    halves = trimesh.util.concatenate(
        [
            trimesh.creation.box((0.9, 0.6, 0.6), trimesh.transformations.translation_matrix([x, 0, 0]))
            for x in (-0.55, 0.55)
        ]
    )
    assert compare(halves, body, 0.0).names == ["split"]
    assert compare(halves, halves, 0.0).names == []


def test_a_similarity_is_found_again() -> None:
    rng = np.random.default_rng(0)
    points = rng.normal(size=(50, 3))
    turn = trimesh.transformations.random_rotation_matrix(rng.random(3))[:3, :3]
    scale, found, shift = fit_similarity(points, 1.7 * points @ turn.T + [1, 2, 3])
    assert scale == pytest.approx(1.7)
    assert found == pytest.approx(turn)
    assert shift == pytest.approx([1, 2, 3])
