"""What surfaces are made of: presets for Blender's Principled shader, and what the picture says about its subject."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from types import MappingProxyType

from .contracts import Finish

__all__ = ["AUTO", "PRESETS", "USUAL", "Preset", "choose"]


@dataclass(frozen=True)
class Preset:
    """Values for the inputs of a Principled shader; what is not named here keeps its default of no effect.

    All are 0..1 but ``ior``, the index of refraction, and ``subsurface_path``, the mean free path of light under the
    surface in metres for red, green and blue. ``specular`` 0.5 is the reflection that follows from ``ior``.
    """

    label: str
    description: str
    roughness: float
    metallic: float = 0.0
    specular: float = 0.5
    ior: float = 1.5
    coat: float = 0.0
    coat_roughness: float = 0.03
    sheen: float = 0.0
    sheen_roughness: float = 0.5
    subsurface: float = 0.0
    subsurface_path: tuple[float, float, float] = (0.05, 0.01, 0.005)
    transmission: float = 0.0


AUTO = "auto"
USUAL = Finish(0.6, 0.0, "the usual values, as nothing was estimated")

# Dielectrics have an index of refraction near 1.5, which reflects 4 % head on; that of skin is 1.4. The mean free path
# of light in skin is that of "skin1" in Jensen et al. 2001, A Practical Model for Subsurface Light Transport.
PRESETS: Mapping[str, Preset] = MappingProxyType(
    {
        AUTO: Preset(
            "Auto",
            "Roughness and metallic as estimated from the picture, else fairly rough and not metallic.",
            USUAL.roughness,
        ),
        "matte_plastic": Preset(
            "Matte Plastic", "Moulded plastic or painted resin with a broad, soft highlight.", 0.55
        ),
        "glossy_ceramic": Preset(
            "Glossy Ceramic", "Glazed clay or porcelain: a clear, smooth coat over a softer body.", 0.35, coat=1.0
        ),
        "metal": Preset("Metal", "Brushed or cast metal, its reflections in the picture's colours.", 0.3, metallic=1.0),
        "wood": Preset("Wood", "Sanded wood with a thin finish: a faint, broad highlight.", 0.65, specular=0.4),
        "fabric": Preset(
            "Fabric",
            "Cloth, felt or plush: no highlight, and fibres that glow at the outline.",
            0.9,
            specular=0.2,
            sheen=0.4,
        ),
        "skin": Preset(
            "Skin",
            "Skin of a figure in life size: a soft highlight, and light that spreads under the surface.",
            0.45,
            ior=1.4,
            subsurface=0.3,
            subsurface_path=(0.00367, 0.00137, 0.00068),
        ),
        "glass": Preset(
            "Glass-like",
            "Clear and smooth, tinted in the picture's colours; what lies behind shines through.",
            0.03,
            transmission=1.0,
        ),
    }
)


def choose(key: str, finish: Finish | None = None) -> tuple[Preset, str]:
    """Return a preset of `PRESETS` and, in words, where its roughness and metallic come from.

    Parameters
    ----------
    key
        One of `PRESETS`; `AUTO` takes both values from ``finish``.
    finish
        What is known of the surface; None where nothing was estimated.

    Raises
    ------
    KeyError
        For a key that is none of `PRESETS`.
    """
    preset = PRESETS[key]
    if key != AUTO:
        return preset, f"the values of {preset.label}"
    finish = finish or USUAL
    return replace(preset, roughness=finish.roughness, metallic=finish.metallic), finish.note
