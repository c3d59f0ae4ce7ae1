"""The result letter: honest about every copy, and the same bytes for the same letter."""

import io
from datetime import UTC, date, datetime
from pathlib import Path

import pytest
import time_machine
from django.conf import LazySettings
from django.test import Client
from django.utils import translation
from pypdf import PdfReader

from portal.intake import printing
from portal.intake.letters import Asked, Copy, Letter, letter_of, sections_of
from portal.intake.status import Step
from tests.intake.opening import an_open_case, page_of

PATH = "/case/letter/"
FILE = "/case/letter/letter.pdf"
needs_fonts = pytest.mark.skipif(
    not (Path(__file__).parents[2] / "node_modules" / "@fontsource").is_dir(),
    reason="the fonts are not installed",
)


def asked(
    state: str,
    *,
    recipient: str = "Chirp",
    due_on: date | None = date(2026, 10, 3),
    is_late: bool = False,
    answer: str = "",
) -> Asked:
    return Asked(recipient, state, date(2026, 10, 1), due_on, is_late, answer)


def a_letter(*copies: Copy, promises: tuple[Step, ...] = ()) -> Letter:
    return Letter("R-ABCD2345", date(2026, 11, 21), copies, promises)


def words_of(letter: Letter) -> str:
    return "\n".join(line for section in sections_of(letter) for line in section.lines)


def text_of(data: bytes) -> str:
    pages = PdfReader(io.BytesIO(data)).pages
    return " ".join(" ".join(page.extract_text() for page in pages).split())


def test_what_is_gone_says_where_when_and_by_whom() -> None:
    copy = Copy("chirp.example", "gone", date(2026, 10, 2), asked("removed"))
    words = words_of(a_letter(copy, Copy("b.example", "up", None, None)))
    assert "Gone: 1 of the 2 copies that we found." in words
    assert "chirp.example: gone. We saw this first on Oct. 2, 2026." in words
    assert "Chirp removed it after our request of Oct. 1, 2026." in words
    assert "b.example: still there. We have not asked for its removal yet." in words


@pytest.mark.parametrize(
    ("request_", "said"),
    [
        (asked("draft"), "We are preparing a request to Chirp."),
        (asked("sent"), "They should act by Oct. 3, 2026."),
        (asked("acknowledged", due_on=None), "and wait for their answer."),
        (asked("sent", is_late=True), "and did not. Next, we go one step higher."),
        (asked("failed"), "Next, we try another way."),
        (asked("refused"), "gave no reason."),
        (asked("refused", answer="Not ours."), "said: “Not ours.”"),
        (asked("refused", answer="100 %(x)s"), "said: “100 %(x)s”"),
        (asked("removed"), "but we saw it again."),
    ],
)
def test_what_failed_says_why_and_the_next_step(request_: Asked, said: str) -> None:
    words = words_of(a_letter(Copy("chirp.example", "up", None, request_)))
    assert said in words


def test_who_removed_it_is_not_made_up() -> None:
    copy = Copy("chirp.example", "gone", None, asked("sent"))
    assert "We do not know who removed it." in words_of(a_letter(copy))


@time_machine.travel(datetime(2026, 11, 21, tzinfo=UTC), tick=False)
def test_promises_are_told_kept_late_broken_and_open() -> None:
    def day(number: int) -> datetime:
        return datetime(2026, 11, number, tzinfo=UTC)

    def lines(due: int, read: int | None) -> str:
        step = Step(day(1), "We got it.", day(due), day(read) if read else None)
        return words_of(a_letter(promises=(step,)))

    assert "and kept that." in lines(due=5, read=3)
    assert "That was done later, on Nov. 7, 2026. We are sorry." in lines(due=5, read=7)
    assert "and did not keep that. We are sorry." in lines(due=5, read=None)
    assert "A person reads it by Nov. 25, 2026." in lines(due=25, read=None)


@pytest.mark.django_db
def test_a_new_case_gets_a_letter_too(client: Client) -> None:
    case = an_open_case(client)
    letter = letter_of(case)
    assert letter.copies == ()
    page = page_of(client, PATH)
    assert "We have found no copy so far. We go on looking." in page
    assert case.reference in page


@pytest.mark.django_db
def test_without_fonts_the_page_says_so_and_the_letter_stays(
    client: Client, settings: LazySettings, tmp_path: Path
) -> None:
    settings.FONTS = tmp_path
    an_open_case(client)
    answer = client.get(FILE)
    assert answer.status_code == 503
    page = answer.content.decode()
    assert "We cannot make a file here" in page
    assert "We go on looking." in page


@needs_fonts
@pytest.mark.django_db
@pytest.mark.parametrize(
    ("language", "said"), [("en", "Letter"), ("zh-hans", "R-"), ("ko", "R-")]
)
def test_the_file_is_a_quiet_pdf(client: Client, language: str, said: str) -> None:
    case = an_open_case(client, language=language)
    answer = client.get(FILE)
    assert answer["Content-Type"] == "application/pdf"
    assert answer["Content-Disposition"] == 'attachment; filename="letter.pdf"'
    data = answer.content
    assert data.startswith(b"%PDF-")
    assert b"/Subtype /Image" not in data
    assert said in text_of(data)
    assert case.reference in text_of(data)
    told = PdfReader(io.BytesIO(data)).metadata
    assert told is not None
    assert "eclaim" not in str(told)


@needs_fonts
@pytest.mark.parametrize(
    ("language", "name"),
    [("en", "Chirp"), ("zh-hans", "微博客"), ("ko", "카카오"), ("ar", "Chirp")],
)
def test_the_same_letter_gives_the_same_bytes_in_every_script(
    language: str, name: str
) -> None:
    letter = a_letter(
        Copy("chirp.example", "up", None, asked("failed", recipient=name))
    )
    title = "Letter" if language == "ar" else "信 편지 Letter"
    with translation.override(language):
        with time_machine.travel(datetime(2026, 11, 21, tzinfo=UTC)):
            first = printing.printed(letter, title)
        with time_machine.travel(datetime(2027, 3, 1, tzinfo=UTC)):
            again = printing.printed(letter, title)
    assert first == again
    text = text_of(first)
    assert name in text
    assert title in text


@needs_fonts
def test_a_sign_that_no_font_has_becomes_a_question_mark(
    caplog: pytest.LogCaptureFixture,
) -> None:
    letter = a_letter(
        Copy("chirp.example", "up", None, asked("refused", answer="no \U0001f600 \x07"))
    )
    data = printing.printed(letter, "Letter")
    assert "no ? ?" in text_of(data)
    assert "1f600" not in caplog.text.lower()


@needs_fonts
def test_a_long_letter_goes_over_many_pages() -> None:
    copies = [Copy(f"site{n}.example", "up", None, None) for n in range(200)]
    data = printing.printed(a_letter(*copies), "Letter")
    assert len(PdfReader(io.BytesIO(data)).pages) > 3
    assert "site199.example" in text_of(data)
