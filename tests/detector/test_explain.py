"""Words: every code has its text in every language, and strangers' text is fit to print."""

import json
import string
from dataclasses import asdict, replace
from typing import Any

import pytest

from detector import FINDINGS, STRENGTHS, Evidence, ModelOpinion, explain
from detector.words import LOCALES, Words, words

ENGLISH = words("en")
OTHERS = [locale for locale in LOCALES if locale != "en"]
FACTS: dict[str, object] = {
    "block": "XMP",
    "reason": explain.reason("small", width=3, height=5),
    "notes": explain.joined(
        "sentences", [explain.note("mirrored"), explain.note("bound", bound=0.0006)]
    ),
    "where": explain.joined(
        "places", [explain.position("left", "upper", width=0.25, height=0.5)]
    ),
    "qualities": explain.joined("numbers", [70, 85]),
    "failures": "claimSignature.mismatch",
    "quote": "Steps: 20",
    "place": "xmp",
    "tool": "ComfyUI",
}
NUMBERS = {"peaks": 3, "x": 2, "y": 3, "quality": 90, "points": 41}


def placeholders(text: str) -> set[str]:
    return {name for _, name, _, _ in string.Formatter().parse(text) if name}


def facts_of(code: str) -> dict[str, object]:
    text = ENGLISH.evidence[code]
    return {
        name: FACTS.get(name, NUMBERS.get(name, 0.25))
        for name in placeholders(text.finding + text.detail)
    }


def everything(spoken: Words) -> dict[str, str]:
    texts = {
        f"{code}.{part}": said
        for code, text in {**spoken.evidence, **spoken.opinions}.items()
        for part, said in text._asdict().items()
    }
    return texts | dict(spoken.phrases)


@pytest.mark.parametrize("locale", OTHERS)
def test_every_language_has_the_same_keys_and_facts(locale: str) -> None:
    ours, theirs = everything(ENGLISH), everything(words(locale))

    assert ours.keys() == theirs.keys()
    for key, text in ours.items():
        assert placeholders(text) == placeholders(theirs[key]), key


@pytest.mark.parametrize("locale", OTHERS)
def test_nothing_was_left_in_english(locale: str) -> None:
    ours, theirs = everything(ENGLISH), everything(words(locale))
    same = {key for key, text in ours.items() if text == theirs[key]}

    assert all(key.startswith("joined.") for key in same), same


@pytest.mark.parametrize("locale", LOCALES)
def test_no_sentence_holds_markup_or_reaches_into_a_fact(locale: str) -> None:
    for key, text in everything(words(locale)).items():
        assert not set(text) & set("<>\\"), key
        assert all(name.isidentifier() for name in placeholders(text)), key


@pytest.mark.parametrize("locale", LOCALES)
@pytest.mark.parametrize("code", explain.TEXTS)
def test_every_text_is_a_finding_and_a_sentence(code: str, locale: str) -> None:
    piece = explain.evidence(code, "none", **facts_of(code))
    text = explain.said(piece, locale)

    assert text.finding
    assert not text.finding.endswith((".", "。"))
    assert text.detail.endswith((".", "。", "。"))
    assert not set(text.detail) & set("{}")


@pytest.mark.parametrize("code", explain.TEXTS)
def test_facts_survive_json_and_say_the_same_in_english(code: str) -> None:
    piece = explain.evidence(code, "none", **facts_of(code))
    again = Evidence(**json.loads(json.dumps(asdict(piece), allow_nan=False)))

    assert again == piece
    assert explain.said(again, "en") == (piece.finding, piece.detail)


@pytest.mark.parametrize("locale", LOCALES)
def test_every_finding_strength_and_kind_has_words(locale: str) -> None:
    for finding in FINDINGS:
        assert explain.finding(finding, locale)
        assert words(locale).phrases[f"summary.{finding}"]
    for strength in STRENGTHS:
        assert explain.strength(strength, locale)
    for code in explain.TEXTS:
        assert f"kind.{code.partition('.')[0]}" in words(locale).phrases


