"""Entries of a batch's manifest, to be shown on a page."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from maquette.batching.entry import Entry
from maquette.contracts import MeshReport, Settings

REPORT = MeshReport(
    vertices=1200,
    faces=2396,
    boundary_edges=0,
    non_manifold_edges=0,
    non_manifold_vertices=0,
    duplicate_faces=0,
    degenerate_faces=0,
    loose_parts=1,
    inner_shells=0,
    inconsistent_edges=0,
    self_intersections=0,
    watertight=True,
    volume=0.4,
    dimensions=(1.0, 0.5, 0.25),
)


def entry(picture: str, **different: Any) -> Entry:
    """A picture that is done, but for what is said to be different."""
    usual: dict[str, Any] = {
        "picture": picture,
        "source": f"/nowhere/{picture}",
        "state": "done",
        "key": "0" * 64,
        "time": "2026-05-04T03:02:01.000Z",
        "version": "0.1.0",
        "settings": asdict(Settings()),
        "models": [{"id": "maquette-depth", "sha256": "1" * 64, "provider": "CPUExecutionProvider"}],
        "seconds": {"Reading the picture": 0.25, "total": 3.5},
        "mesh": {**asdict(REPORT), "dimensions": list(REPORT.dimensions)},
        "outputs": [],
        "preview": None,
        "error": None,
        "exit_code": 0,
        "attempts": 1,
        "unmet": [],
        "notes": [],
    }
    return Entry(**{**usual, **different})
