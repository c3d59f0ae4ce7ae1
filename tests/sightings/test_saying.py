"""The detector's words for the portal: the reader's language, and old rows' English."""

import json
from typing import Any

import pytest
from django.utils import translation

import detector
import tracker
from portal.sightings import saying
from tests import drawing

Rows = dict[str, list[dict[str, Any]]]

OLD = {
    "kind": "jpeg_ghosts",
    "finding": "an old finding",
    "strength": "measurement",
    "detail": "An old sentence.",
}


@pytest.fixture(scope="module")
def kept() -> Rows:
    """An opinion as the database gives it back."""
    data = drawing.encode(drawing.landscape(1), "JPEG", quality=90)
    opinion = detector.assess(tracker.decode(data).image, data=data, models=())
    told: Rows = json.loads(json.dumps(saying.rows(opinion), allow_nan=False))
    return told


@pytest.mark.parametrize(
    ("language", "finding", "about"),
    [
        ("en", "nothing declared", "What the file says of its making"),
        ("zh-hans", "没有任何声明", "文件对其来历的说明"),
        ("ko", "아무 표시도 없음", "파일이 스스로 밝힌 출처"),
        ("ar", "nothing declared", "What the file says of its making"),
    ],
)
def test_a_reason_is_told_in_the_readers_language(
    language: str, finding: str, about: str, kept: Rows
) -> None:
    with translation.override(language):
        told = saying.reasons(kept["evidence"])

    assert (told[0]["finding"], told[0]["about"]) == (finding, about)
    assert len(told) == len(kept["evidence"])


def test_what_was_not_tested_is_told_in_the_readers_language(
    kept: Rows,
) -> None:
    with translation.override("ko"):
        korean = saying.gaps(kept["not_tested"])
    with translation.override("en"):
        english = saying.gaps(kept["not_tested"])

    assert english == [row["english"] for row in kept["not_tested"]]
    assert len(korean) == len(english)
    assert not set(korean) & set(english)


def test_rows_from_before_keep_their_english() -> None:
    with translation.override("ko"):
        assert saying.reasons([OLD])[0]["detail"] == "An old sentence."
        assert saying.gaps(["SynthID: an old gap."]) == ["SynthID: an old gap."]
        assert saying.gaps([{"code": "gone", "english": "A gap."}]) == ["A gap."]


def test_a_models_opinion_is_told_from_its_row() -> None:
    row: dict[str, Any] = {
        "name": "learned",
        "probability": 0.9,
        "likelihood_ratio": 12.0,
        "interval": [5.0, 20.0],
        "abstained": "",
        "weights": "ab",
    }
    with translation.override("zh-hans"):
        (told,) = saying.opinions([row])

    assert told["name"] == "learned"
    assert "12 倍" in told["finding"]
