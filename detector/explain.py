"""What was found, put into words: in English at once, in any of our languages later.

It must not know how a finding came about; the sentences are data in detector/words/.
"""

import math
import numbers
import unicodedata
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Final

from detector.assessment import (
    Assessment,
    Evidence,
    Fact,
    Finding,
    ModelOpinion,
    Phrase,
    Strength,
    strength_of,
)
from detector.words import Text, words

QUOTE_LIMIT: Final = 500
_LARGEST: Final = 1e12  # what no measurement means; JSON knows no infinity

_ENGLISH: Final = words("en")
TEXTS: Final = _ENGLISH.evidence  # the first part of a code is the evidence's kind

_NEVER_TESTED: Final = (
    "synthid",
    "stable_signature",
    "watermarks",
    "visible_label",
    "camera_noise",
)


def evidence(code: str, strength: Strength, **facts: object) -> Evidence:
    """Put one piece of evidence into words.

    Args:
        code: A key of TEXTS.
        strength: How much it bears.
        facts: What the text's placeholders stand for. `place` and `quote` may come
            raw: the one is looked up, the other cleaned and cut.
    """
    if isinstance(facts.get("quote"), str):
        facts["quote"] = quote(str(facts["quote"]))
    if "place" in facts:
        facts["place"] = phrase(f"place.{facts['place']}")
    kept = {name: _fact(fact) for name, fact in facts.items()}
    text = _ENGLISH.text(TEXTS[code], kept)
    return Evidence(
        kind=code.partition(".")[0],
        finding=text.finding,
        strength=strength,
        detail=text.detail,
        code=code,
        facts=kept,
    )


def phrase(code: str, **facts: object) -> Phrase:
    """Name a sentence, or a part of one, with its facts; it can be a fact itself."""
    return {"code": code} | {name: _fact(fact) for name, fact in facts.items()}


def reason(code: str, **facts: object) -> Phrase:
    return phrase(f"reason.{code}", **facts)


def note(code: str, **facts: object) -> Phrase:
    return phrase(f"note.{code}", **facts)


def joined(between: str, parts: Iterable[object]) -> Phrase:
    """Name a list: of `sentences`, `places` or `numbers`."""
    return phrase(f"joined.{between}", parts=list(parts))


def position(across: str, down: str, *, width: float, height: float) -> Phrase:
    """Where a part lies and how far it reaches, in words and shares of the picture."""
    place = phrase(f"position.{across}.{down}")
    return phrase("position.extent", place=place, width=width, height=height)


def sentence(phrase: Phrase, locale: str = "en") -> str:
    """Say a phrase in a language."""
    return words(locale).say(phrase)


def said(piece: Evidence, locale: str) -> Text:
    """Say a piece of evidence in a language.

    What was written down by another version, whose texts or facts we do not have, is
    told in the English that it was written down with.
    """
    spoken = words(locale)
    try:
        return spoken.text(spoken.evidence[piece.code], piece.facts)
    except (LookupError, ValueError, TypeError, AttributeError):
        return Text(piece.finding, piece.detail)


def kind(name: str, locale: str = "en") -> str:
    """What a kind of evidence is about."""
    return words(locale).phrases.get(f"kind.{name}", name.replace("_", " "))


def strength(name: str, locale: str = "en") -> str:
    """How much a piece of evidence bears."""
    return words(locale).phrases[f"strength.{name}"]


def finding(name: Finding, locale: str = "en") -> str:
    """The short name of a finding."""
    return words(locale).phrases[f"finding.{name}"]


def opinion(given: ModelOpinion, locale: str = "en") -> Text:
    """Put what a model says into words."""
    spoken = words(locale)
    facts: dict[str, Fact] = {"name": given.name}
    if given.abstained:
        facts["reason"] = phrase(given.abstained)
        return spoken.text(spoken.opinions["abstained"], facts)
    if given.likelihood_ratio is None:
        facts["probability"] = given.probability or 0.0
        return spoken.text(spoken.opinions["uncalibrated"], facts)
    ratio, interval = given.likelihood_ratio, given.interval
    code = "neutral" if ratio == 1 else "calibrated"
    if ratio < 1:  # said the other way round: "0.05 times as likely" is hard to read
        code, ratio = "towards_photo", _inverse(ratio)
        interval = (_inverse(interval[1]), _inverse(interval[0])) if interval else None
    bounds = (
        phrase("opinion.interval", low=interval[0], high=interval[1])
        if interval
        else phrase("opinion.no_interval")
    )
    facts |= {"ratio": ratio, "interval": bounds}
    return spoken.text(spoken.opinions[code], facts)


