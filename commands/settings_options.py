"""The options that say how a mesh is to be made: those of `generate`, and of every picture of a batch."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import get_args

from ..contracts import Background, Device, Fix, Kind, Quality, Relief, Settings, Topology, Use
from ..errors import MaquetteError
from ..materials import PRESETS
from ..settings import QUALITY, TEXTURE_SIZES, check_settings
from .common import ArgumentError

__all__ = ["add_settings", "add_subject", "read_settings"]


def add_settings(parser: argparse.ArgumentParser) -> None:
    """Say which there are."""
    default = Settings()
    add = parser.add_argument
    add("--kind", choices=get_args(Kind), default=default.kind, help="what kind of picture it is (else as it looks)")
    add("--faces", type=int, metavar="N", help="target count of faces (else as the quality says)")
    add("--quality", choices=get_args(Quality), default=default.quality, help="sets faces, texture and fineness")
    add("--texture", type=int, choices=TEXTURE_SIZES, help="side of the texture in pixels (else as the quality says)")
    add("--topology", choices=get_args(Topology), default=default.topology, help="triangles or quads")
    add("--use", choices=get_args(Use), default=default.use, help="solid: closed, no inner shells; raw: as found")
    add("--background", choices=get_args(Background), default=default.background, help="what is not the object")
    add("--fix", nargs="+", choices=get_args(Fix), default=(), help="mend the picture before it is used")
    add_subject(parser)
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


def add_subject(parser: argparse.ArgumentParser) -> None:
    """Say how the subject is told from the rest of the picture."""
    add = parser.add_argument
    add("--subject", type=_point, metavar="X,Y", help="which of several things: a point on it, 0,0 top left, 1,1 below")
    add("--mask", type=Path, metavar="FILE", help="a picture that is white where the subject is, black elsewhere")


def _point(text: str) -> tuple[float, float]:
    """The point that is meant by ``0.25,0.6``; ValueError if there is none."""
    x, y = map(float, text.split(","))
    return x, y


def read_settings(options: argparse.Namespace) -> Settings:
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
                subject=options.subject,
                mask=str(options.mask or ""),
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
