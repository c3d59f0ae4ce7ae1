"""Every sentence of the detector, as one folder of data per language, keyed by code.

A language is a folder here with the same files and keys as `en`; it must not know how
a finding came about.
"""

import functools
import string
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, NamedTuple

from detector.assessment import Fact, Phrase

LOCALES: Final = ("en", "zh-hans", "ko")
_OTHER_NAMES: Final = {"zh": "zh-hans", "zh-cn": "zh-hans", "zh-sg": "zh-hans"}
_FOLDER: Final = Path(__file__).parent


class Text(NamedTuple):
    """A short finding and a sentence or two, with placeholders for facts."""

    finding: str
    detail: str


@dataclass(frozen=True, slots=True)
class Words:
    """One language."""

    locale: str
    evidence: Mapping[str, Text]
    opinions: Mapping[str, Text]
    phrases: Mapping[str, str]

    def say(self, phrase: Phrase) -> str:
        """Put a phrase and whatever is nested in it into words.

        Raises:
            LookupError: There is no such code, or a fact is missing.
            ValueError: A fact is of another kind than its placeholder.
        """
        code = str(phrase["code"])
        if code.startswith("joined."):
            parts = phrase["parts"]
            if isinstance(parts, str | int | float | Mapping):
                raise ValueError("Only a list is joined.")
            return self.phrases[code].join(str(self._plain(part)) for part in parts)
        return self.fill(self.phrases[code], phrase)

    def fill(self, template: str, facts: Mapping[str, Fact]) -> str:
        """Put facts in the place of a template's names. Raises as `say`."""
        plain = {name: self._plain(fact) for name, fact in facts.items()}
        return _FORMATTER.vformat(template, (), plain)

    def text(self, text: Text, facts: Mapping[str, Fact]) -> Text:
        """Fill both parts. Raises as `say`."""
        return Text(self.fill(text.finding, facts), self.fill(text.detail, facts))

    def _plain(self, fact: Fact) -> Fact:
        return self.say(fact) if isinstance(fact, Mapping) else fact


class _Formatter(string.Formatter):
    """Two forms more: `{n:peak|peaks}` counts, `{n:ratio}` keeps two digits, unless large."""

    def format_field(self, value: Any, format_spec: str) -> str:
        one, mark, many = format_spec.partition("|")
        if mark:
            return f"{value:,} {one if value == 1 else many}"
        if format_spec == "ratio":
            return f"{float(f'{value:.2g}'):,.10g}"
        formatted: str = super().format_field(value, format_spec)
        return formatted


_FORMATTER: Final = _Formatter()


def words(locale: str) -> Words:
    """Return the words of a language; those of English where we do not speak it.

    Args:
        locale: As browsers and Django write it: "ko", "ko-KR", "zh_Hans".
    """
    name = locale.lower().replace("_", "-")
    name = _OTHER_NAMES.get(name, name)
    for known in LOCALES:
        if name == known or name.startswith(known + "-"):
            return _read(known)
    return _read("en")


@functools.cache
def _read(locale: str) -> Words:
    folder = _FOLDER / locale
    sentences = dict(_flat(_table(folder, "sentences")))
    report = {f"report.{key}": said for key, said in _flat(_table(folder, "report"))}
    return Words(
        locale=locale,
        evidence=dict(_texts(_table(folder, "evidence"))),
        opinions=dict(_texts(_table(folder, "opinions"))),
        phrases=sentences | report,
    )


def _table(folder: Path, name: str) -> dict[str, Any]:
    return tomllib.loads((folder / f"{name}.toml").read_text("utf-8"))


def _flat(table: Mapping[str, Any], before: str = "") -> Iterator[tuple[str, str]]:
    """Yield every string with its keys, joined by dots."""
    for key, value in table.items():
        if isinstance(value, str):
            yield before + key, value
        else:
            yield from _flat(value, f"{before}{key}.")


def _texts(table: Mapping[str, Any], before: str = "") -> Iterator[tuple[str, Text]]:
    for key, value in table.items():
        if "finding" in value:
            yield before + key, Text(value["finding"], value["detail"])
        else:
            yield from _texts(value, f"{before}{key}.")