@pytest.mark.parametrize(
    ("asked", "spoken"),
    [
        ("en", "en"),
        ("en-gb", "en"),
        ("ko-KR", "ko"),
        ("zh_Hans", "zh-hans"),
        ("zh-cn", "zh-hans"),
        ("zh-hant", "en"),
        ("ar", "en"),
        ("", "en"),
        ("../../etc", "en"),
    ],
)
def test_a_language_that_we_do_not_speak_is_answered_in_english(
    asked: str, spoken: str
) -> None:
    assert words(asked).locale == spoken


@pytest.mark.parametrize(
    "changed",
    [
        {"code": "", "facts": {}},
        {"code": "crystal_ball.clear"},
        {"facts": {}},
        {"facts": {"share": "many", "x": 1, "y": 2}},
        {"facts": {"share": {"code": "reason.unknown"}, "x": 1, "y": 2}},
        {"facts": {"share": {}, "x": 1, "y": 2}},
    ],
)
def test_what_another_version_wrote_down_is_told_in_its_english(
    changed: dict[str, Any],
) -> None:
    piece = explain.evidence(
        "blocking_grid.shifted", "measurement", x=1, y=2, share=0.5
    )
    other = replace(piece, **changed)

    assert explain.said(other, "ko") == (piece.finding, piece.detail)


def test_numbers_are_counted_and_written_for_people() -> None:
    one = explain.evidence(
        "spectrum.measured", "measurement", slope=-2, tail=0.5, peaks=1
    )
    assert "1 regular peak stands out" in one.detail
    fill = ENGLISH.fill
    assert fill("{n:ratio}", {"n": 15234.0}) == "15,000"
    assert fill("{n:ratio}", {"n": 1.449}) == "1.4"
    assert fill("{n:ratio}", {"n": 0.0123}) == "0.012"
    assert fill("{n:ratio}", {"n": 36.0}) == "36"


def test_what_is_no_number_becomes_one_that_json_knows() -> None:
    phrase = explain.phrase("x", a=float("inf"), b=float("nan"), c=float("-inf"))

    assert json.dumps(phrase, allow_nan=False)


def test_what_is_no_fact_is_refused() -> None:
    with pytest.raises(TypeError, match="is no fact"):
        explain.phrase("x", a=object())


@pytest.mark.parametrize("locale", LOCALES)
def test_every_opinion_is_said(locale: str) -> None:
    given = [
        ModelOpinion("learned", 0.9, 12.3, (5.0, 20.0)),
        ModelOpinion("learned", 0.1, 0.1, (0.05, 0.2)),
        ModelOpinion("learned", 0.9, 12.3, None),
        ModelOpinion("learned", 0.9),
        ModelOpinion("learned", None, abstained="models.small"),
    ]
    said = [explain.opinion(one, locale) for one in given]

    assert len(set(said)) == len(given)
    assert "12" in said[0].finding
    assert "5" in said[0].detail
    assert "20" in said[0].detail
    assert "10" in said[1].finding
    assert "90%" in said[3].finding


def test_a_quote_holds_no_control_and_no_direction_character() -> None:
    hostile = "a\0b\x1b[31mc\u202egnp.exe\u2066\ud800\ue000\r\n\u2028d"

    assert explain.quote(hostile) == "a b [31mc gnp.exe d"


def test_a_long_quote_is_cut_with_a_mark() -> None:
    cut = explain.quote("word " * 1_000_000)

    assert len(cut) <= explain.QUOTE_LIMIT
    assert cut.endswith("…")


def test_a_quote_of_the_full_length_is_not_cut() -> None:
    assert explain.quote("x" * 500) == "x" * 500


@pytest.mark.parametrize("locale", LOCALES)
def test_braces_in_a_quote_are_only_text(locale: str) -> None:
    piece = explain.evidence("c2pa.remote", "none", quote="{0.__class__} {quote}")

    assert "“{0.__class__} {quote}”" in explain.said(piece, locale).detail


def test_every_part_of_a_picture_has_a_name_for_where_it_lies() -> None:
    for across in ("left", "centre", "right", "wide"):
        for down in ("upper", "middle", "lower", "tall"):
            where = explain.position(across, down, width=0.5, height=0.25)
            said = explain.sentence(where)
            assert said.endswith("(50% of the width, 25% of the height)")
