"""A closed, textured mesh made of formulas, for tests that need a finished result without any network."""

from __future__ import annotations

import numpy as np
from maquette.contracts import MeshArrays, MeshReport, Report, Settings

__all__ = ["ball", "ball_report"]

FRONT, BACK = (220, 40, 30), (40, 60, 220)


def ball(columns: int = 48, rows: int = 24, size: int = 64) -> MeshArrays:
    """A sphere of quads and polar triangles standing on Z = 0, 1 m high; its front (-Y) is red and its back blue.

    One vertex a point, so that the UV seam is one of the corners alone; 4 x 48 faces are triangles with the defaults.
    """
    around = np.arange(columns) / columns * 2 * np.pi
    up = np.arange(1, rows) / rows * np.pi
    x, y = np.outer(np.sin(up), np.cos(around)), np.outer(np.sin(up), np.sin(around))
    z = np.outer(-np.cos(up), np.ones(columns))
    rings = np.stack([x, y, z], axis=-1).reshape(-1, 3)
    vertices = np.concatenate([[[0, 0, -1]], rings, [[0, 0, 1]]]) * 0.5 + [0, 0, 0.5]
    corners = [_cell(column, row, columns, rows) for column in range(columns) for row in range(rows)]
    texture = np.empty((size, size, 3), np.uint8)
    texture[:, : size // 2] = BACK
    texture[:, size // 2 :] = FRONT
    return MeshArrays(
        vertices=vertices.astype(np.float32),
        faces=np.array([face for face, _ in corners], np.int32),
        uv=np.array([uv for _, uv in corners], np.float32),
        texture=texture,
        attributes={"seen": (vertices[:, 1] < 0).astype(np.float32)},
    )


def _cell(column: int, row: int, columns: int, rows: int) -> tuple[list[int], list[list[float]]]:
    """One face between two meridians and two circles: its corners and their UVs."""
    left, right, low, high = column / columns, (column + 1) / columns, row / rows, (row + 1) / rows
    a, b = 1 + (row - 1) * columns + column, 1 + (row - 1) * columns + (column + 1) % columns
    d, c = a + columns, b + columns
    if row == 0:
        return [0, c, d, -1], [[left, low], [right, high], [left, high], [0, 0]]
    if row == rows - 1:
        return [a, b, 1 + (rows - 1) * columns, -1], [[left, low], [right, low], [left, high], [0, 0]]
    return [a, b, c, d], [[left, low], [right, low], [right, high], [left, high]]


def ball_report(picture: str, mesh: MeshArrays) -> Report:
    """The report a run would give for it."""
    counts = MeshReport(len(mesh.vertices), len(mesh.faces), 0, 0, 0, 0, 0, 1, 0, 0, 0, True, 0.52, (1.0, 1.0, 1.0))
    models = ({"id": "formula", "sha256": "0" * 64, "provider": "CPUExecutionProvider"},)
    return Report("0", picture, Settings(), models, {"Building the surface": 1.5}, counts)
