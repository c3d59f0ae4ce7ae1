"""What every type of signal keeps. A new one is tested by standing in SIGNALS."""

import itertools
import re

import pytest

from tests.drawing import blank, encode, landscape, recompress, resize
from tracker.images import decode
from tracker.signals import (
    SIGNALS,
    Reading,
    SignalType,
    bits_apart,
    parse_signal,
    signal_type,
)


@pytest.fixture(params=SIGNALS)
def judge(request: pytest.FixtureRequest) -> SignalType:
    return signal_type(request.param)


@pytest.fixture(params=[name for name in SIGNALS if signal_type(name).possible])
def perceptual(request: pytest.FixtureRequest) -> SignalType:
    """A type that judges by looks; the others know only equal and different bytes."""
    return signal_type(request.param)


def a_value(judge: SignalType, data: bytes) -> str:
    signal = judge.hash(Reading(decode(data)))
    assert signal is not None
    return signal.value


def test_it_is_named_as_it_is_registered(judge: SignalType) -> None:
    assert SIGNALS[judge.name]
    assert judge.version.startswith(f"{judge.name}/")
    assert 0 <= judge.near <= judge.possible < judge.bits


def test_it_says_the_same_of_the_same_picture(judge: SignalType) -> None:
    data = encode(landscape(1))
    assert a_value(judge, data) == a_value(judge, data)


def test_its_signals_and_examples_go_through_words_and_back(judge: SignalType) -> None:
    made = judge.hash(Reading(decode(encode(landscape(1)))))
    assert made is not None
    assert parse_signal(made.type, made.value, made.quality, made.version) == made
    assert judge.examples()
    for value in judge.examples():
        assert parse_signal(judge.name, value).value == value


def test_it_asks_with_one_signal_for_each_form_and_first_with_the_kept_one(
    judge: SignalType,
) -> None:
    reading = Reading(decode(encode(landscape(1))))
    asked = judge.ask(reading)
    assert len(asked) == len(judge.forms) == len(set(judge.forms))
    assert asked[0] == judge.hash(reading)
    assert judge.forms[0] == ""
    assert all(re.fullmatch("[0-9a-f]+", signal.value) for signal in asked)


@pytest.mark.parametrize("seed", range(5))
def test_it_tells_pictures_apart(judge: SignalType, seed: int) -> None:
    values = [a_value(judge, encode(landscape(seed + n))) for n in range(5)]
    for a, b in itertools.combinations(values, 2):
        assert bits_apart(a, b) > judge.possible + 20


@pytest.mark.parametrize("seed", range(5))
def test_it_survives_shrinking_and_saving(perceptual: SignalType, seed: int) -> None:
    image = landscape(seed)
    kept = a_value(perceptual, encode(image))
    copies = (recompress(image, 40), resize(image, 0.5), recompress(resize(image), 40))
    for copy in copies:
        assert bits_apart(a_value(perceptual, encode(copy)), kept) <= perceptual.near


@pytest.mark.parametrize("colour", ["black", "white", "lightgrey", "teal"])
def test_it_makes_nothing_of_a_blank_one(perceptual: SignalType, colour: str) -> None:
    reading = Reading(decode(encode(blank(colour), "JPEG")))
    assert perceptual.hash(reading) is None
    assert perceptual.ask(reading) == ()
