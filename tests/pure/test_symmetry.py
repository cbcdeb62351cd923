"""Mirror planes are found where there are some, and hidden parts take their images' colours only where both agree."""

from __future__ import annotations

import numpy as np
import pytest
import trimesh
from hypothesis import given, settings
from hypothesis import strategies as st
from maquette.contracts import Camera, Subject, Surface
from maquette.geometry.axes import project, view_to_object
from maquette.geometry.bake import bake_texture
from maquette.geometry.filters import sample
from maquette.geometry.symmetry import Mirror, find_mirror
from maquette.geometry.unwrap import unwrap

Mesh = tuple[np.ndarray, np.ndarray]
LEVEL = Camera(0.0, 4.0)


def body(turn: float, elevation: float, lopsided: bool = False) -> tuple[Mesh, np.ndarray]:
    """A wedge-like body, turned about the vertical, in the view frame of a camera at ``elevation``; it is its own image
    in one plane, whose upright normal is returned, unless ``lopsided``."""
    mesh = trimesh.creation.icosphere(4, 0.5)
    points = np.asarray(mesh.vertices).copy()
    points[:, 1] *= 1 + 0.6 * (points[:, 2] + 0.5)
    points[:, 2] += 0.5 * points[:, 1] ** 2 * (points[:, 1] > 0)
    points[:, 0] *= 0.7 + 0.5 * points[:, 1]
    if lopsided:
        points[:, 2] += 0.6 * points[:, 0] * (points[:, 1] + 0.3)
    c, s = np.cos(turn), np.sin(turn)
    points = points @ np.array([[c, s, 0], [-s, c, 0], [0, 0, 1]])
    view = view_to_object(points.astype(np.float32), -elevation)
    return (view, np.asarray(mesh.faces, np.int32)), np.array([c, s, 0])


@settings(max_examples=20, deadline=None)
@given(st.floats(0, np.pi), st.floats(-0.2, 0.6))
def test_the_plane_of_a_symmetric_body_is_found(turn: float, elevation: float) -> None:
    (vertices, faces), normal = body(turn, elevation)
    mirror = find_mirror(vertices, faces, Camera(elevation, 4.0))
    assert mirror is not None
    upright = view_to_object(mirror.normal.astype(np.float32), elevation)
    assert abs(float(upright @ normal)) > np.cos(np.radians(5))
    assert mirror.offset == pytest.approx(0, abs=0.05)


def test_a_lopsided_body_has_no_plane() -> None:
    (vertices, faces), _ = body(0.7, 0.2, lopsided=True)
    assert find_mirror(vertices, faces, Camera(0.2, 4.0)) is None


def test_reflecting_twice_changes_nothing() -> None:
    mirror = Mirror(np.array([0.6, 0.8, 0.0]), 0.3)
    points = np.random.default_rng(0).normal(size=(50, 3)).astype(np.float32)
    image = mirror.reflect(points)
    assert np.allclose(mirror.reflect(image), points, atol=1e-5)
    assert np.allclose((points + image) / 2 @ mirror.normal, 0.3, atol=1e-5)


def painted(turn: float, colours_agree: bool) -> tuple[np.ndarray, np.ndarray]:
    """Bake a picture of stripes of red and blue onto the body (without agreement, slanted ones): the texture in
    the middles of hidden faces whose mirror images the camera sees well, and the stripes' colours there."""
    (vertices, faces), normal = body(turn, 0.0)
    normal = normal.astype(np.float32)
    picture = np.zeros((512, 512, 4), np.uint8)
    centres = (np.arange(512) + 0.5) / 256 - 1
    u, v = np.meshgrid(centres, -centres)
    slant = 0 if colours_agree else 1
    stripes = np.sin((v + slant * u) * 60) > 0
    picture[...] = np.where(stripes[..., None], (200, 40, 30, 255), (30, 50, 190, 255))
    nothing = np.zeros((512, 512), np.float32)
    surface = Surface(nothing, np.zeros((512, 512, 3), np.float32), nothing > 0, nothing, LEVEL)
    uv = unwrap(vertices, faces)
    subject = Subject(np.zeros((512, 512, 4), np.uint8), picture, 0.0, 0.0, 512.0)
    texture = bake_texture(vertices, faces, uv, subject, surface, 1024).texture
    mesh = trimesh.Trimesh(vertices, faces, process=False)
    middles, towards = mesh.triangles_center, np.array([0.0, -1.0, 0.0])
    image_normals = mesh.face_normals - 2 * (mesh.face_normals @ normal)[:, None] * normal
    chosen = (mesh.face_normals @ towards < -0.1) & (image_normals @ towards > 0.6)
    images = (middles - 2 * (middles @ normal)[:, None] * normal)[chosen].astype(np.float32)
    at = uv[chosen].mean(1) * 1024
    u, v, _ = project(images, LEVEL)
    wave = np.sin((v + slant * u) * 60)
    clear = np.abs(wave) > 0.5
    expected = np.where((wave > 0)[:, None], (200, 40, 30), (30, 50, 190))
    return sample(texture, at[:, 0], 1024 - at[:, 1])[clear], expected[clear]


def test_a_hidden_half_takes_the_colours_of_its_mirror_image() -> None:
    found, expected = painted(0.5, colours_agree=True)
    assert len(found) > 30
    assert np.median(np.abs(found - expected).max(1)) < 30


def test_nothing_is_mirrored_where_both_halves_differ() -> None:
    found, expected = painted(0.5, colours_agree=False)
    assert np.median(np.abs(found - expected).max(1)) > 60
