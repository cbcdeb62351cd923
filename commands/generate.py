"""`maquette generate`: a picture becomes a textured mesh."""

from __future__ import annotations

import argparse
import tempfile
import time
from collections.abc import Mapping
from dataclasses import asdict, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, get_args

from ..contracts import Background, Device, Fix, Kind, MeshArrays, Quality, Relief, Settings, Topology, Use
from ..errors import MaquetteError
from ..materials import PRESETS
from ..outputs import staged
from ..settings import QUALITY, TEXTURE_SIZES, check_settings
from .common import ArgumentError, check_mesh_suffix, check_names, progress, say, stage, write_report

if TYPE_CHECKING:
    from ..pipeline import Result

__all__ = ["add_options", "run"]


def add_options(parser: argparse.ArgumentParser) -> None:
    """Say what the command takes."""
    default = Settings()
    add = parser.add_argument
    add("image", metavar="IMAGE", type=Path, help="the picture of one object, seen whole")
    add("-o", "--output", metavar="OUT", type=Path, required=True, help="the mesh; .glb .obj .fbx .stl .ply or .usd")
    add("--kind", choices=get_args(Kind), default=default.kind, help="what kind of picture it is (else as it looks)")
    add("--faces", type=int, metavar="N", help="target count of faces (else as the quality says)")
    add("--quality", choices=get_args(Quality), default=default.quality, help="sets faces, texture and fineness")
    add("--texture", type=int, choices=TEXTURE_SIZES, help="side of the texture in pixels (else as the quality says)")
    add("--topology", choices=get_args(Topology), default=default.topology, help="triangles or quads")
    add("--use", choices=get_args(Use), default=default.use, help="solid: closed, no inner shells; raw: as found")
    add("--background", choices=get_args(Background), default=default.background, help="what is not the object")
    add("--fix", nargs="+", choices=get_args(Fix), default=(), help="mend the picture before it is used")
    add("--height", type=float, default=default.height, metavar="M", help="height of the object in metres")
    add("--width", type=float, default=default.width, metavar="M", help="width of a relief or a floor plan in metres")
    add("--thickness", type=float, default=default.thickness, metavar="M", help="of a logo, a sketch or a relief")
    add("--wall-height", type=float, default=default.wall_height, metavar="M", help="of a floor plan")
    add("--relief", choices=get_args(Relief), default=default.relief, help="what a relief is for")
    add(
        "--delight",
        type=float,
        default=default.delight,
        metavar="S",
        help="light to take out of the texture, 0 to 1",
    )
    add("--material", choices=PRESETS, default=default.material, help="what the surface is made of")
    add("--device", choices=get_args(Device), default=default.device, help="what the networks run on")
    add(
        "--depth-model",
        default=default.depth_model,
        metavar="ID",
        help="network from picture to visible surface: an ID, or a card's .toml beside its network",
    )
    add("--matte-model", default=default.matte_model, metavar="ID", help="network that finds the object in a photo")
    add("--shape-model", default=default.shape_model, metavar="ID", help="network from visible surface to whole shape")
    add("--report", metavar="OUT.json", type=Path, help="write what was done and what the mesh is like")
    add("--preview", metavar="OUT.png", type=Path, help="write a picture of the mesh in three-quarter view")
    add("-v", "--verbose", action="store_true", help="say what is going on, and where an error comes from")


def run(options: argparse.Namespace) -> None:
    """Make the mesh and write all that was asked for, or nothing."""
    settings = _settings(options)
    _check_paths(options)
    with staged() as staging:
        mesh, preview, report = stage(staging, options.output, options.preview, options.report)
        from .. import model_set, pipeline

        # The libraries are loaded by now: from here on it is the run that takes the time.
        started = time.perf_counter()
        show = progress(options.verbose)
        result = pipeline.generate(options.image, settings, model_set.load_models(settings), show, lambda: False)
        _write_mesh(result, options.image.stem, mesh)
        if preview:
            _write_preview(result.mesh, preview)
        made = result.report
        write_report(staging, options.image, report, lambda outputs: asdict(replace(made, outputs=outputs)))
        staging.publish()
    for note in made.notes:
        say(note)
    _summarise(options.output, asdict(made.mesh), time.perf_counter() - started)


def _settings(options: argparse.Namespace) -> Settings:
    """The settings asked for; faces and texture as the quality sets them unless they are given."""
    preset = QUALITY[options.quality]
    try:
        return check_settings(
            Settings(
                kind=options.kind,
                width=options.width,
                thickness=options.thickness,
                wall_height=options.wall_height,
                relief=options.relief,
                background=options.background,
                fixes=tuple(options.fix),
                quality=options.quality,
                target_faces=preset.target_faces if options.faces is None else options.faces,
                topology=options.topology,
                texture_size=preset.texture_size if options.texture is None else options.texture,
                use=options.use,
                height=options.height,
                delight=options.delight,
                material=options.material,
                device=options.device,
                depth_model=options.depth_model,
                shape_model=options.shape_model,
                matte_model=options.matte_model,
            )
        )
    except MaquetteError as error:
        raise ArgumentError(str(error)) from error


def _check_paths(options: argparse.Namespace) -> None:
    """Refuse outputs that could not be written or would overwrite something else, before any work is done."""
    check_mesh_suffix(options.output)
    if options.preview and options.preview.suffix.lower() != ".png":
        raise ArgumentError(f"{options.preview} is no PNG: let the preview's name end in .png.")
    paths = [options.image, options.output, options.preview, options.report]
    check_names("The picture, the mesh, the preview and the report", paths)


def _write_mesh(result: Result, name: str, path: Path) -> None:
    """Build the object in the open file, which is not saved, and export it."""
    import bpy

    from .. import transfer
    from ..blender.build import build_object
    from ..blender.export import export_file
    from ..blender.place import place

    scene = bpy.context.scene
    scene.unit_settings.scale_length = 1.0  # some exporters multiply by it
    with tempfile.TemporaryDirectory(prefix="maquette-") as folder:
        transfer.save_pictures(Path(folder), result.mesh)
        texture, light = (transfer.picture_path(Path(folder), file) for file in (transfer.TEXTURE, transfer.LIGHT))
        report = result.report
        item = build_object(result.mesh, texture, name, report.settings.material, report.finish, light)
    place(item, scene, bpy.context.view_layer, (0.0, 0.0, 0.0))
    export_file([item], path)


def _write_preview(mesh: MeshArrays, path: Path) -> None:
    from PIL import Image

    from ..geometry.preview import render_view

    Image.fromarray(render_view(mesh)).save(path)


def _summarise(path: Path, mesh: Mapping[str, Any], seconds: float) -> None:
    from ..blender.report import mesh_lines

    what, problems = mesh_lines(mesh)
    say(f"{path}: {', '.join([what, *problems])}; {seconds:.1f} s")
