"""What trained models say, in words: how much it bears, and when it bears nothing."""

from typing import Any, get_args

import pytest

import detector
from detector.words import words as spoken
from portal.public import telling, words


def said(ratio: float | None, *interval: float, abstained: str = "") -> str:
    given: dict[str, Any] = {
        "name": "learned",
        "probability": None if abstained else 0.87,
        "likelihood_ratio": ratio,
        "interval": list(interval) or None,
        "abstained": abstained,
    }
    return telling.opinion(given)


def test_a_calibrated_opinion_is_told_with_its_interval() -> None:
    told = said(15.4, 6.2, 40.0)
    assert "about 15 times as common among pictures that AI made" in told
    assert "at least 6.2 and at most 40 times" in told


def test_an_opinion_for_a_photo_is_told_the_other_way_round() -> None:
    told = said(0.1, 0.05, 0.5)
    assert "about 10 times as common among photos" in told
    assert "at least 2.0 and at most 20 times" in told


@pytest.mark.parametrize("ratio", [0.9, 1.0, 2.5])
def test_an_interval_around_one_says_nothing(ratio: float) -> None:
    assert "neither one way nor the other" in said(ratio, 0.4, 3.0)


def test_an_uncalibrated_number_decides_nothing() -> None:
    told = said(None)
    assert "87% sure" in told
    assert "decides nothing" in told


ABSTENTIONS = [code for code in spoken("en").phrases if code.startswith("models.")]


@pytest.mark.parametrize("code", ABSTENTIONS)
def test_every_abstention_has_its_reason_in_words(code: str) -> None:
    told = said(None, abstained=code)
    assert told.startswith("It says nothing about this picture.")
    assert told.endswith(str(words.ABSTENTIONS[code]))


def test_every_step_and_every_outcome_of_a_comparison_has_words() -> None:
    steps = set(get_args(detector.Step))
    assert set(words.STEPS) == {"starting", "decoding"} | steps
    assert set(words.DERIVED) <= set(detector.STRENGTHS)
