"""Makes ``docs/results.png``: what comes out for the example pictures, from the front, three-quarter, side and back.

Run from the repository's root: ``.venv/bin/python bootstrap.py docs.examples.results``.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
from PIL import Image

from ...contracts import Pixels, Settings
from ...geometry.preview import contact_sheet
from ...inference.decode import read_picture
from ...model_set import load_models
from ...pipeline import generate

__all__ = ["main"]

EXAMPLES = Path(__file__).resolve().parent
PICTURES = ("toy.png", "car.png", "teapot.png")
SIZE = 320  # pixels of each view


def main() -> int:
    """Generate each example at Standard and write the sheet."""
    settings = Settings()
    models = load_models(settings)
    rows: list[Pixels] = []
    for name in PICTURES:
        picture = EXAMPLES / name
        result = generate(picture, settings, models, lambda *_: None, lambda: False)
        rows.append(contact_sheet(result.mesh, read_picture(picture), SIZE))
    Image.fromarray(np.concatenate(rows)).convert("RGB").save(EXAMPLES.parent / "results.png", optimize=True)
    return 0
