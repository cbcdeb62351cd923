"""`maquette generate`: a picture becomes a textured mesh."""

from __future__ import annotations

import argparse
import time
from collections.abc import Mapping
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

from ..outputs import staged
from .common import ArgumentError, check_mesh_suffix, check_names, progress, say, stage, write_report
from .settings_options import add_settings, read_settings
from .write_result import built, write_preview

__all__ = ["add_options", "run"]


def add_options(parser: argparse.ArgumentParser) -> None:
    """Say what the command takes."""
    add = parser.add_argument
    add("image", metavar="IMAGE", type=Path, help="the picture of one object, seen whole")
    add("-o", "--output", metavar="OUT", type=Path, required=True, help="the mesh; .glb .obj .fbx .stl .ply or .usd")
    add_settings(parser)
    add("--report", metavar="OUT.json", type=Path, help="write what was done and what the mesh is like")
    add("--preview", metavar="OUT.png", type=Path, help="write a picture of the mesh in three-quarter view")
    add("-v", "--verbose", action="store_true", help="say what is going on, and where an error comes from")


def run(options: argparse.Namespace) -> None:
    """Make the mesh and write all that was asked for, or nothing."""
    settings = read_settings(options)
    _check_paths(options)
    with staged() as staging:
        mesh, preview, report = stage(staging, options.output, options.preview, options.report)
        from .. import pipeline
        from ..blender.export import export_file

        # The libraries are loaded by now: from here on it is the run that takes the time.
        started = time.perf_counter()
        show = progress(options.verbose)
        result = pipeline.generate(options.image, settings, None, show, lambda: False)
        with built(result, options.image.stem) as item:
            export_file([item], mesh)
        if preview:
            write_preview(result.mesh, preview)
        made = result.report
        write_report(staging, options.image, report, lambda outputs: asdict(replace(made, outputs=outputs)))
        staging.publish()
    for note in made.notes:
        say(note)
    _summarise(options.output, asdict(made.mesh), time.perf_counter() - started)


def _check_paths(options: argparse.Namespace) -> None:
    """Refuse outputs that could not be written or would overwrite something else, before any work is done."""
    check_mesh_suffix(options.output)
    if options.preview and options.preview.suffix.lower() != ".png":
        raise ArgumentError(f"{options.preview} is no PNG: let the preview's name end in .png.")
    paths = [options.image, options.output, options.preview, options.report]
    check_names("The picture, the mesh, the preview and the report", paths)


def _summarise(path: Path, mesh: Mapping[str, Any], seconds: float) -> None:
    from ..blender.report import mesh_lines

    what, problems = mesh_lines(mesh)
    say(f"{path}: {', '.join([what, *problems])}; {seconds:.1f} s")
