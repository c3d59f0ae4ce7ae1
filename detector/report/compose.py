"""The report's sections in a language, from the finding to what to type to repeat it."""

from abc import ABC, abstractmethod
from collections.abc import Iterable, Iterator
from typing import Generic, TypeVar

from detector import explain
from detector.assessment import (
    SOME_FROM,
    STRONG_FROM,
    Assessment,
    Evidence,
    Fact,
    strength_of,
)
from detector.report import opinions
from detector.report.document import (
    Blank,
    Block,
    Bullets,
    Code,
    Document,
    Facts,
    Figure,
    Item,
    Paragraph,
    Section,
)
from detector.report.examined import Examined, command
from detector.report.versions import versions
from detector.video import FrameAssessment, VideoAssessment
from detector.words import Words, words

Found = TypeVar("Found", bound=Assessment | VideoAssessment)


def compose(examined: Examined, locale: str) -> Document:
    """Put an examination into words. An unknown language is answered in English."""
    spoken, assessment = words(locale), examined.assessment
    if isinstance(assessment, VideoAssessment):
        return _OfVideo(examined, assessment, spoken).document()
    return _OfPicture(examined, assessment, spoken).document()


class _Composing(ABC, Generic[Found]):
    """One report being written: what was examined, and the words for it."""

    def __init__(self, examined: Examined, assessment: Found, spoken: Words) -> None:
        self._examined = examined
        self._assessment = assessment
        self._words = spoken
        self._locale = spoken.locale

    def document(self) -> Document:
        assessment, digest = self._assessment, self._examined.exhibit.sha256
        page = self._phrase("page").replace("{digest}", digest[:16])
        return Document(
            locale=self._locale,
            title=self._say("title"),
            subtitle=self._say("subtitle", version=assessment.version),
            page=page,
            sections=tuple(self._sections()),
        )

    def _sections(self) -> Iterator[Section]:
        yield Section(self._say("finding.title"), tuple(self._finding()), lead=True)
        yield self._section("question", self._paragraphs("question", _QUESTION))
        yield self._section("exhibit", self._exhibit())
        if self._examined.custody:
            yield self._section("custody", self._custody())
        yield self._section("evidence", self._evidence())
        yield from self._of_frames()
        yield self._section("models", self._models())
        if self._examined.figures:
            yield self._section("places", self._figures())
        if measured := self._items(measured=True):
            intro = Paragraph(self._say("measurements.intro"), quiet=True)
            yield self._section("measurements", [intro, *measured])
        gaps = [
            explain.sentence(gap, self._locale) for gap in self._assessment.gaps
        ] or list(self._assessment.not_tested)
        yield self._section("untested", [Bullets(tuple(gaps))])
        yield self._section("methods", self._methods())
        limits = tuple(self._say(f"limits.{name}") for name in _LIMITS)
        yield self._section("limits", [Bullets(limits)])
        yield self._section("reproduce", self._reproduce())
        yield self._section("signing", self._signing())

    def _finding(self) -> Iterator[Block]:
        yield Paragraph(self._summary())
        if deciding := [explain.kind(kind, self._locale) for kind in self._deciding()]:
            between = self._words.phrases["joined.places"]
            said = self._say("finding.decided", what=between.join(deciding))
        else:
            said = self._say("finding.by_nothing")
        yield Paragraph(said, quiet=True)
        yield Paragraph(self._say("opinion"), quiet=True)

    @abstractmethod
    def _summary(self) -> str:
        """Say the finding in a sentence."""

    @abstractmethod
    def _deciding(self) -> Iterable[str]:
        """Name the kinds of evidence that the finding came of."""

    @abstractmethod
    def _models(self) -> Iterator[Block]:
        """Tell what trained models said, and how often they err."""

    def _of_frames(self) -> Iterator[Section]:
        """Tell of frames, if there are any."""
        yield from ()

    def _exhibit(self) -> Iterator[Block]:
        examined, exhibit = self._examined, self._examined.exhibit
        hashes = [(self._say("exhibit.sha256"), exhibit.sha256)]
        size = self._say("exhibit.pixels", width=exhibit.width, height=exhibit.height)
        facts = [
            (self._say("exhibit.size"), self._say("exhibit.bytes", n=exhibit.size)),
            (self._say("exhibit.format"), exhibit.format),
            (self._say("exhibit.dimensions"), size),
        ]
        if original := examined.original:
            hashes.append((self._say("exhibit.original"), original.sha256))
            size = self._say(
                "exhibit.pixels", width=original.width, height=original.height
            )
            facts.append((self._say("exhibit.original_dimensions"), size))
        facts += [
            (self._say(f"exhibit.{name}"), explain.quote(value))
            for name in ("examined_at", "reference", "examiner")
            if (value := getattr(examined, name))
        ]
        yield Facts(tuple(hashes), exact=True)
        yield Facts(tuple((label, value) for label, value in facts if value))
        yield Paragraph(self._say("exhibit.native"), quiet=True)
        if not examined.custody:
            yield Paragraph(self._say("exhibit.custody"), quiet=True)

    def _custody(self) -> Iterator[Block]:
        yield Paragraph(self._say("custody.intro"), quiet=True)
        custody = self._examined.custody
        yield Facts(tuple((at, self._words.say(phrase)) for at, phrase in custody))

    def _evidence(self) -> Iterator[Block]:
        items = self._items(measured=False)
        if items:
            yield Paragraph(self._say("evidence.intro"), quiet=True)
        else:
            yield Paragraph(self._say("evidence.none"))
        yield from items

    def _items(self, *, measured: bool) -> list[Item]:
        return [
            self._item(piece)
            for piece in self._assessment.evidence
            if (piece.strength == "measurement") == measured
        ]

    def _item(self, piece: Evidence) -> Item:
        text = explain.said(piece, self._locale)
        return Item(
            about=explain.kind(piece.kind, self._locale),
            finding=text.finding,
            bears=explain.strength(piece.strength, self._locale),
            detail=text.detail,
        )

    def _figures(self) -> Iterator[Figure]:
        for name, png in self._examined.figures:
            code = "places.model" if name else "places.derivation"
            yield Figure(png, self._say(code, name=name))

    def _methods(self) -> Iterator[Block]:
        lines = [self._say("methods.provenance"), self._say("methods.measurements")]
        if self._is_compared():
            lines.append(self._say("methods.derivation"))
        for opinion in self._assessment.models:
            family = opinion.name.partition("-")[0]
            known = f"report.methods.{family}" in self._words.phrases
            code = family if known and family in opinions.FAMILIES else "model"
            lines.append(self._say(f"methods.{code}", name=opinion.name))
        lines.append(self._say("methods.fusion", some=SOME_FROM, strong=STRONG_FROM))
        yield Bullets(tuple(lines))
        yield Facts((("detector", self._assessment.version), *versions()))
        trust = self._examined.trust or self._say("methods.no_trust")
        yield Facts(((self._say("methods.trust"), trust),), exact=True)

    def _is_compared(self) -> bool:
        """Whether there was an original: in the examiner's hands, or its features alone."""
        return any(piece.kind == "derivation" for piece in self._assessment.evidence)

    def _reproduce(self) -> Iterator[Block]:
        yield Paragraph(self._say("reproduce.intro"))
        yield Code(command(self._examined, self._locale))
        yield Paragraph(self._say("reproduce.placeholders"), quiet=True)
        if self._examined.custody:
            yield Paragraph(self._say("reproduce.custody"), quiet=True)

    def _signing(self) -> Iterator[Block]:
        yield Blank(self._say("signing.line"))
        yield Paragraph(self._say("signing.detached"), quiet=True)

    def _paragraphs(self, section: str, names: tuple[str, ...]) -> list[Block]:
        return [Paragraph(self._say(f"{section}.{name}")) for name in names]

    def _section(self, name: str, blocks: Iterator[Block] | list[Block]) -> Section:
        return Section(self._say(f"{name}.title"), tuple(blocks))

    def _say(self, code: str, **facts: Fact) -> str:
        return self._words.fill(self._phrase(code), facts)

    def _phrase(self, code: str) -> str:
        return self._words.phrases[f"report.{code}"]


