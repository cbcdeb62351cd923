"""Foreign depth brought to the view frame: right where it is right, harmless where it is useless."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from maquette.contracts import Camera, Float, Surface
from maquette.inference.join import Sight, depth_normals, join_sights

S = 64
LINE = (np.arange(S) + 0.5) / S * 2 - 1
U, V = np.meshgrid(LINE, -LINE)
DISC = U**2 + V**2 < 0.75
SEEDS = st.integers(0, 2**32 - 1)
DISTANCES = st.floats(2.5, 12.0)


def waves(rng: np.random.Generator, finest: float) -> Float:
    """A smooth random landscape, float32 [S, S], of spread 1 within the disc."""
    total = np.zeros((S, S))
    for _ in range(6):
        a, b = rng.normal(0, finest, 2)
        total += np.cos(a * U + b * V + rng.uniform(0, 6)) * rng.uniform(0.3, 1)
    total -= total[DISC].mean()
    return (total / total[DISC].std()).astype(np.float32)


def surface(seed: int, distance: float) -> Surface:
    """A landscape of relief 0.3 in the disc, as an embedded estimate."""
    depth = np.where(DISC, 0.3 * waves(np.random.default_rng(seed), 3.0), 0).astype(np.float32)
    depth = np.where(DISC, depth - depth[DISC].mean(), 0).astype(np.float32)
    normals = depth_normals(depth, DISC, distance)
    return Surface(depth, normals, DISC, DISC.astype(np.float32), Camera(0.2, distance))


def inverse(depth: Float, distance: float, scale: float, shift: float) -> Float:
    return (scale / (distance + depth) + shift).astype(np.float32)


def error(result: Surface, truth: Surface) -> float:
    """Mean distance in depth, in spreads of the truth."""
    apart = np.abs(result.depth - truth.depth)[DISC].mean()
    return float(apart / np.abs(truth.depth)[DISC].mean())


@settings(max_examples=20, deadline=None)
@given(SEEDS, DISTANCES, st.floats(0.01, 1000), st.floats(-10, 10))
def test_inverse_depth_of_any_scale_comes_back(seed: int, distance: float, scale: float, shift: float) -> None:
    truth = surface(seed, distance)
    rng = np.random.default_rng(seed)
    depth = inverse(truth.depth, distance, 1.0, 0.0)
    spread = float(depth[DISC].std())
    noisy = depth + rng.normal(0, 0.05 * spread, depth.shape)
    noisy = np.where(rng.random(depth.shape) < 0.05, noisy + rng.choice([-8, 8], depth.shape) * spread, noisy)
    looks = [Sight((k * scale * (noisy / spread) + k * shift).astype(np.float32), DISC) for k in (1.0, 0.3)]
    joined = join_sights(looks, "inverse", truth)
    assert joined.trust > 0.95
    kept = np.abs(noisy - depth) < spread
    apart = (joined.surface.depth - truth.depth)[DISC & kept]
    assert np.abs(apart - np.median(apart)).mean() < 0.12 * np.abs(truth.depth)[DISC].mean()
    assert np.abs(joined.surface.depth).max() < 4 * np.abs(truth.depth).max()


@settings(max_examples=15, deadline=None)
@given(SEEDS, DISTANCES)
def test_a_better_network_corrects_the_embedded_one(seed: int, distance: float) -> None:
    """The embedded estimate is the truth and as much noise of its own again by half."""
    truth = surface(seed, distance)
    noise = 0.15 * waves(np.random.default_rng(seed + 1), 12.0)
    depth = np.where(DISC, truth.depth + noise, 0).astype(np.float32)
    embedded = replace(truth, depth=depth, normals=depth_normals(depth, DISC, distance))
    sight = Sight(inverse(truth.depth, distance, 5.0, 1.0), DISC)
    joined = join_sights([sight, sight], "inverse", embedded)
    assert error(joined.surface, truth) < 0.8 * error(embedded, truth)
    before, after = (np.sum(s.normals * truth.normals, -1)[DISC] for s in (embedded, joined.surface))
    assert after.mean() > before.mean()


@settings(max_examples=10, deadline=None)
@given(SEEDS, DISTANCES)
def test_distance_up_to_scale_and_shift_comes_back(seed: int, distance: float) -> None:
    truth = surface(seed, distance)
    sight = Sight((7.0 * truth.depth + 30).astype(np.float32), DISC)
    assert error(join_sights([sight], "distance", truth).surface, truth) < 1e-3


@settings(max_examples=15, deadline=None)
@given(SEEDS, DISTANCES, st.floats(0.01, 100))
def test_points_come_back_with_their_own_relief_and_camera(seed: int, distance: float, unit: float) -> None:
    """The embedded estimate has half the relief and another focal length: a point map knows better."""
    truth = surface(seed, distance)
    embedded = replace(truth, depth=truth.depth * np.float32(0.6), camera=Camera(0.2, distance * 1.4))
    sight = Sight((unit * (distance + truth.depth)).astype(np.float32), DISC, 1 / distance, truth.normals)
    joined = join_sights([sight, sight], "surface", embedded)
    assert joined.trust > 0.95
    assert error(joined.surface, truth) < 0.05
    assert joined.surface.camera.distance == pytest.approx(distance, rel=0.03)
    assert joined.surface.camera.elevation == 0.2
    assert np.sum(joined.surface.normals * truth.normals, -1)[DISC].min() > 0.95


def useless(kind: str, truth: Surface, seed: int) -> list[Sight]:
    """Two looks of a network that sees nothing, or the wrong thing."""
    rng, distance = np.random.default_rng(seed), truth.camera.distance
    right = inverse(truth.depth, distance, 1.0, 0.0)
    if kind == "constant":
        maps = [np.full((S, S), 3.0), np.full((S, S), 5.0)]
    elif kind == "noise":
        maps = [rng.normal(size=(S, S))] * 2
    elif kind == "inverted":
        maps = [-right, 1 - right]
    elif kind == "unsteady":
        maps = [right, -right]
    else:
        maps = [np.zeros((S, S)), np.full((S, S), 1e30)]
    return [Sight(m.astype(np.float32), DISC) for m in maps]


@pytest.mark.parametrize("kind", ["constant", "noise", "inverted", "unsteady", "huge"])
@settings(max_examples=10, deadline=None)
@given(seed=SEEDS, distance=DISTANCES)
def test_a_useless_network_does_no_harm(kind: str, seed: int, distance: float) -> None:
    embedded = surface(seed, distance)
    joined = join_sights(useless(kind, embedded, seed), "inverse", embedded)
    assert error(joined.surface, embedded) < 0.05
    assert joined.trust < 0.05
    assert np.sum(joined.surface.normals * embedded.normals, -1)[DISC].min() > 0.98


@settings(max_examples=10, deadline=None)
@given(SEEDS, DISTANCES)
def test_a_flat_or_inverted_point_map_does_no_harm(seed: int, distance: float) -> None:
    embedded = surface(seed, distance)
    for factor in (0.02, -1.0):
        z = (distance + factor * embedded.depth).astype(np.float32)
        joined = join_sights([Sight(z, DISC, 1 / distance)] * 2, "surface", embedded)
        assert joined.trust == 0 and joined.note.startswith("set aside")
        np.testing.assert_array_equal(joined.surface.depth, embedded.depth)


def test_what_the_network_does_not_see_follows_its_surroundings() -> None:
    """The embedded relief is half the true one; a strip that the point map lacks is moved along, without a step."""
    truth = surface(5, 4.0)
    embedded = replace(truth, depth=truth.depth * np.float32(0.5))
    seen = DISC & (np.abs(U - 0.1) > 0.06)
    z = np.where(seen, 4.0 + truth.depth, 1e4).astype(np.float32)
    joined = join_sights([Sight(z, seen, 0.25)] * 2, "surface", embedded)
    hidden = DISC & ~seen
    apart = np.abs(joined.surface.depth - truth.depth)[hidden].mean()
    assert apart < 0.3 * np.abs(embedded.depth - truth.depth)[hidden].mean()


def test_a_network_that_sees_a_corner_only_is_set_aside() -> None:
    embedded = surface(3, 4.0)
    corner = DISC & (U > 0.5) & (V > 0.5)
    joined = join_sights([Sight(4.0 + embedded.depth, corner, 0.25)], "surface", embedded)
    assert joined.trust == 0 and "too little" in joined.note


def test_unsure_pixels_of_the_embedded_depth_count_less_in_the_fit() -> None:
    """The lower half of the embedded depth is turned inside out, and says that it is unsure."""
    truth = surface(11, 4.0)
    wrong = DISC & (V < 0)
    depth = np.where(wrong, -truth.depth, truth.depth)
    sure = np.where(wrong, 0.02, 1.0).astype(np.float32) * DISC
    sight = Sight(inverse(truth.depth, 4.0, 2.0, 0.5), DISC)
    told = join_sights([sight], "inverse", replace(truth, depth=depth, confidence=sure))
    untold = join_sights([sight], "inverse", replace(truth, depth=depth))
    assert told.trust > 0.95 > untold.trust
    assert error(told.surface, truth) < 0.1


def test_normals_of_a_tilted_plane() -> None:
    """Y grows by 0.5 with X and by 0.25 with Z, seen from far away."""
    normals = depth_normals((0.5 * U + 0.25 * V).astype(np.float32), DISC, 1e6)
    expected = np.array([0.5, -1.0, 0.25]) / np.linalg.norm([0.5, 1.0, 0.25])
    np.testing.assert_allclose(normals[DISC], np.broadcast_to(expected, (int(DISC.sum()), 3)), atol=1e-4)
    assert not normals[~DISC].any()
