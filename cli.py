"""The command line: ``blender -b --command maquette …``, or ``python3 dev.py cli …`` in Blender's module."""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
import time
import traceback
from collections.abc import Callable, Sequence
from dataclasses import asdict, replace
from pathlib import Path
from typing import NoReturn, get_args

from .contracts import Background, Device, MeshArrays, Quality, Report, Settings, Topology, Use
from .errors import MaquetteError, OutputError
from .outputs import Staging, staged
from .settings import QUALITY, TEXTURE_SIZES, check_settings
from .version import VERSION

__all__ = ["main"]

DONE, FAILED, WRONG_ARGUMENTS = 0, 1, 2


class _ArgumentError(MaquetteError):
    """The command was typed wrong."""

    exit_code = WRONG_ARGUMENTS


class _Parser(argparse.ArgumentParser):
    """A parser whose errors are one line, like all of ours."""

    def error(self, message: str) -> NoReturn:
        raise _ArgumentError(f"{message} (see: {self.prog} --help)")


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command.

    Parameters
    ----------
    argv
        What stands after ``maquette``; the process's own arguments unless given.

    Returns
    -------
    The exit code: 0 done, 1 something failed, 2 wrong arguments, 3 the picture was refused.
    """
    verbose = False
    try:
        options = _parser().parse_args(argv)
        verbose = options.verbose
        options.run(options)
    except SystemExit as end:  # --help and --version
        return end.code if isinstance(end.code, int) else DONE
    except MaquetteError as error:
        return _fail(str(error), error.exit_code, verbose)
    except KeyboardInterrupt:
        return _fail("stopped; nothing was written.", FAILED, verbose)
    except MemoryError:
        return _fail("memory ran out; close other programs, or choose a lower quality.", FAILED, verbose)
    except Exception as error:
        return _fail(f"unexpected error, please report it: {type(error).__name__}: {error}", FAILED, verbose)
    return DONE


def _fail(message: str, code: int, verbose: bool) -> int:
    if verbose:
        traceback.print_exc()
    sys.stderr.write(f"maquette: {' '.join(message.split())}\n")
    return code


def _parser() -> argparse.ArgumentParser:
    parser = _Parser(prog="maquette", description="One picture in, a clean, textured mesh out.", allow_abbrev=False)
    parser.add_argument("--version", action="version", version=f"maquette {VERSION}")
    commands = parser.add_subparsers(required=True, metavar="COMMAND", dest="command")
    generate = commands.add_parser("generate", help="make a textured mesh of a picture", allow_abbrev=False)
    generate.set_defaults(run=_generate)
    _add_generate_options(generate)
    return parser


def _add_generate_options(parser: argparse.ArgumentParser) -> None:
    default = Settings()
    add = parser.add_argument
    add("image", metavar="IMAGE", type=Path, help="the picture of one object, seen whole")
    add("-o", "--output", metavar="OUT", type=Path, required=True, help="the mesh; .glb .obj .fbx .stl .ply or .usd")
    add("--faces", type=int, metavar="N", help="target count of faces (else as the quality says)")
    add("--quality", choices=get_args(Quality), default=default.quality, help="sets faces, texture and fineness")
    add("--texture", type=int, choices=TEXTURE_SIZES, help="side of the texture in pixels (else as the quality says)")
    add("--topology", choices=get_args(Topology), default=default.topology, help="triangles or quads")
    add("--use", choices=get_args(Use), default=default.use, help="solid: closed, no inner shells; raw: as found")
    add("--background", choices=get_args(Background), default=default.background, help="what is not the object")
    add("--height", type=float, default=default.height, metavar="M", help="height of the object in metres")
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


def _generate(options: argparse.Namespace) -> None:
    """Make the mesh and write all that was asked for, or nothing."""
    settings = _settings(options)
    _check_paths(options)
    with staged() as staging:
        folders = {path: staging.folder(path) for path in (options.output, options.preview, options.report) if path}
        from . import pipeline

        # The libraries are loaded by now: from here on it is the run that takes the time.
        started = time.perf_counter()
        show = _progress(options.verbose)
        result = pipeline.generate(options.image, settings, pipeline.load_models(settings), show, lambda: False)
        _write_mesh(result.mesh, options.image.stem, folders[options.output] / options.output.name)
        if options.preview:
            _write_preview(result.mesh, folders[options.preview] / options.preview.name)
        report = _write_report(result.report, options, staging, folders)
        staging.publish()
    _summarise(options.output, report, time.perf_counter() - started)


def _settings(options: argparse.Namespace) -> Settings:
    """The settings asked for; faces and texture as the quality sets them unless they are given."""
    preset = QUALITY[options.quality]
    try:
        return check_settings(
            Settings(
                background=options.background,
                quality=options.quality,
                target_faces=preset.target_faces if options.faces is None else options.faces,
                topology=options.topology,
                texture_size=preset.texture_size if options.texture is None else options.texture,
                use=options.use,
                height=options.height,
                device=options.device,
                depth_model=options.depth_model,
                shape_model=options.shape_model,
                matte_model=options.matte_model,
            )
        )
    except MaquetteError as error:
        raise _ArgumentError(str(error)) from error


def _check_paths(options: argparse.Namespace) -> None:
    """Refuse outputs that could not be written or would overwrite something else, before any work is done."""
    from .blender.export import check_suffix

    try:
        check_suffix(options.output)
    except OutputError:
        raise
    except MaquetteError as error:
        raise _ArgumentError(str(error)) from error
    if options.preview and options.preview.suffix.lower() != ".png":
        raise _ArgumentError(f"{options.preview} is no PNG: let the preview's name end in .png.")
    paths = [path.resolve() for path in (options.image, options.output, options.preview, options.report) if path]
    if len(set(paths)) < len(paths):
        raise _ArgumentError("The picture, the mesh, the preview and the report need a name each: two are the same.")


def _progress(verbose: bool) -> Callable[[str, float], None]:
    """Tell each step on a terminal, or when asked to; nothing in a log."""
    wanted = verbose or sys.stderr.isatty()

    def show(step: str, fraction: float) -> None:
        if wanted:
            sys.stderr.write(f"{fraction:4.0%}  {step}\n")

    return show


def _write_mesh(mesh: MeshArrays, name: str, path: Path) -> None:
    """Build the object in the open file, which is not saved, and export it."""
    import bpy

    from .blender.build import build_object
    from .blender.export import export_file
    from .blender.place import place

    scene = bpy.context.scene
    scene.unit_settings.scale_length = 1.0  # some exporters multiply by it
    with tempfile.TemporaryDirectory(prefix="maquette-") as folder:
        item = build_object(mesh, _texture_file(mesh, Path(folder)), name)
    place(item, scene, bpy.context.view_layer, (0.0, 0.0, 0.0))
    export_file([item], path)


def _texture_file(mesh: MeshArrays, folder: Path) -> Path | None:
    from PIL import Image

    if mesh.texture is None:
        return None
    path = folder / "texture.png"
    Image.fromarray(mesh.texture).save(path, compress_level=1)
    return path


def _write_preview(mesh: MeshArrays, path: Path) -> None:
    from PIL import Image

    from .geometry.preview import render_view

    Image.fromarray(render_view(mesh)).save(path)


def _write_report(report: Report, options: argparse.Namespace, staging: Staging, folders: dict[Path, Path]) -> Report:
    """Name all outputs in the report, and write it where it was asked for."""
    if options.report:
        (folders[options.report] / options.report.name).touch()
    outputs = staging.targets()
    if options.image.resolve() in {path.resolve() for path in outputs}:
        raise OutputError(f"{options.image} would be overwritten by the mesh's texture: choose another name for -o.")
    if len(set(outputs)) < len(outputs):
        raise OutputError("The preview or the report has the name of a file that belongs to the mesh: choose another.")
    report = replace(report, outputs=tuple(map(str, outputs)))
    if options.report:
        text = json.dumps(asdict(report), indent=2) + "\n"
        (folders[options.report] / options.report.name).write_text(text, encoding="utf-8")
    return report


def _summarise(path: Path, report: Report, seconds: float) -> None:
    from .blender.report import mesh_lines

    what, problems = mesh_lines(asdict(report.mesh))
    line = f"{path}: {', '.join([what, *problems])}; {seconds:.1f} s\n"
    encoding = sys.stdout.encoding or "ascii"  # a console may lack the letters of a file name
    sys.stdout.write(line.encode(encoding, "backslashreplace").decode(encoding))
