"""The report a generated or checked object carries, and its words."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Mapping, Sequence
from typing import Any

import bpy

from ..contracts import MeshReport, Report
from ..mesh_words import counted, mesh_lines, problem_lines

__all__ = [
    "PROPERTY",
    "cleaning_part",
    "counted",
    "finish_line",
    "mesh_lines",
    "mesh_part",
    "problem_lines",
    "read_report",
    "run_line",
    "run_notes",
    "store_cleaning",
    "store_mesh_report",
    "store_report",
]

PROPERTY = "maquette_report"


def store_report(item: bpy.types.Object, report: Report) -> None:
    """Keep a run's report on its object, as JSON."""
    item[PROPERTY] = json.dumps(dataclasses.asdict(report))


def store_mesh_report(item: bpy.types.Object, mesh: MeshReport) -> None:
    """Keep a new measurement on an object, beside what its report says of the run that made it."""
    item[PROPERTY] = json.dumps({**read_report(item), "mesh": dataclasses.asdict(mesh)})


def store_cleaning(item: bpy.types.Object, done: Sequence[str], warnings: Sequence[str]) -> None:
    """Keep with an object what its last cleaning did, and what it could not do."""
    item[PROPERTY] = json.dumps({**read_report(item), "cleaning": {"done": list(done), "warnings": list(warnings)}})


def read_report(item: bpy.types.Object) -> dict[str, Any]:
    """The report an object carries, or an empty one: where there is none, or somebody wrote something else there."""
    try:
        report = json.loads(item[PROPERTY])
    except (KeyError, TypeError, ValueError):
        return {}
    return report if isinstance(report, dict) else {}


def mesh_part(report: Mapping[str, Any]) -> Mapping[str, Any] | None:
    """The part on the mesh, or None where it is missing or not all there."""
    mesh = report.get("mesh")
    names = {item.name for item in dataclasses.fields(MeshReport)}
    return mesh if isinstance(mesh, dict) and names <= mesh.keys() else None


def cleaning_part(report: Mapping[str, Any]) -> tuple[list[str], list[str]]:
    """What the last cleaning did and what it could not do; empty where there was none."""
    part = report.get("cleaning")
    if not isinstance(part, dict):
        return [], []
    done, warnings = ([str(text) for text in part.get(key) or []] for key in ("done", "warnings"))
    return done, warnings


def run_line(report: Mapping[str, Any]) -> str:
    """How long the run took and what it ran on, or nothing for an object that no run made."""
    seconds, models = report.get("seconds"), report.get("models")
    if not seconds or not models:
        return ""
    devices = sorted({model["provider"].removesuffix("ExecutionProvider") for model in models})
    return f"{sum(seconds.values()):.1f} s on {' and '.join(devices)}"


def run_notes(report: Mapping[str, Any]) -> list[str]:
    """What the run had to say of its picture."""
    return [str(note) for note in report.get("notes") or []]


def finish_line(report: Mapping[str, Any]) -> str:
    """What the picture said of the surface, or nothing where nothing was asked."""
    finish = report.get("finish")
    return "" if not finish else str(finish["note"])