def gaps(
    given: Sequence[ModelOpinion], *, manifest: bool, original: bool
) -> tuple[Phrase, ...]:
    """List what an assessment leaves open."""
    open_ones = [*_models_not_tested(given)]
    if not manifest:
        open_ones.append(phrase("untested.manifest"))
    open_ones.extend(phrase(f"untested.{name}") for name in _NEVER_TESTED)
    if not original:
        open_ones.append(phrase("untested.original"))
    return tuple(open_ones)


def video_gaps(moments: Sequence[float], *, stopped: bool) -> Iterator[Phrase]:
    """Say which frames were looked at, and that sound was not.

    Args:
        moments: Of the frames that were looked at, in order, in seconds.
        stopped: There were more frames, but time was over.
    """
    if stopped:
        yield phrase("untested.stopped", count=len(moments))
    if moments:
        first, last = moment(moments[0]), moment(moments[-1])
        yield phrase("untested.sampled", count=len(moments), first=first, last=last)
    yield phrase("untested.sound")


def moment(seconds: float) -> str:
    """A moment as players show it.

    >>> moment(0), moment(75.26), moment(3725)
    ('0:00.0', '1:15.3', '1:02:05.0')
    """
    tenths = round(seconds * 10)
    minutes, rest = divmod(tenths, 600)
    clock = f"{minutes // 60}:{minutes % 60:02}" if minutes >= 60 else f"{minutes}"
    return f"{clock}:{rest / 10:04.1f}"


def video_summary(finding: Finding, reasons: frozenset[str], locale: str = "en") -> str:
    """The finding in a sentence, which names AI only where something else does.

    Args:
        finding: Of the whole video.
        reasons: The kinds of evidence that raised it.
        locale: The language.
    """
    only = reasons == {"derivation"}
    about = "video_derivation_summary" if only else "video_summary"
    return words(locale).phrases[f"{about}.{finding}"]


def summary(assessment: Assessment, locale: str = "en") -> str:
    """The finding in a sentence, which names AI only where something else does."""
    raising = {"strong signs": "strong", "some signs": "medium"}.get(assessment.finding)
    kinds = {e.kind for e in assessment.evidence if e.strength == raising}
    by_models = strength_of(assessment.models) in {"strong", raising}
    only = kinds == {"derivation"} and not by_models
    about = "derivation_summary" if only else "summary"
    return words(locale).phrases[f"{about}.{assessment.finding}"]


def _models_not_tested(given: Sequence[ModelOpinion]) -> Iterator[Phrase]:
    if not given:
        yield phrase("untested.models")
    elif all(one.likelihood_ratio is None for one in given):
        yield phrase("untested.calibrated")
    for one in given:
        if one.abstained:
            why = phrase(one.abstained)
            yield phrase("untested.abstained", name=one.name, reason=why)
    if not any(one.name.startswith("defenders") for one in given):
        yield phrase("untested.defenders")


def _inverse(ratio: float) -> float:
    return 1 / max(ratio, 1 / _LARGEST)


def _fact(value: object) -> Fact:
    """Return a fact as JSON has it, whatever kind of number it came as."""
    if isinstance(value, str | bool):
        return value
    if isinstance(value, numbers.Integral):
        return int(value)
    if isinstance(value, numbers.Real):
        number = float(value)
        if math.isnan(number):
            return 0.0
        return min(max(number, -_LARGEST), _LARGEST)
    if isinstance(value, Mapping):
        return {str(name): _fact(fact) for name, fact in value.items()}
    if isinstance(value, Iterable):
        return [_fact(fact) for fact in value]
    raise TypeError(f"A {type(value).__name__} is no fact.")


def quote(text: str) -> str:
    """Make a stranger's text fit to print, in at most QUOTE_LIMIT characters.

    Control, format (among them those that turn the writing direction), private and
    unassigned characters become spaces, and runs of spaces one space.
    """
    start = text[: QUOTE_LIMIT * 8]
    visible = "".join(
        " " if unicodedata.category(letter)[0] in "CZ" else letter for letter in start
    )
    shown = " ".join(visible.split())
    if len(shown) <= QUOTE_LIMIT and len(text) == len(start):
        return shown
    return shown[: QUOTE_LIMIT - 1].rstrip() + "…"
