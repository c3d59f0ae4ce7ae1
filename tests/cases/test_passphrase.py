import math
import unicodedata

import pytest
from django.conf import settings

from portal.cases.passphrase import (
    LISTS,
    WORDS,
    is_own_language,
    language_of,
    looks_like_one,
    new_passphrase,
    normal,
    open_passphrase,
    words,
)

SALT = b"0123456789abcdef"


@pytest.mark.parametrize("language", [code for code, _name in settings.LANGUAGES])
def test_a_passphrase_has_at_least_80_bits_in_every_language(language: str) -> None:
    # Two words that are typed alike count once.
    assert WORDS * math.log2(len({normal(word) for word in words(language)})) >= 80


@pytest.mark.parametrize("language", LISTS)
def test_a_passphrase_is_shown_composed_and_read_back(language: str) -> None:
    shown = new_passphrase(language)
    assert unicodedata.is_normalized("NFC", shown)
    assert len(shown.split()) == WORDS
    assert normal(shown) == normal(normal(shown))
    assert looks_like_one(f"mine is: {shown}")


@pytest.mark.parametrize(
    "typed",
    [
        "的一是在不了有和",  # no spaces
        "的　一　是　在　不　了　有　和",  # full-width spaces
        "的，一、是。在·不-了 有\n和 ",
        "\u200f的 一 是 在\u200b 不 了 有 和\ufeff",
    ],
)
def test_chinese_words_may_be_typed_in_many_ways(typed: str) -> None:
    assert normal(typed) == "的 一 是 在 不 了 有 和"


def test_korean_words_may_be_typed_in_many_ways() -> None:
    shown = " ".join(words("ko")[:WORDS])
    for typed in [
        unicodedata.normalize("NFD", shown),  # as some keyboards and disks spell it
        shown.replace(" ", "\u3000"),
        shown.replace(" ", ", "),
        f"\u202b{shown}\u202c",
    ]:
        assert normal(typed) == normal(shown)


def test_english_words_may_be_typed_in_many_ways() -> None:
    for typed in [
        "APPLE bird Cloud",
        "ａｐｐｌｅ　ｂｉｒｄ　ｃｌｏｕｄ",
        "\u200eapple bird cloud\u200f",
    ]:
        assert normal(typed) == "apple bird cloud"


def test_whoever_has_no_list_gets_english_words_and_is_told() -> None:
    assert {
        code for code, _name in settings.LANGUAGES if not is_own_language(code)
    } == {"ar"}
    assert set(new_passphrase("ar").split()) <= set(words("en"))


@pytest.mark.parametrize("language", LISTS)
def test_the_language_of_words_is_known(language: str) -> None:
    assert language_of(new_passphrase(language)) == language


def test_a_passphrase_is_made_of_listed_words() -> None:
    drawn = new_passphrase().split()
    assert len(drawn) == WORDS
    assert set(drawn) <= set(words())
    assert new_passphrase() != new_passphrase()


def test_a_hurried_spelling_opens_the_same_case() -> None:
    shown = open_passphrase("apple bird cloud", SALT)
    assert open_passphrase("  Apple-BIRD,  cloud\n", SALT) == shown
    assert open_passphrase("apple bird clouds", SALT) != shown


def test_locator_and_key_are_different_secrets_and_depend_on_the_installation() -> None:
    opened = open_passphrase("apple bird cloud", SALT)
    other = open_passphrase("apple bird cloud", SALT[::-1])
    assert len(opened.locator) == len(opened.key) == 32
    assert opened.locator != opened.key
    assert opened.locator != other.locator