class _OfPicture(_Composing[Assessment]):
    def _summary(self) -> str:
        return explain.summary(self._assessment, self._locale)

    def _deciding(self) -> Iterable[str]:
        strength = _STRENGTHS.get(self._assessment.finding)
        kinds = [e.kind for e in self._assessment.evidence if e.strength == strength]
        if strength and strength_of(self._assessment.models) == strength:
            kinds.append("model")
        return dict.fromkeys(kinds)

    def _models(self) -> Iterator[Block]:
        return opinions.told(self._assessment.models, self._words)


class _OfVideo(_Composing[VideoAssessment]):
    """Where words would speak of a picture, there are others in `report.video`."""

    def _phrase(self, code: str) -> str:
        own = self._words.phrases.get(f"report.video.{code}")
        return super()._phrase(code) if own is None else own

    def _summary(self) -> str:
        found = self._assessment
        return explain.video_summary(found.finding, found.reasons, self._locale)

    def _deciding(self) -> Iterable[str]:
        reasons = self._assessment.reasons
        return sorted("model" if kind == "models" else kind for kind in reasons)

    def _models(self) -> Iterator[Block]:
        return opinions.of_frames(self._assessment.models, self._words)

    def _of_frames(self) -> Iterator[Section]:
        frames = {frame.number: frame for frame in self._assessment.frames}
        worst = [frames[number] for number in self._assessment.matter]
        shown = [item for frame in worst for item in self._frame(frame)]
        said = self._say("frames.intro" if shown else "frames.none")
        intro = Paragraph(said, quiet=bool(shown))
        yield self._section("frames", [intro, *shown])

    def _frame(self, frame: FrameAssessment) -> Iterator[Item]:
        """Yield each reason: what raised the frame's finding, and what models said of it."""
        texts = [explain.said(piece, self._locale) for piece in frame.evidence]
        texts += [explain.opinion(given, self._locale) for given in frame.models]
        moment = explain.moment(frame.at)
        for text in texts:
            yield Item(
                about=self._say("frames.about", n=frame.number + 1, moment=moment),
                finding=text.finding,
                bears=explain.finding(frame.finding, self._locale),
                detail=text.detail,
            )


_QUESTION = ("intro", "first", "second", "prior")
_LIMITS = ("no_proof", "generators", "laundering", "statements", "who", "expert")
_STRENGTHS = {
    "declared": "declared",
    "strong signs": "strong",
    "some signs": "medium",
}
