"""`maquette clean`: a mesh file of any origin is repaired."""

from __future__ import annotations

import argparse
import time
from collections.abc import Iterable
from dataclasses import asdict
from pathlib import Path
from typing import Any

from ..contracts import MeshReport
from ..errors import MaquetteError
from ..outputs import staged
from ..settings import check_face_count
from ..version import VERSION
from .cleaning import Outcome, clean_file
from .common import ArgumentError, check_mesh_suffix, check_names, progress, say, stage, warn, write_report

__all__ = ["add_options", "run"]

USES = ("solid", "visual")


def add_options(parser: argparse.ArgumentParser) -> None:
    """Say what the command takes."""
    add = parser.add_argument
    add("mesh", metavar="MESH", type=Path, help="the mesh; .glb .gltf .obj .fbx .stl or .ply")
    add("-o", "--output", metavar="OUT", type=Path, required=True, help="the result; .glb .obj .fbx .stl .ply or .usd")
    add("--use", choices=USES, default=USES[0], help="solid: closed bodies; visual: what is open or small stays")
    add("--faces", type=int, metavar="N", help="reduce the result to so many triangles, of all objects together")
    add("--report", metavar="OUT.json", type=Path, help="write what was done and what the mesh was and is like")
    add("-v", "--verbose", action="store_true", help="say what is going on, and where an error comes from")


def run(options: argparse.Namespace) -> None:
    """Clean the mesh and write all that was asked for, or nothing."""
    _check(options)
    started = time.perf_counter()
    with staged() as staging:
        mesh, report = stage(staging, options.output, options.report)
        outcome = clean_file(options.mesh, mesh, options.use, options.faces, progress(options.verbose))
        write_report(staging, options.mesh, report, lambda outputs: _report(options, outcome, outputs))
        staging.publish()
    for text in outcome.warnings:
        warn(text)
    say(_summary(options.output, outcome, time.perf_counter() - started))


def _check(options: argparse.Namespace) -> None:
    """Refuse what cannot be before any work is done."""
    check_mesh_suffix(options.output)
    check_names("The mesh, the result and the report", [options.mesh, options.output, options.report])
    if options.faces is not None:
        try:
            check_face_count(options.faces)
        except MaquetteError as error:
            raise ArgumentError(str(error)) from error


def _report(options: argparse.Namespace, outcome: Outcome, outputs: Iterable[str]) -> dict[str, Any]:
    """What ``--report`` writes."""
    return {
        "version": VERSION,
        "mesh": str(options.mesh),
        "settings": {"use": options.use, "faces": options.faces},
        "seconds": outcome.seconds,
        "steps": [{"object": name, **asdict(step)} for name, step in outcome.steps],
        "warnings": outcome.warnings,
        "before": asdict(outcome.before),
        "after": asdict(outcome.after),
        "outputs": list(outputs),
    }


def _summary(path: Path, outcome: Outcome, seconds: float) -> str:
    """The whole run in one line."""
    repaired = {name for name, _ in outcome.steps}
    if not repaired:
        what = "nothing to repair"
    elif outcome.objects == 1:
        what = ", ".join(step.note for _, step in outcome.steps)
    else:
        what = f"{len(repaired):,} of {outcome.objects:,} objects repaired"
    return f"{path}: {outcome.after.faces:,} {outcome.kind}, {_state(outcome.after)}; {what}; {seconds:.1f} s"


def _state(mesh: MeshReport) -> str:
    from ..blender.report import counted

    if mesh.watertight:
        return "closed"
    if mesh.boundary_edges:
        return counted(mesh.boundary_edges, "open edge", "open edges")
    return counted(mesh.non_manifold_edges, "edge", "edges") + " with more than two faces"
