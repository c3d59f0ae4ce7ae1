"""Every sentence is translated, and no translation says more or less than the code."""

import re
import string
from collections.abc import Iterator

import pytest
from babel.messages.catalog import Catalog, Message
from django.conf import settings
from django.test import Client
from django.utils import translation
from django.utils.translation import gettext, ngettext, to_locale

from portal import languages

LOCALES = {to_locale(code) for code, _name in settings.LANGUAGES} - {"en"}
WHOLE = ["zh_Hans", "ko"]
# Of Arabic, what a victim meets: the rest falls back to English.
MAIN_PATH = (
    "intake/",
    "public/",
    "cases/events.py",
    "cases/kinds.py",
    "platforms/helplines.py",
    "templates/400.html",
    "templates/403.html",
    "templates/404.html",
    "templates/500.html",
    "templates/too_large.html",
    "templates/base.html",
)


def texts(value: str | list[str] | tuple[str, ...] | None) -> list[str]:
    return [value or ""] if value is None or isinstance(value, str) else list(value)


def messages(catalog: Catalog) -> Iterator[Message]:
    return (message for message in catalog if message.id)


def placeholders(text: str) -> set[str]:
    """`%(host)s`, `%d` and `{x}`; a plain per cent sign is none."""
    named = set(re.findall(r"%(?:\(\w+\))?[sd]", text))
    return named | {
        f"{{{name}}}" for _, name, _, _ in string.Formatter().parse(text) if name
    }


@pytest.fixture(scope="module")
def template() -> Catalog:
    return languages.template()


@pytest.fixture(scope="module", params=sorted(LOCALES))
def catalog(request: pytest.FixtureRequest) -> Catalog:
    return languages.read(request.param)


def test_every_language_has_a_file() -> None:
    assert set(languages.po_files()) == LOCALES


def test_each_file_holds_the_sentences_of_the_code(
    template: Catalog, catalog: Catalog
) -> None:
    said = {(texts(message.id)[0], message.context) for message in messages(template)}
    kept = {(texts(message.id)[0], message.context) for message in messages(catalog)}
    assert said == kept, "make words"


def test_collecting_changes_nothing(template: Catalog, catalog: Catalog) -> None:
    path = languages.po_files()[str(catalog.locale_identifier)]
    catalog.update(template, no_fuzzy_matching=True)
    assert languages.written(catalog) == path.read_bytes(), "make words"


@pytest.mark.parametrize("locale", WHOLE)
def test_nothing_is_untranslated_or_doubtful(locale: str) -> None:
    for message in messages(languages.read(locale)):
        assert all(texts(message.string)), message.id
        assert not message.fuzzy, message.id


def test_the_main_path_is_whole_in_arabic() -> None:
    arabic = languages.read("ar")
    for path in languages.sources():
        if path.relative_to(languages.PORTAL).as_posix().startswith(MAIN_PATH):
            for message in messages(languages.sentences(path)):
                kept = arabic.get(texts(message.id)[0], message.context)
                assert kept is not None
                assert all(texts(kept.string)), (path.name, message.id)


def test_a_translation_fills_in_the_same_facts(catalog: Catalog) -> None:
    for message in messages(catalog):
        wanted = placeholders(texts(message.id)[-1])
        for text in filter(None, texts(message.string)):
            # Arabic has words of their own for none, one and two.
            counted = {"%(n)s", "%d"} if message.pluralizable else set[str]()
            assert wanted - placeholders(text) <= counted, message.id
            assert placeholders(text) <= wanted, message.id


def test_a_translation_begins_and_ends_like_its_sentence(catalog: Catalog) -> None:
    for message in messages(catalog):
        for text in filter(None, texts(message.string)):
            assert text == text.strip(), message.id
            assert "  " not in text, message.id


def test_every_plural_form_is_there(catalog: Catalog) -> None:
    for message in messages(catalog):
        if message.pluralizable and any(texts(message.string)):
            assert len(texts(message.string)) == catalog.num_plurals
            assert all(texts(message.string)), message.id


def test_what_was_compiled_is_spoken() -> None:
    with translation.override("zh-hans"):
        assert gettext("Leave this page") == "离开此页"
    with translation.override("ko"):
        assert gettext("Leave this page") == "이 페이지 떠나기"
    with translation.override("ar"):
        assert (
            ngettext("%(n)s copy is gone.", "%(n)s copies are gone.", 2)
            == "اختفت نسختان."
        )
        assert gettext("Approve and send") == "Approve and send", (
            "falls back to English"
        )


@pytest.mark.parametrize(("code", "name"), settings.LANGUAGES)
def test_a_page_says_its_language(
    client: Client, db: None, code: str, name: str
) -> None:
    client.cookies[settings.LANGUAGE_COOKIE_NAME] = code
    page = client.get("/").content.decode()
    assert re.search(rf'<html lang="{code}"', page, re.IGNORECASE)
    assert ('dir="rtl"' in page.split(">")[1]) == (code == "ar")
    assert name in client.get("/languages/").content.decode()
