"""A style sheet names no left and no right: the same rules serve both directions."""

import re
from pathlib import Path

import pytest

PORTAL = Path(__file__).resolve().parents[2] / "portal"
SHEETS = sorted(PORTAL.glob("**/static/**/*.css"))
PHYSICAL = re.compile(
    r"(?:^|[\s;{])(?:(?:margin|padding|border|inset|scroll-margin|scroll-padding)-(?:left|right)"
    r"|border-(?:top|bottom)-(?:left|right)-radius|left|right|float|clear)\s*:"
    r"|text-align\s*:\s*(?:left|right)"
)
FOUR_SIDES = re.compile(r"(?:margin|padding|inset|border-radius)\s*:\s*([^;/]+);")


@pytest.mark.parametrize("sheet", SHEETS, ids=lambda path: path.name)
def test_no_property_names_a_side(sheet: Path) -> None:
    css = sheet.read_text("utf-8")
    assert PHYSICAL.search(css) is None


@pytest.mark.parametrize("sheet", SHEETS, ids=lambda path: path.name)
def test_four_values_are_the_same_on_both_sides(sheet: Path) -> None:
    for value in FOUR_SIDES.findall(sheet.read_text("utf-8")):
        parts = re.sub(r"\([^()]*\)", "()", re.sub(r"\([^()]*\)", "()", value)).split()
        if len(parts) == 4:
            assert parts[1] == parts[3], value
