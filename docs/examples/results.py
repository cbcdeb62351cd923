"""Makes ``docs/results.png``: what comes out for the example pictures, from the front, three-quarter, side and back.

Run from the repository's root: ``.venv/bin/python docs/examples/results.py``.
"""

from __future__ import annotations

import importlib
import importlib.util
import sys
from pathlib import Path

import numpy as np
from PIL import Image

ROOT = Path(__file__).resolve().parents[2]
PICTURES = ("toy.png", "car.png", "teapot.png")
SIZE = 320  # pixels of each view


def load_package() -> None:
    """Make the checkout importable as ``maquette``."""
    spec = importlib.util.spec_from_file_location("maquette_bootstrap", ROOT / "bootstrap.py")
    assert spec is not None
    assert spec.loader is not None
    bootstrap = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = bootstrap
    spec.loader.exec_module(bootstrap)
    bootstrap.load_package()


def main() -> None:
    """Generate each example at Standard and write the sheet."""
    load_package()
    pipeline, preview = (importlib.import_module(f"maquette.{name}") for name in ("pipeline", "geometry.preview"))
    read_picture = importlib.import_module("maquette.inference.decode").read_picture
    settings = importlib.import_module("maquette.contracts").Settings()
    models = pipeline.load_models(settings)
    rows: list[np.ndarray] = []
    for name in PICTURES:
        picture = ROOT / "docs" / "examples" / name
        result = pipeline.generate(picture, settings, models, lambda *_: None, lambda: False)
        rows.append(preview.contact_sheet(result.mesh, read_picture(picture), SIZE))
    Image.fromarray(np.concatenate(rows)).convert("RGB").save(ROOT / "docs" / "results.png", optimize=True)


if __name__ == "__main__":
    main()
