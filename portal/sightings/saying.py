"""What the detector found, in the language of its reader. Plain rows in, plain text out.

Rows from before codes were kept have English alone, and are told in it.
"""

from collections.abc import Iterable, Mapping
from typing import Any

from django.utils.translation import get_language

from detector import Evidence, ModelOpinion, explain

Row = Mapping[str, Any]


def reasons(rows: Iterable[Row]) -> list[dict[str, str]]:
    """Evidence as Assessment.evidence keeps it: about, finding, strength, detail, kind."""
    locale = get_language() or "en"
    return [_reason(row, locale) for row in rows]


def opinions(rows: Iterable[Row]) -> list[dict[str, str]]:
    """What trained models said, as Assessment.opinions keeps it: name, finding, detail."""
    locale = get_language() or "en"
    return [_opinion(row, locale) for row in rows]


def gaps(rows: Iterable[Row | str]) -> list[str]:
    """What was not tested, as Assessment.not_tested keeps it, as sentences."""
    locale = get_language() or "en"
    return [_gap(row, locale) for row in rows]


def _reason(row: Row, locale: str) -> dict[str, str]:
    text = explain.said(Evidence(**row), locale)
    return {
        "kind": row["kind"],
        "about": explain.kind(row["kind"], locale),
        "finding": text.finding,
        "strength": row["strength"],
        "bears": explain.strength(row["strength"], locale),
        "detail": text.detail,
    }


def _opinion(row: Row, locale: str) -> dict[str, str]:
    text = explain.opinion(ModelOpinion(**row), locale)
    return {"name": row["name"], "finding": text.finding, "detail": text.detail}


def _gap(row: Row | str, locale: str) -> str:
    if isinstance(row, str):
        return row
    try:
        return explain.sentence(row, locale)
    except (LookupError, ValueError, TypeError, AttributeError):
        return str(row["english"])
