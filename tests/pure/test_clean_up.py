"""The whole cleaning: damaged bodies come back whole, sound ones untouched, and what cannot be mended is said."""

from __future__ import annotations

import importlib.util
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest
import trimesh
from hypothesis import given, settings
from hypothesis import strategies as st
from maquette.errors import CancelledError, MeshError
from maquette.geometry.repair.chain import clean_up, make_solid
from maquette.geometry.repair.faults import find_faults
from maquette.geometry.repair.polygons import Polygons, from_faces, keep_faces
from maquette.geometry.repair.triangulate import triangulate_polygons


def _damage() -> ModuleType:
    """The module ``tests/data/damage.py``."""
    path = Path(__file__).resolve().parents[1] / "data" / "damage.py"
    spec = importlib.util.spec_from_file_location("damage", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


damage_module = _damage()
DAMAGE, sound_mesh = damage_module.DAMAGE, damage_module.sound_mesh
BODIES = ("ball", "box", "ring", "rod")


def solid(mesh: Polygons) -> trimesh.Trimesh:
    return trimesh.Trimesh(mesh.points, mesh.corners[triangulate_polygons(mesh)[0]], process=False)


@pytest.mark.parametrize("kind", BODIES)
def test_a_sound_mesh_comes_back_as_it_is(kind: str) -> None:
    body = sound_mesh(kind, 3)
    cleaned = clean_up(from_faces(body.vertices, body.faces))
    assert cleaned.steps == ()
    assert cleaned.warnings == ()
    assert (cleaned.mesh.points == body.vertices).all()
    assert (cleaned.mesh.corners == body.faces.ravel()).all()


@given(
    st.sampled_from(BODIES),
    st.lists(st.sampled_from(sorted(DAMAGE)), min_size=1, max_size=4, unique=True),
    st.integers(0, 10_000),
)
@settings(max_examples=60, deadline=None)
def test_damage_is_undone(kind: str, damage: list[str], seed: int) -> None:
    rng = np.random.default_rng(seed)
    body = sound_mesh(kind, seed)
    vertices, faces = np.asarray(body.vertices), np.asarray(body.faces)
    for name in damage:
        vertices, faces = DAMAGE[name](vertices, faces, rng)
    cleaned = clean_up(from_faces(vertices, faces))
    result = solid(cleaned.mesh)
    assert find_faults(cleaned.mesh).total == 0
    assert result.is_watertight
    assert result.is_winding_consistent
    assert result.volume == pytest.approx(body.volume, rel=0.02)
    again = clean_up(cleaned.mesh)
    assert again.steps == ()
    assert (again.mesh.points == cleaned.mesh.points).all()
    assert (again.mesh.corners == cleaned.mesh.corners).all()


@given(st.integers(0, 10_000))
@settings(max_examples=10, deadline=None)
def test_overlapping_bodies_become_one(seed: int) -> None:
    rng = np.random.default_rng(seed)
    bodies = [sound_mesh(kind, seed + i) for i, kind in enumerate(BODIES[:3])]
    for body in bodies[1:]:
        body.apply_translation(rng.normal(size=3) * 0.4)
    whole = trimesh.util.concatenate(bodies)
    cleaned = clean_up(from_faces(whole.vertices, whole.faces))
    expected = trimesh.boolean.union(bodies, engine="manifold").volume
    result = solid(cleaned.mesh)
    assert result.is_watertight
    assert result.volume == pytest.approx(expected, rel=1e-3)


def test_two_equal_bodies_both_stay() -> None:
    one = trimesh.creation.icosphere(2)
    two = one.copy().apply_translation((3, 0, 0))
    whole = trimesh.util.concatenate([one, two])
    assert clean_up(from_faces(whole.vertices, whole.faces)).mesh.n_faces == 2 * len(one.faces)


def test_a_sheet_stays_open_with_a_warning_and_becomes_solid_when_asked() -> None:
    plane = trimesh.creation.box((1, 1, 1)).subdivide().subdivide()
    sheet = from_faces(plane.vertices, plane.faces[plane.triangles_center[:, 2] > 0.49])
    cleaned = clean_up(sheet)
    assert cleaned.mesh.n_faces == sheet.n_faces
    assert any("open" in text for text in cleaned.warnings)
    made = make_solid(sheet)
    result = solid(made.mesh)
    assert result.is_watertight
    assert 0 < result.volume < 0.1
    assert any("thickness" in text for text in made.warnings)


def test_a_large_plane_opening_is_closed_and_said() -> None:
    box = trimesh.creation.box((1, 1, 1))
    cleaned = clean_up(from_faces(box.vertices, box.faces[box.triangles_center[:, 2] < 0.49]))
    assert solid(cleaned.mesh).volume == pytest.approx(1.0)
    assert any("New surface" in text for text in cleaned.warnings)


def test_soup_far_from_the_origin_keeps_its_shape() -> None:
    ball = trimesh.creation.icosphere(2).apply_translation((1e7, -1e7, 1e7))
    soup = from_faces(ball.vertices[ball.faces].reshape(-1, 3), np.arange(ball.faces.size).reshape(-1, 3))
    cleaned = clean_up(soup)
    assert find_faults(cleaned.mesh).total == 0
    middle = solid(cleaned.mesh).apply_translation((-1e7, 1e7, -1e7))
    assert middle.volume == pytest.approx(trimesh.creation.icosphere(2).volume, rel=1e-4)


def test_one_sided_surfaces_are_named() -> None:
    angle = np.linspace(0, 2 * np.pi, 40, endpoint=False)
    rim = [
        (1 + s * np.cos(angle / 2))[:, None] * np.stack([np.cos(angle), np.sin(angle), 0 * angle], 1)
        + (s * np.sin(angle / 2))[:, None] * np.array([0, 0, 1])
        for s in (-0.3, 0.3)
    ]
    low, high = np.arange(40), 40 + np.arange(40)
    after = [(low[i], low[i + 1], high[i + 1], high[i]) for i in range(39)] + [(low[39], high[0], low[0], high[39])]
    faces = [row for a, b, c, d in after for row in ((a, b, c), (a, c, d))]
    cleaned = clean_up(from_faces(np.concatenate(rim), faces))
    assert cleaned.mesh.n_faces == 80
    assert any("one side" in text for text in cleaned.warnings)


def test_stopping_is_obeyed_between_steps() -> None:
    ball = trimesh.creation.icosphere(2)
    mesh = keep_faces(from_faces(ball.vertices, ball.faces), np.arange(len(ball.faces)) > 3)
    seen: list[str] = []
    with pytest.raises(CancelledError):
        clean_up(mesh, progress=lambda name, share: seen.append(name), cancelled=lambda: len(seen) >= 3)
    assert len(seen) == 3


def test_nothing_left_is_refused() -> None:
    with pytest.raises(MeshError):
        clean_up(from_faces(np.full((3, 3), np.inf), [[0, 1, 2]]))


def test_what_a_union_hides_is_not_said_to_be_lost() -> None:
    bodies = [trimesh.creation.icosphere(3), trimesh.creation.icosphere(3).apply_translation((1.1, 0, 0))]
    whole = trimesh.util.concatenate(bodies)
    assert clean_up(from_faces(whole.vertices, whole.faces)).warnings == ()
