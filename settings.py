"""Quality presets and the limits of what can be asked for."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, get_args

from .contracts import Background, Device, Fix, Kind, Quality, Relief, Settings, Topology, Use
from .errors import MaquetteError
from .materials import PRESETS

__all__ = [
    "FACE_LIMITS",
    "HEIGHT_LIMITS",
    "QUALITY",
    "TEXTURE_SIZES",
    "QualityPreset",
    "check_face_count",
    "check_settings",
    "from_fields",
]

FACE_LIMITS = (100, 2_000_000)
TEXTURE_SIZES = (0, 1024, 2048, 4096)
HEIGHT_LIMITS = (0.001, 1000.0)


@dataclass(frozen=True)
class QualityPreset:
    """What one quality sets: ``target_faces``, ``texture_size`` in pixels, and ``detail``, the rays a side of the
    surface grid."""

    label: str
    target_faces: int
    texture_size: int
    detail: int


QUALITY: MappingProxyType[Quality, QualityPreset] = MappingProxyType(
    {
        "draft": QualityPreset("Draft", 5_000, 1024, 96),
        "standard": QualityPreset("Standard", 20_000, 2048, 160),
        "high": QualityPreset("High", 80_000, 4096, 256),
    }
)


def from_fields(fields: Mapping[str, Any]) -> Settings:
    """Settings from what JSON made of them.

    Raises
    ------
    TypeError, KeyError
        If the fields are not those of Settings.
    """
    subject = fields["subject"]
    values: dict[str, Any] = {**fields, "fixes": tuple(fields["fixes"]), "subject": tuple(subject) if subject else None}
    return Settings(**values)


def check_face_count(faces: int) -> None:
    """Raise MaquetteError for a target count of faces beyond `FACE_LIMITS`."""
    low, high = FACE_LIMITS
    if not low <= faces <= high:
        raise MaquetteError(f"The face count must be between {low:,} and {high:,}, not {faces:,}.")


def check_settings(settings: Settings) -> Settings:
    """Return ``settings`` unchanged.

    Raises
    ------
    MaquetteError
        One sentence naming the first value that cannot be used and the values that can.
    """
    choices = {
        "kind": Kind,
        "relief": Relief,
        "background": Background,
        "quality": Quality,
        "topology": Topology,
        "use": Use,
        "device": Device,
    }
    for name, kind in choices.items():
        value = getattr(settings, name)
        if value not in get_args(kind):
            raise MaquetteError(f"{name} cannot be {value!r}; choose one of {', '.join(get_args(kind))}.")
    for fix in settings.fixes:
        if fix not in get_args(Fix):
            raise MaquetteError(f"The picture cannot be mended by {fix!r}; choose among {', '.join(get_args(Fix))}.")
    if settings.subject and not all(0 <= value <= 1 for value in settings.subject):
        raise MaquetteError("The point on the subject must lie in the picture: two numbers from 0 to 1.")
    if settings.material not in PRESETS:
        raise MaquetteError(f"material cannot be {settings.material!r}; choose one of {', '.join(PRESETS)}.")
    if not 0 <= settings.delight <= 1:
        raise MaquetteError(f"The share of light to remove must be between 0 and 1, not {settings.delight:g}.")
    check_face_count(settings.target_faces)
    if settings.texture_size not in TEXTURE_SIZES:
        sizes = ", ".join(map(str, TEXTURE_SIZES))
        raise MaquetteError(
            f"The texture size cannot be {settings.texture_size}; choose one of {sizes} (0 is no texture)."
        )
    low_height, high_height = HEIGHT_LIMITS
    for name in ("width", "thickness"):
        value = getattr(settings, name)
        if not (math.isfinite(value) and 0 <= value <= high_height):
            raise MaquetteError(
                f"The {name} must be at most {high_height:g} metres, or 0 for the usual, not {value:g}."
            )
    if not (math.isfinite(settings.wall_height) and 0 < settings.wall_height <= high_height):
        raise MaquetteError(f"The walls must be at most {high_height:g} metres high, not {settings.wall_height:g}.")
    if not (math.isfinite(settings.height) and low_height <= settings.height <= high_height):
        raise MaquetteError(
            f"The height must be between {low_height:g} and {high_height:g} metres, not {settings.height:g}."
        )
    return settings
