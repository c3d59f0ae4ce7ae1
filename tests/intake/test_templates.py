"""Every word that a person sees can be translated."""

import re
from html.parser import HTMLParser
from pathlib import Path

import pytest

PORTAL = Path(__file__).resolve().parents[2] / "portal"
TEMPLATES = sorted(
    [*PORTAL.glob("templates/**/*.html"), *PORTAL.glob("*/templates/**/*.html")]
)
# Names, and what is the same in every language.
NAMES = {"Take It Down", "Report Remove", "English · 中文 · 한국어", "HTTP", "×"}
SPOKEN = {"alt", "aria-label", "placeholder", "title"}
TRANSLATED = re.compile(
    r"{%\s*blocktrans.*?endblocktrans\s*%}|{#.*?#}|{% block page %}.*?{% endblock %}"
    r"|<(code|pre)\b.*?</\1>",  # what machines read
    re.DOTALL,
)
TAGS = re.compile(r"{%.*?%}|{{.*?}}", re.DOTALL)


class Seen(HTMLParser):
    """Collects the texts and spoken attributes that are written as they are."""

    def __init__(self) -> None:
        super().__init__()
        self.words: list[str] = []

    def handle_data(self, data: str) -> None:
        self.note(data)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        del tag
        for name, value in attrs:
            if name in SPOKEN:
                self.note(value or "")

    def note(self, text: str) -> None:
        text = " ".join(text.split()).strip(" ·:().,–")
        if re.search(r"[^\W\d_]", text) and text not in NAMES:
            self.words.append(text)


@pytest.mark.parametrize(
    "path", TEMPLATES, ids=lambda path: str(path.relative_to(PORTAL))
)
def test_no_word_stands_outside_a_translation_tag(path: Path) -> None:
    seen = Seen()
    source = TRANSLATED.sub("", path.read_text("utf-8"))
    seen.feed(TAGS.sub("", source).replace("<!DOCTYPE html>", ""))
    seen.close()
    assert seen.words == []
