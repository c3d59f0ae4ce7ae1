"""The report: everything that a court asks for, in three languages, and no picture."""

import io
import re
from collections.abc import Callable
from html import unescape
from html.parser import HTMLParser
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from pypdf import PdfReader

from detector import Assessment, ModelOpinion, explain
from detector.figures import figures
from detector.report import Examined, FontError, compose, html, pdf
from detector.report.document import Document, Grid
from detector.report.examined import command
from detector.report.lines import broken
from detector.report.opinions import support
from detector.words import LOCALES, words
from tests.detector.report.conftest import CALIBRATED, HOSTILE, Mapped, needs_fonts

Examine = Callable[..., Examined]


def text_of(content: bytes) -> str:
    pages = PdfReader(io.BytesIO(content)).pages
    return "".join("".join(page.extract_text() for page in pages).split())


def titles(document: Document) -> list[str]:
    return [section.title for section in document.sections]


class Tags(HTMLParser):
    """Collects what a browser would see."""

    def __init__(self) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.attributes: list[tuple[str, str | None]] = []
        self.text = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.attributes.extend(attrs)

    def handle_data(self, data: str) -> None:
        self.text += data


@pytest.mark.parametrize("locale", LOCALES)
def test_html_holds_every_part_of_a_forensic_report(
    locale: str, examine: Examine, card: Path
) -> None:
    examined = examine(CALIBRATED, examined_at="2026-03-01T10:00:00", reference="A-7")
    page = unescape(html(compose(examined, locale)))
    say = words(locale).phrases
    assert isinstance(examined.assessment, Assessment)

    for part in (
        "question.first", "question.second", "exhibit.sha256", "exhibit.custody",
        "evidence.intro", "models.weights", "models.scale_rule", "errors.intro",
        "measurements.intro", "untested.title", "methods.provenance",
        "limits.no_proof", "reproduce.placeholders", "signing.line", "opinion",
    ):  # fmt: skip
        assert say[f"report.{part}"] in page, part
    for fact in (
        examined.exhibit.sha256, f"{examined.exhibit.size:,}", "768 x 640", "ab" * 32,
        examined.assessment.version, "2.13.0", "2026-03-01T10:00:00", "A-7",
        say["report.scale.moderate"], explain.summary(examined.assessment, locale),
        explain.sentence(examined.assessment.gaps[0], locale),
    ):  # fmt: skip
        assert fact in page, fact


def test_what_a_file_says_cannot_become_markup(examine: Examine) -> None:
    page = Tags()
    page.feed(html(compose(examine(reference=HOSTILE), "en")))

    assert not {"script", "img", "link", "iframe", "form"} & set(page.tags)
    assert not any(name.startswith("on") for name, _ in page.attributes)
    assert page.text.count(explain.quote(HOSTILE)) == 2
    assert "default-src 'none'" in str(page.attributes)


def test_names_of_files_and_pictures_stay_out_by_default(
    examine: Examine, photo: Path
) -> None:
    page = html(compose(examine(CALIBRATED), "en"))

    assert "secret-name" not in page
    assert "<img" not in page
    assert words("en").phrases["report.places.title"] not in page


def test_a_heatmap_lies_over_a_blurred_grey_copy_and_says_what_it_is(
    examine: Examine, scene: Image.Image, card: Path
) -> None:
    silent = ModelOpinion("silent", None, abstained="models.small")
    models = [Mapped(CALIBRATED), Mapped(silent), object()]
    drawn = [*figures(scene, None, models, [CALIBRATED, silent, CALIBRATED])]

    ((name, png),) = drawn
    drawing = Image.open(io.BytesIO(png))
    assert name == "learned"
    assert max(drawing.size) <= 512
    plain = scene.resize(drawing.size)
    roughness = [
        float(np.abs(np.diff(np.asarray(image.convert("L"), np.float32))).mean())
        for image in (drawing, plain)
    ]
    assert roughness[0] < roughness[1] / 4  # nothing fine is left


def test_error_rates_are_told_worst_first(examine: Examine, card: Path) -> None:
    document = compose(examine(CALIBRATED), "en")
    (grid,) = (
        block
        for section in document.sections
        for block in section.blocks
        if isinstance(block, Grid)
    )

    assert [row[0] for row in grid.rows] == ["hard set", "easy set", "empty set"]
    assert grid.rows[0][3] == "0.52 (0.40–0.90)"
    assert grid.rows[2][3].startswith("- ")


