"""Scores the shipped networks, through the real pipeline, with the shared folder's own script."""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

import trimesh

from ..contracts import Settings
from ..errors import MaquetteError
from ..pipeline import generate, load_models

__all__ = ["main"]

PICTURES = {".png", ".jpg"}


def make_meshes(pictures: Path, out: Path, settings: Settings) -> dict[str, str]:
    """One PLY per picture of the folder ``pictures``; returns what went wrong, by name."""
    out.mkdir(parents=True, exist_ok=True)
    failed: dict[str, str] = {}
    for picture in sorted(p for p in pictures.iterdir() if p.suffix in PICTURES):
        start = time.time()
        try:
            mesh = generate(picture, settings, load_models(settings), lambda *_: None, lambda: False).mesh
        except MaquetteError as error:
            failed[picture.stem] = str(error)
            continue
        trimesh.Trimesh(mesh.vertices, mesh.faces, process=False).export(out / f"{picture.stem}.ply")
        print(f"{picture.stem} {time.time() - start:.1f} s", flush=True)
    return failed


def _table(rows: list[dict[str, float | str]], mean: dict[str, float]) -> str:
    """The scores as Markdown, the worst first, the mean on top."""
    lines = ["| object | CD | F@0.05 | F@0.1 | F@0.2 | pitch to best fit |", "|---|---|---|---|---|---|"]
    keys = ("cd", "f0.05", "f0.1", "f0.2")
    lines.append("| **mean** | " + " | ".join(f"**{mean[k]:.3f}**" for k in keys) + " | |")
    for row in sorted(rows, key=lambda r: r["f0.1"]):
        cells = " | ".join(f"{row[k]:.3f}" for k in keys)
        lines.append(f"| {row['name']} | {cells} | {row.get('pitch', 0):+.0f}° |")
    return "\n".join(lines)


def main() -> int:
    """``python bootstrap.py training.evaluate --eval DIR --out DIR [--set images]``; the table goes to ``OUT/table.md``."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--eval", type=Path, required=True, help="the shared folder's eval")
    parser.add_argument("--set", default="images", choices=["images", "photos"])
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--quality", default="standard")
    args = parser.parse_args()
    settings = replace(Settings(), texture_size=0, device="cpu", quality=args.quality)
    failed = make_meshes(args.eval / "val" / args.set, args.out, settings)
    for name, why in failed.items():
        print(f"{name}: {why}")
    command = [sys.executable, str(args.eval / "score.py"), "--dir", str(args.out), str(args.eval / "val" / "truth")]
    rows = [
        json.loads(line)
        for line in subprocess.run(command, check=True, capture_output=True, text=True).stdout.splitlines()
    ]
    (args.out / "table.md").write_text(_table(rows[:-1], rows[-1]["mean"]) + "\n")
    print(json.dumps(rows[-1]))
    return 0
