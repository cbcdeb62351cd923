"""The ablations: what a training measured replaces what stood there, and the page shows it."""

from __future__ import annotations

from pathlib import Path

import pytest
from maquette.training.ablations import ablation_tables, replace_section, take_in

TRAINED = (
    "variant,step,seconds,cross,val_cross,val_iou\nas shipped,100,480,0.5,0.4,{}\nhalf as wide,150,480,0.5,0.41,0.59\n"
)


def test_figures_of_a_new_training_replace_those_of_the_last(tmp_path: Path) -> None:
    kept, trained = tmp_path / "ablations.csv", tmp_path / "ablation-shape.csv"
    kept.write_text("choice,variant,figure,value,note\nlens,wide,F@0.1,0.7,by hand\n")
    for value in ("0.60", "0.66"):
        trained.write_text(TRAINED.format(value))
        take_in(kept, trained)
    tables = ablation_tables(kept).split("\n\n")
    assert tables[0].splitlines()[-1] == "| wide | 0.7 | by hand |"
    assert tables[1].splitlines() == [
        "| shape network | cross | iou | |",
        "|---|---|---|---|",
        "| as shipped | 0.4 | 0.66 | 8 minutes, 100 steps |",
        "| half as wide | 0.41 | 0.59 | 8 minutes, 150 steps |",
    ]


def test_a_section_is_replaced_and_the_rest_stays() -> None:
    page = "a\n<!-- x -->\nold\n<!-- end -->\nb\n<!-- y -->\nkept\n<!-- end -->\n"
    once = replace_section(page, "x", "new")
    assert once == page.replace("old", "new")
    assert replace_section(once, "x", "new") == once


def test_a_page_without_the_section_is_refused() -> None:
    with pytest.raises(ValueError, match="no section 'x'"):
        replace_section("prose", "x", "new")