@pytest.mark.parametrize("spoiled", ["", "{}", "[1]", '{"sha256": "00"}', "\x00"])
def test_where_no_error_rates_are_known_the_report_says_so(
    spoiled: str, examine: Examine, card: Path
) -> None:
    card.write_text(spoiled)

    page = html(compose(examine(CALIBRATED), "en"))

    assert "How often “learned” errs is not known here" in page


@pytest.mark.parametrize(
    ("interval", "said"),
    [
        ((1.5, 30), "supports neither"),
        ((0.2, 5), "supports neither"),
        ((2, 30), "weak support for the first"),
        ((10, 30), "moderate support for the first"),
        ((100, 300), "moderately strong support for the first"),
        ((1_000, 3_000), "is strong support for the first"),
        ((10_000, 30_000), "very strong support for the first"),
        ((1_000_000, 3_000_000), "extremely strong support for the first"),
        ((0.01, 0.09), "moderate support for the second"),
        ((0.0, 0.0), "supports neither"),
        (None, "supports neither"),
    ],
)
def test_a_ratio_is_told_in_enfsis_words_by_the_end_nearer_to_one(
    interval: tuple[float, float] | None, said: str
) -> None:
    assert said in support(ModelOpinion("m", 0.5, 1.0, interval), words("en"))


def test_support_for_a_photograph_is_no_conclusion() -> None:
    told = support(ModelOpinion("m", 0.01, 0.01, (0.005, 0.02)), words("en"))

    assert "No conclusion" in told


def test_the_command_to_repeat_names_no_file_and_quotes_what_was_stated(
    examine: Examine,
) -> None:
    brought = ModelOpinion("defenders-convnext", 0.4, weights="cd" * 32)
    typed = command(examine(brought, reference="a b; rm -rf x"), "ko")

    model = "defenders:WEIGHTS#sha256=" + "cd" * 32
    assert typed.startswith(f"DETECTOR_MODEL='{model}' python -m detector report")
    assert "--locale ko" in typed
    assert "'a b; rm -rf x'" in typed


def test_the_list_of_trusted_signers_is_named_by_its_digest_or_said_to_be_missing(
    examine: Examine,
) -> None:
    named = html(compose(examine(trust="ef" * 32), "en"))
    assert f"<code>{'ef' * 32}</code>" in named or "ef" * 32 in named
    assert "DETECTOR_TRUST=" in named
    assert "no signer is known to be trusted" in html(compose(examine(), "en"))


@needs_fonts
@pytest.mark.parametrize("locale", LOCALES)
def test_the_pdf_reads_back_in_its_language(
    locale: str, examine: Examine, card: Path
) -> None:
    examined = examine(CALIBRATED)
    document = compose(examined, locale)

    printed = text_of(pdf(document))

    for title in [document.title, *titles(document)]:
        assert "".join(title.split()) in printed, title
    assert examined.exhibit.sha256 in printed
    assert "<script>alert(1)</script>" in printed
    assert "{pages}" in printed  # a quote stays as it was
    assert "hardset" in printed


@needs_fonts
def test_signs_that_no_font_has_are_marked_and_break_nothing(examine: Examine) -> None:
    odd = "\U0001f600\U00012000 \u0627\u0644 中 한"

    assert "?" in text_of(pdf(compose(examine(reference=odd), "en")))


def test_without_the_languages_font_the_pdf_is_refused_in_a_sentence(
    tmp_path: Path, examine: Examine
) -> None:
    for locale in LOCALES:
        with pytest.raises(FontError, match=r"needs the font noto-sans.*woff"):
            pdf(compose(examine(), locale), tmp_path)


@pytest.mark.parametrize(
    "text",
    [
        "“签名，有效”的（C2PA）文件，是 DeepFakeDefenders 的。abc def.",
        "한국어 문장입니다(띄어쓰기). 끝.",
        "A word (in brackets), and more: “Steps: 20”.",
        "x" * 95,
        "（" * 40 + "。" * 40,
        "",
        "  ",
    ],
)
def test_lines_fit_and_lose_nothing(text: str) -> None:
    lines = broken(text, 12, len).split("\n")

    assert all(len(line) <= 12 for line in lines)
    assert re.sub(r"\s", "", "".join(lines)) == re.sub(r"\s", "", text)


def test_no_line_begins_with_closing_punctuation() -> None:
    lines = broken("甲乙丙丁，戊己庚辛。（壬癸）" * 5, 5, len).split("\n")

    assert not any(line[0] in "，。）" or line[-1] == "（" for line in lines)
