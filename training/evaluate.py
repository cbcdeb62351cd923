"""Scores the shipped networks, through the real pipeline, with the shared folder's own script."""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

import trimesh

from ..contracts import Settings
from ..errors import MaquetteError
from ..inference.card import EMBEDDED, load_card
from ..pipeline import generate, load_models

__all__ = ["main"]

PICTURES = {".png", ".jpg"}
KEYS = ("cd", "f0.05", "f0.1", "f0.2")
CARDS = (EMBEDDED / "maquette-depth.toml", EMBEDDED / "maquette-shape.toml")
HEAD = """# Shape quality

How near the meshes come to the true shapes, at Standard, on the 40 validation objects of the shared folder beside the
checkout, none of which took part in training. `eval/score.py` there aligns each mesh (24 turns, 9 pitches, then
similarity ICP) and measures both ways between 10,000 points; the longest side is 2. CD is the mean distance, F@t the
F-score at distance t. Its numbers compare only with its own.

For orientation, from the same script (with the true camera and perfect depth): the visible surface alone 0.715 F@0.1,
an ellipsoid in the visible box 0.576.

Made by `training.evaluate` (see `training/README.md`) with these networks:
"""


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


def score(script: Path, meshes: Path, truth: Path) -> tuple[list[dict[str, Any]], dict[str, float]]:
    """Run the scoring script over a folder of meshes: a row per object, and the means."""
    command = [sys.executable, str(script), "--dir", str(meshes), str(truth)]
    output = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    rows = [json.loads(line) for line in output.splitlines()]
    return rows[:-1], rows[-1]["mean"]


def _section(name: str, rows: list[dict[str, Any]], mean: dict[str, float], failed: dict[str, str]) -> str:
    """One set's scores as Markdown, the means on top, the worst object first."""
    upright = sum(abs(row.get("pitch", 90)) <= 10 for row in rows)
    count = f"{len(rows)} pictures, {len(failed)} without a mesh."
    lines = [f"## `val/{name}`", "", f"{count} Best fit within 10 degrees of upright: {upright} of {len(rows)}.", ""]
    lines += ["| object | CD | F@0.05 | F@0.1 | F@0.2 | pitch of the best fit |", "|---|---|---|---|---|---|"]
    lines.append("| **mean** | " + " | ".join(f"**{mean[k]:.3f}**" for k in KEYS) + " | |")
    for row in sorted(rows, key=lambda r: r["f0.1"]):
        lines.append(
            f"| {row['name']} | " + " | ".join(f"{row[k]:.3f}" for k in KEYS) + f" | {row.get('pitch', 0):+.0f}° |"
        )
    return "\n".join(lines) + "\n"


def main() -> int:
    """``python bootstrap.py training.evaluate --eval DIR --out DIR --page FILE.md``."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--eval", type=Path, required=True, help="the shared folder's eval")
    parser.add_argument("--sets", nargs="+", default=["images", "photos"])
    parser.add_argument("--out", type=Path, required=True, help="folder for the meshes")
    parser.add_argument("--page", type=Path, required=True, help="Markdown page to write")
    parser.add_argument("--quality", default="standard")
    args = parser.parse_args()
    settings = replace(Settings(), texture_size=0, device="cpu", quality=args.quality)
    sections: list[str] = []
    for name in args.sets:
        meshes = args.out / name
        failed = make_meshes(args.eval / "val" / name, meshes, settings)
        for picture, why in failed.items():
            print(f"{picture}: {why}")
        rows, mean = score(args.eval / "score.py", meshes, args.eval / "val" / "truth")
        print(name, json.dumps(mean), flush=True)
        sections.append(_section(name, rows, mean, failed))
    networks = [f"| {card.id} | {card.bytes / 1e6:.1f} MB | `{card.sha256[:16]}…` |" for card in map(load_card, CARDS)]
    table = "\n".join(["| network | size | sha256 |", "|---|---|---|", *networks])
    args.page.write_text("\n".join([HEAD, table, "", *sections]))
    return 0
