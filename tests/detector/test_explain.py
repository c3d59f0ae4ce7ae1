"""Words: every code has its text, and a stranger's text is made fit to print."""

import string

import pytest

from detector import FINDINGS, explain


def test_every_finding_has_a_sentence() -> None:
    assert set(explain.SUMMARIES) == set(FINDINGS)


@pytest.mark.parametrize("code", explain.TEXTS)
def test_every_text_is_a_finding_and_a_sentence_without_markup(code: str) -> None:
    text = explain.TEXTS[code]

    assert text.finding
    assert not text.finding.endswith(".")
    assert text.detail.endswith(".")
    assert all(
        name is None or name.isidentifier()
        for _, name, _, _ in string.Formatter().parse(text.finding + text.detail)
    )


def test_a_quote_holds_no_control_and_no_direction_character() -> None:
    hostile = "a\0b\x1b[31mc\u202egnp.exe\u2066\ud800\ue000\r\n\u2028d"

    assert explain.quote(hostile) == "a b [31mc gnp.exe d"


def test_a_long_quote_is_cut_with_a_mark() -> None:
    cut = explain.quote("word " * 1_000_000)

    assert len(cut) <= explain.QUOTE_LIMIT
    assert cut.endswith("…")


def test_a_quote_of_the_full_length_is_not_cut() -> None:
    assert explain.quote("x" * 500) == "x" * 500


def test_braces_in_a_quote_are_only_text() -> None:
    piece = explain.evidence("c2pa.remote", "none", quote="{0.__class__} {quote}")

    assert "“{0.__class__} {quote}”" in piece.detail


def test_every_part_of_a_picture_has_a_name_for_where_it_lies() -> None:
    for across in ("left", "centre", "right", "wide"):
        for down in ("upper", "middle", "lower", "tall"):
            said = explain.position(across, down, width=0.5, height=0.25)
            assert said.endswith("(50% of the width, 25% of the height)")
