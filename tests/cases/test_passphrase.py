import math

from portal.cases.passphrase import WORDS, new_passphrase, open_passphrase, words

SALT = b"0123456789abcdef"


def test_a_passphrase_has_at_least_80_bits() -> None:
    assert WORDS * math.log2(len(set(words()))) >= 80


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
