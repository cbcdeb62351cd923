"""Closed meshes, and every kind of damage that generators and exporters do to them."""

from __future__ import annotations

import numpy as np
import trimesh


def sound_mesh(kind: str, seed: int) -> trimesh.Trimesh:
    """A closed, manifold, outward-wound mesh of some 300 to 1,300 faces, bumpy and turned at random."""
    rng = np.random.default_rng(seed)
    mesh = {
        "ball": lambda: trimesh.creation.icosphere(3),
        "box": lambda: trimesh.creation.box((1.6, 1.0, 0.7)).subdivide().subdivide().subdivide(),
        "ring": lambda: trimesh.creation.torus(1.0, 0.35, major_sections=24, minor_sections=12),
        "rod": lambda: trimesh.creation.capsule(1.2, 0.4, count=(16, 16)),
    }[kind]()
    if kind != "box":
        waves = sum(np.sin(mesh.vertices @ rng.normal(size=3) * 2 + rng.uniform(0, 6)) for _ in range(3))
        mesh.vertices += 0.02 * waves[:, None] * mesh.vertex_normals
    mesh.apply_transform(trimesh.transformations.random_rotation_matrix(rng.random(3)))
    return trimesh.Trimesh(mesh.vertices, mesh.faces, process=False)


def _surface(vertices, faces):
    """The corners that are numbers."""
    corners = vertices[faces].reshape(-1, 3)
    return corners[np.isfinite(corners).all(axis=1)]


def split_vertices(vertices, faces, rng):
    """Give half of the corners vertices of their own."""
    faces = faces.copy()
    alone = rng.random(faces.shape) < 0.5
    new = vertices[faces[alone]]
    faces[alone] = len(vertices) + np.arange(len(new))
    return np.concatenate([vertices, new]), faces


def flip_faces(vertices, faces, rng):
    """Turn a quarter of the faces over."""
    faces = faces.copy()
    turned = rng.random(len(faces)) < 0.25
    faces[turned] = faces[turned][:, ::-1]
    return vertices, faces


def remove_faces(vertices, faces, rng):
    """Punch three small holes."""
    gone = np.zeros(len(faces), bool)
    for seed in rng.choice(len(faces), 3, replace=False):
        ring = np.isin(faces, faces[seed]).any(axis=1)
        gone[np.flatnonzero(ring)[:4]] = True
        gone[seed] = True
    return vertices, faces[~gone]


def add_fins(vertices, faces, rng):
    """Stand single triangles on five edges."""
    chosen = rng.choice(np.flatnonzero(np.isfinite(vertices[faces]).all(axis=(1, 2))), 5, replace=False)
    a, b = vertices[faces[chosen, 0]], vertices[faces[chosen, 1]]
    away = (a + b) / 2 - _surface(vertices, faces).mean(axis=0)
    tips = (a + b) / 2 + 0.03 * away / np.linalg.norm(away, axis=1, keepdims=True)
    fins = np.stack([faces[chosen, 0], faces[chosen, 1], len(vertices) + np.arange(5)], axis=1)
    return np.concatenate([vertices, tips]), np.concatenate([faces, fins])


def double_faces(vertices, faces, rng):
    """Repeat a tenth of the faces, half of them the other way round."""
    again = faces[rng.random(len(faces)) < 0.1].copy()
    again[::2] = again[::2][:, ::-1]
    return vertices, np.concatenate([faces, again])


def add_specks(vertices, faces, rng):
    """Scatter ten tiny triangles around."""
    surface = _surface(vertices, faces)
    size = np.ptp(surface, axis=0).max()
    at = rng.uniform(surface.min(axis=0), surface.max(axis=0), (10, 3))
    corners = at[:, None] + rng.normal(0, 0.0008 * size, (10, 3, 3))
    new = len(vertices) + np.arange(30).reshape(-1, 3)
    return np.concatenate([vertices, corners.reshape(-1, 3)]), np.concatenate([faces, new])


def loose_vertices(vertices, faces, rng):
    """Leave fifty vertices far out that no face uses."""
    far = rng.normal(0, 50, (50, 3))
    return np.concatenate([far, vertices]), faces + 50


def not_numbers(vertices, faces, rng):
    """Add faces whose corners are nowhere."""
    nowhere = np.array([[np.nan, 0, 0], [0, np.inf, 0], [1, 2, np.nan]])
    return np.concatenate([vertices, nowhere]), np.concatenate([faces, len(vertices) + np.arange(3)[None]])


DAMAGE = {
    function.__name__: function
    for function in (
        split_vertices,
        flip_faces,
        remove_faces,
        add_fins,
        double_faces,
        add_specks,
        loose_vertices,
        not_numbers,
    )
}
