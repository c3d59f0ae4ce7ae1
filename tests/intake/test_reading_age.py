"""A frightened person of twelve can read our pages: Flesch-Kincaid grade 7 at most.

Kincaid et al. 1975: grade = 0.39 words/sentences + 11.8 syllables/words - 15.59.
"""

import re
from html.parser import HTMLParser

import pytest
from django.test import Client

from tests.portal.pages import victims_pages

HIGHEST_GRADE = 7
BLOCKS = {
    "p",
    "li",
    "h1",
    "h2",
    "h3",
    "summary",
    "label",
    "legend",
    "small",
    "strong",
    "span",
}
NOT_READ = {"script", "style", "svg", "title", "textarea", "option"}


class Sentences(HTMLParser):
    """The sentences of a page. Every block ends one."""

    def __init__(self) -> None:
        super().__init__()
        self.text = ""
        self._skipped = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        del attrs
        self._skipped += tag in NOT_READ
        self.text += "\n" if tag in BLOCKS else ""

    def handle_endtag(self, tag: str) -> None:
        self._skipped -= tag in NOT_READ
        self.text += "\n" if tag in BLOCKS else ""

    def handle_data(self, data: str) -> None:
        if not self._skipped:
            self.text += " ".join(data.split()) + " "

    def found(self) -> list[list[str]]:
        """Words by sentence; labels of a word or two would flatter the page."""
        sentences = re.split(r"[.?!]\s|\n", self.text)
        words = (re.findall(r"[a-z]+(?:'[a-z]+)?", text.lower()) for text in sentences)
        return [sentence for sentence in words if len(sentence) > 3]


def syllables(word: str) -> int:
    """As one counts on fingers: groups of vowels, without a silent e.

    >>> [syllables(word) for word in ("picture", "safe", "people", "passphrase")]
    [2, 1, 2, 2]
    """
    spoken = re.sub(r"(?<=[^l])es?$|ed$(?<![td]ed)", "", word)
    return max(1, len(re.findall(r"[aeiouy]+", spoken)))


def grade(sentences: list[list[str]]) -> float:
    words = [word for sentence in sentences for word in sentence]
    spoken = sum(syllables(word) for word in words)
    return 0.39 * len(words) / len(sentences) + 11.8 * spoken / len(words) - 15.59


@pytest.mark.parametrize("path", victims_pages())
def test_a_victims_page_is_easy_to_read(client: Client, db: None, path: str) -> None:
    page = Sentences()
    page.feed(client.get(path, follow=True).content.decode())
    sentences = page.found()
    hardest = max(sentences, key=lambda sentence: grade([sentence]))
    assert grade(sentences) <= HIGHEST_GRADE, " ".join(hardest)


def test_the_measure_tells_plain_from_learned() -> None:
    plain = [["the", "cat", "sat", "on", "the", "mat"]]
    learned = [
        ["notwithstanding", "aforementioned", "jurisdictional", "considerations"]
    ]
    assert grade(plain) < 0
    assert grade(learned) > 20
