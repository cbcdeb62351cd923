"""How much the shape suffers when pictures are made bad in a known way, and how much of it the fixes bring back.

Meshes of photos that `training.degrade` made worse, as they are and with the fix that the picture check offers, through
the real pipeline; scored by the shared folder's own script.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import trimesh
from PIL import Image

from ..contracts import Mask, Pixels, Settings
from ..errors import MaquetteError
from ..inference.cutout import OPAQUE
from ..inference.decode import decode_picture
from ..model_set import ModelSet, load_models
from ..pipeline import generate
from .degrade import degrade
from .fixes_page import CLEAN, FIXED, PLAIN, Scores, write_page

__all__ = ["main"]

# What is measured, with the fix that the check offers where there is one.
FIXES = {
    "blurred": "",
    "small": "upscale",
    "over-exposed": "",
    "under-exposed": "expose",
    "hard shadow": "",
    "cut off": "",
    "two subjects": "choose",
    "cluttered": "",
}
DRAFT = Settings(kind="photo", quality="draft", target_faces=5000, texture_size=0, device="cpu")


@dataclass(frozen=True)
class _Case:
    """One picture: of which object, made worse how and how much (0: not at all), with the fix or as it is."""

    name: str
    kind: str
    strength: int
    way: str

    @property
    def stem(self) -> str:
        """Of the files made for it."""
        return f"{self.name}--{self.kind.replace(' ', '_')}-{self.strength}-{self.way}"


def _cases(name: str, strengths: list[int]) -> list[_Case]:
    found = [_Case(name, CLEAN, 0, PLAIN)]
    for kind, fix in FIXES.items():
        ways = (PLAIN, FIXED) if fix else (PLAIN,)
        found += [_Case(name, kind, strength, way) for strength in strengths for way in ways]
    return found


def _picture(case: _Case, folder: Path, number: int) -> tuple[Pixels, Mask]:
    """The picture of a case, and where the subject is in the one it was made from."""
    pixels = decode_picture(folder / "photos" / f"{case.name}.jpg")
    mask = decode_picture(folder / "images" / f"{case.name}.png")[..., 3] >= OPAQUE
    if case.kind == CLEAN:
        return pixels, mask
    rng = np.random.default_rng([number, case.strength - 1])
    return degrade(pixels, mask, case.kind, case.strength - 1, rng), mask


def _settings(case: _Case, pixels: Pixels, mask: Mask) -> Settings:
    """A draft, with the fix where the case has it: a click on the subject, or one of `contracts.Fix`."""
    if case.way == PLAIN:
        return DRAFT
    fix = FIXES[case.kind]
    if fix == "upscale":
        return replace(DRAFT, fixes=("upscale",))
    if fix == "expose":
        return replace(DRAFT, fixes=("expose",))
    rows, columns = np.nonzero(mask)
    # The pixel of the subject that is nearest its middle.
    nearest = int(np.argmin((rows - rows.mean()) ** 2 + (columns - columns.mean()) ** 2))
    x, y = (columns[nearest] + 0.5) / pixels.shape[1], (rows[nearest] + 0.5) / pixels.shape[0]
    return replace(DRAFT, subject=(float(x), float(y)))


def _make(case: _Case, number: int, folder: Path, out: Path, models: ModelSet) -> None:
    """Write the mesh of a case; none where the picture is refused."""
    pixels, mask = _picture(case, folder, number)
    path = out / "pictures" / f"{case.stem}.png"
    Image.fromarray(pixels).save(path)
    try:
        result = generate(path, _settings(case, pixels, mask), models, lambda *_: None, lambda: False)
    except MaquetteError as error:
        print(case.stem, error, flush=True)
        return
    mesh = trimesh.Trimesh(result.mesh.vertices, result.mesh.faces, process=False)
    mesh.export(out / "meshes" / f"{case.stem}.ply")


def _score(evaluation: Path, name: str, cases: list[_Case], out: Path) -> dict[str, float]:
    """F at 0.1 of the meshes of an object's cases by their stems; 0 where there is none."""
    with tempfile.TemporaryDirectory() as truth:
        # The script compares files of the same name.
        for case in cases:
            (Path(truth) / f"{case.stem}.ply").symlink_to((evaluation / "val" / "truth" / f"{name}.ply").resolve())
        command = [sys.executable, str(evaluation / "score.py"), "--dir", str(out / "meshes"), truth]
        output = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    return {row["name"]: row["f0.1"] for row in map(json.loads, output.splitlines()[:-1])}


def _measure_object(
    number: int, name: str, evaluation: Path, out: Path, strengths: list[int], models: ModelSet
) -> dict[str, float]:
    """F at 0.1 of all cases of an object by their stems; what ``out`` holds is not made again."""
    for part in ("pictures", "meshes"):
        (out / part).mkdir(parents=True, exist_ok=True)
    kept = out / "scores.json"
    found: dict[str, float] = json.loads(kept.read_text()) if kept.exists() else {}
    missing = [case for case in _cases(name, strengths) if case.stem not in found]
    for case in missing:
        if not (out / "meshes" / f"{case.stem}.ply").exists():
            _make(case, number, evaluation / "val", out, models)
    if missing:
        found |= _score(evaluation, name, missing, out)
        kept.write_text(json.dumps(found))
    return found


def _measure(evaluation: Path, out: Path, count: int, strengths: list[int]) -> Scores:
    """F at 0.1 by degradation, strength and way, a value for each object."""
    names = sorted(path.stem for path in (evaluation / "val" / "photos").glob("*.jpg"))
    models, scores = load_models(DRAFT), Scores()
    # In an order that does not depend on the count, so that more can be measured later.
    for number in np.random.default_rng(0).permutation(len(names))[:count].tolist():
        name = names[number]
        found = _measure_object(number, name, evaluation, out / name, strengths, models)
        print(name, found, flush=True)
        for case in _cases(name, strengths):
            scores.setdefault((case.kind, case.strength, case.way), []).append(found[case.stem])
    return scores


def main() -> int:
    """``python bootstrap.py training.evaluate_fixes --eval DIR --out DIR --plot FILE.png --page FILE.md``."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--eval", type=Path, required=True, help="the shared folder's eval")
    parser.add_argument("--out", type=Path, required=True, help="folder for the pictures and meshes")
    parser.add_argument("--count", type=int, default=10, help="objects, drawn by lot")
    parser.add_argument("--strengths", type=int, nargs="+", default=[1, 3, 5])
    parser.add_argument("--plot", type=Path, required=True, help="picture to write")
    parser.add_argument("--page", type=Path, required=True, help="Markdown page whose marked part is written")
    args = parser.parse_args()
    scores = _measure(args.eval, args.out, args.count, args.strengths)
    write_page(scores, list(FIXES), args.plot, args.page)
    return 0
