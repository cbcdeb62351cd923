"""Runs the shipped networks on the validation objects, through the real pipeline, and scores what comes out with the
shared folder's own script; writes a JSON file per set for `training.quality_page`, which it calls at the end."""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from statistics import median
from typing import Any

import numpy as np
import trimesh
from PIL import Image

from ..contracts import Settings
from ..errors import MaquetteError
from ..geometry.preview import contact_sheet
from ..inference.decode import read_picture
from ..model_set import ModelSet, load_models
from ..pipeline import Result, generate
from .quality_page import write_page
from .quality_sheets import CELL
from .tilt import measure_tilt
from .true_depth import TrueDepth

__all__ = ["main"]

SETS = ("images", "photos", "true-depth", "foreign-depth")
PICTURES = {".png", ".jpg"}


@dataclass(frozen=True)
class _Set:
    """Pictures, what they are made with, and whether their results are drawn."""

    name: str
    pictures: Path
    settings: Settings
    models: Callable[[str], ModelSet]
    draw: bool


def _plan(name: str, evaluation: Path, settings: Settings, depth_model: str) -> _Set:
    """What a set's name stands for."""
    pictures = evaluation / "val" / ("photos" if name == "photos" else "images")
    if name == "foreign-depth":
        settings = replace(settings, depth_model=depth_model)
    draw = name == "images"
    if not draw:
        settings = replace(settings, texture_size=0)
    loaded = load_models(settings)
    if name != "true-depth":
        return _Set(name, pictures, settings, lambda _: loaded, draw)
    session = loaded.shape.session
    return _Set(
        name, pictures, settings, lambda stem: replace(loaded, depth=TrueDepth(session, evaluation, stem)), draw
    )


def _make(plan: _Set, picture: Path) -> Result:
    return generate(picture, plan.settings, plan.models(picture.stem), lambda *_: None, lambda: False)


def _make_all(plan: _Set, out: Path) -> tuple[dict[str, str], dict[str, float]]:
    """One PLY per picture, and its views where asked for; returns what went wrong, by name, and median seconds by
    step."""
    out.mkdir(parents=True, exist_ok=True)
    failed, seconds = dict[str, str](), dict[str, list[float]]()
    for picture in sorted(p for p in plan.pictures.iterdir() if p.suffix in PICTURES):
        target = out / f"{picture.stem}.ply"
        target.unlink(missing_ok=True)
        try:
            result = _make(plan, picture)
        except MaquetteError as error:
            failed[picture.stem] = str(error)
            continue
        mesh = result.mesh
        trimesh.Trimesh(mesh.vertices, mesh.faces, process=False).export(target)
        if plan.draw:
            views = contact_sheet(mesh, read_picture(picture), CELL)
            Image.fromarray(views).convert("RGB").save(target.with_suffix(".png"))
        for step, value in result.report.seconds.items():
            seconds.setdefault(step, []).append(value)
        print(f"{plan.name} {picture.stem} {sum(result.report.seconds.values()):.1f} s", flush=True)
    return failed, {step: median(values) for step, values in seconds.items()}


def _score(script: Path, meshes: Path, truth: Path) -> tuple[list[dict[str, Any]], dict[str, float]]:
    """Run the scoring script over a folder of meshes: a row per object, and the means."""
    command = [sys.executable, str(script), "--dir", str(meshes), str(truth)]
    output = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    rows = [json.loads(line) for line in output.splitlines()]
    return rows[:-1], rows[-1]["mean"]


def main() -> int:
    """``python bootstrap.py training.evaluate --eval DIR --out DIR --page FILE.md``."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--eval", type=Path, required=True, help="the shared folder's eval")
    parser.add_argument("--sets", nargs="*", choices=SETS, default=SETS[:3], help="none: only write the page again")
    parser.add_argument("--depth-model", default="", help="depth model of the set foreign-depth: an id or a card")
    parser.add_argument("--out", type=Path, required=True, help="folder for the meshes and scores")
    parser.add_argument("--page", type=Path, help="Markdown page to write, from all sets found in --out")
    args = parser.parse_args()
    if "foreign-depth" in args.sets and not args.depth_model:
        parser.error("the set foreign-depth needs --depth-model")
    for name in args.sets:
        plan = _plan(name, args.eval, replace(Settings(), device="cpu"), args.depth_model)
        failed, seconds = _make_all(plan, args.out / name)
        rows, mean = _score(args.eval / "score.py", args.out / name, args.eval / "val" / "truth")
        models = [Path(plan.settings.depth_model).stem, plan.settings.shape_model]
        cores = len(os.sched_getaffinity(0))
        found = dict(models=models, rows=rows, mean=mean, failed=failed, seconds=seconds, cores=cores)
        if plan.draw:
            found["tilts"] = [measure_tilt(load_models(plan.settings).depth, args.eval, row["name"]) for row in rows]
        (args.out / f"{name}.json").write_text(json.dumps(found, indent=1))
        upright = np.mean([abs(row.get("pitch", 90)) <= 10 for row in rows])
        print(name, json.dumps(mean), f"upright {upright:.2f}", *failed.items(), flush=True)
    if args.page:
        write_page(args.eval, args.out, args.page)
    return 0
