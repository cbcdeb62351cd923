"""The measured ablations: a CSV file with a line per figure, and the tables made from it."""

from __future__ import annotations

import csv
import re
from pathlib import Path

__all__ = ["COLUMNS", "HELD_OUT", "ablation_tables", "replace_section", "take_in"]

COLUMNS = ("choice", "variant", "figure", "value", "note")
HELD_OUT = "val_"  # starts the names of a log's figures that were measured on held-out objects


def _ablations(file: Path) -> list[dict[str, str]]:
    """The lines of a file of ablations, one per measured figure; none where there is no file yet."""
    if not file.exists():
        return []
    with file.open(newline="") as stream:
        return list(csv.DictReader(stream))


def take_in(file: Path, trained: Path) -> None:
    """Put the held-out figures of `training.ablate` (``ablation-NETWORK.csv``) into the file of ablations, in place of
    those that the network's had before."""
    choice = trained.stem.removeprefix("ablation-") + " network"
    lines = [line for line in _ablations(file) if line["choice"] != choice]
    with trained.open(newline="") as stream:
        for row in csv.DictReader(stream):
            note = f"{float(row['seconds']) / 60:.0f} minutes, {row['step']} steps"
            for key, value in row.items():
                if key.startswith(HELD_OUT):
                    figure = key.removeprefix(HELD_OUT)
                    cells = (choice, row["variant"], figure, value, note)
                    lines.append(dict(zip(COLUMNS, cells, strict=True)))
    with file.open("w", newline="") as stream:
        writer = csv.DictWriter(stream, COLUMNS, lineterminator="\n")
        writer.writeheader()
        writer.writerows(lines)


def ablation_tables(file: Path) -> str:
    """The ablations as Markdown, a table for each choice.

    ``file`` has a line per measured figure, with the columns `COLUMNS`; variants and figures stand in the order of
    their first line, and the first note of a variant is shown.
    """
    lines, tables = _ablations(file), list[str]()
    for choice in dict.fromkeys(line["choice"] for line in lines):
        of_choice = [line for line in lines if line["choice"] == choice]
        figures = list(dict.fromkeys(line["figure"] for line in of_choice))
        table = [f"| {choice} | " + " | ".join(figures) + " | |", "|" + "---|" * (len(figures) + 2)]
        for variant in dict.fromkeys(line["variant"] for line in of_choice):
            found = [line for line in of_choice if line["variant"] == variant]
            values = {line["figure"]: line["value"] for line in found}
            table.append(
                f"| {variant} | " + " | ".join(values.get(f, "") for f in figures) + f" | {found[0]['note']} |"
            )
        tables.append("\n".join(table))
    return "\n\n".join(tables)


def replace_section(page: str, name: str, text: str) -> str:
    """The page with ``text`` between ``<!-- name -->`` and the next ``<!-- end -->``.

    Raises
    ------
    ValueError
        The page has no such section.
    """
    pattern = re.compile(rf"(<!-- {re.escape(name)} -->\n).*?(<!-- end -->)", re.DOTALL)
    if not pattern.search(page):
        raise ValueError(f"The page has no section {name!r} between <!-- {name} --> and <!-- end -->.")
    return pattern.sub(lambda found: f"{found[1]}{text}\n{found[2]}", page, count=1)
