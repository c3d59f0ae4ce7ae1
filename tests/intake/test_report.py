import html
from collections.abc import Iterator

import pytest
from django.conf import settings
from django.test import Client
from pytest_django import DjangoCaptureOnCommitCallbacks

from portal.cases.models import Case, Consent, Exhibit, Report
from portal.celery import app
from tests.intake.reporting import a_form, a_picture, passphrase_in

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def bells() -> Iterator[None]:
    app.conf.task_always_eager = True
    yield
    app.conf.task_always_eager = False


def refused(client: Client, **over: object) -> str:
    """Send what cannot be taken; nothing of it may stay."""
    answer = client.post("/report/adult/", a_form(client, **over))
    assert answer.status_code == 200
    assert not Report.objects.exists()
    page = html.unescape(answer.content.decode())
    assert "Nothing was sent yet" in page
    return page


def test_a_report_opens_a_case_and_shows_its_passphrase_once(client: Client) -> None:
    form = a_form(
        client,
        pictures=[a_picture(), a_picture("q.jpg")],
        urls="https://chirp.example/1\nboards.example/2",
        details="They know my team.",
        threatened="on",
        consents=["matching", "evidence"],
    )
    answer = client.post("/report/adult/", form)
    assert answer.status_code == 200
    assert len(passphrase_in(answer.content).split()) == 8
    case = Case.objects.get()
    report = case.reports.get()
    assert report.threatened
    assert b"team" not in bytes(report.details)
    assert case.exhibits.count() == 2
    assert [url.url for url in report.urls.order_by("pk")] == [
        "https://chirp.example/1",
        "https://boards.example/2",
    ]
    assert set(case.consents.values_list("kind", flat=True)) == {"matching", "evidence"}
    assert "case" not in client.session


def test_the_worker_hears_of_the_report_at_once(
    client: Client, django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks
) -> None:
    with django_capture_on_commit_callbacks(execute=True):
        client.post(
            "/report/adult/",
            a_form(client, urls="", pictures=[a_picture()], consents=["matching"]),
        )
    assert Exhibit.objects.get().state == Exhibit.State.HASHED


def test_the_same_form_sent_twice_is_one_report_with_one_passphrase(
    client: Client,
) -> None:
    form = a_form(client)
    first = client.post("/report/adult/", form)
    second = client.post("/report/adult/", form)
    assert passphrase_in(first.content) == passphrase_in(second.content)
    assert Case.objects.count() == 1


def test_a_form_sent_again_much_later_says_that_the_words_were_shown(
    client: Client,
) -> None:
    form = a_form(client)
    client.post("/report/adult/", form)
    Report.objects.update(receipt=b"", receipt_until=None)
    page = client.post("/report/adult/", form).content.decode()
    assert "cannot be shown again" in page
    assert 'id="passphrase"' not in page


def test_what_was_typed_is_kept_when_something_is_wrong(client: Client) -> None:
    page = refused(
        client,
        adult="",
        urls="https://chirp.example/1\nftp://x.example",
        details="words <b>of mine</b>",
        threatened="on",
        consents=["sharing"],
    )
    assert "Line 2: a web address starts with http:// or https://." in page
    assert "https://chirp.example/1\nftp://x.example</textarea>" in page
    assert "words <b>of mine</b></textarea>" in page
    assert 'value="sharing" checked' in page
    assert "Tick this if it is true" in page


def test_a_report_needs_a_picture_or_an_address(client: Client) -> None:
    assert "Give us a picture, or an address, or both." in refused(client, urls=" \n")


def test_a_picture_needs_the_consent_to_look_for_it(client: Client) -> None:
    page = refused(client, pictures=[a_picture()])
    assert "only if you tick" in page


def test_an_empty_file_is_named_by_its_place(client: Client) -> None:
    page = refused(
        client, pictures=[a_picture(), a_picture("e.jpg", b"")], consents=["matching"]
    )
    assert "File number 2 is empty" in page


def test_more_pictures_than_ten_are_refused(client: Client) -> None:
    page = refused(client, pictures=[a_picture()] * 11, consents=["matching"])
    assert "You chose 11 pictures" in page


def test_pictures_too_large_together_are_refused_beside_the_field(
    client: Client,
) -> None:
    half = b"x" * (settings.MAX_UPLOAD_BYTES // 2 + 1)
    page = refused(
        client,
        pictures=[a_picture("a.jpg", half), a_picture("b.jpg", half)],
        consents=["matching"],
    )
    assert "larger than 25 MB together" in page


def test_a_body_of_thirty_megabytes_is_refused_before_it_is_read(
    client: Client,
) -> None:
    form = a_form(client, pictures=[a_picture("a.jpg", b"x" * 30 * 2**20)])
    answer = client.post("/report/adult/", form)
    assert answer.status_code == 413
    assert "We can take 25 MB" in answer.content.decode()
    assert not Report.objects.exists()


def test_five_thousand_addresses_are_refused_with_their_number(client: Client) -> None:
    page = refused(
        client, urls="\n".join(f"https://e.example/{n}" for n in range(5000))
    )
    assert "There are 5000 addresses. We can take 200" in page


def test_more_text_than_a_form_may_hold_is_a_plain_page(client: Client) -> None:
    answer = client.post("/report/adult/", a_form(client, details="x" * 3 * 2**20))
    assert answer.status_code == 400
    assert "more than we can take at once" in answer.content.decode()


@pytest.mark.parametrize("field", ["urls", "details"])
def test_a_nul_byte_is_refused_beside_its_field(client: Client, field: str) -> None:
    page = refused(client, **{field: "https://chirp.example/\x00"})
    assert "hidden sign" in page


def test_right_to_left_marks_do_not_reach_the_record(client: Client) -> None:
    answer = client.post(
        "/report/adult/",
        a_form(
            client, urls="\u202ehttps://chirp.example/\u200f1", details="\u202ea\u2066"
        ),
    )
    passphrase_in(answer.content)
    assert Report.objects.get().urls.get().url == "https://chirp.example/1"


def test_too_long_a_story_is_refused_with_its_length(client: Client) -> None:
    assert "10001 letters" in refused(client, details="x" * 10_001)


@pytest.mark.parametrize("token", ["", "a", "x" * 500, "a b" * 20])
def test_a_token_that_is_not_ours_is_refused_and_renewed(
    client: Client, token: str
) -> None:
    page = refused(client, token=token)
    assert f'value="{token}"' not in page or not token


def test_an_unknown_consent_is_refused(client: Client) -> None:
    refused(client, consents=["everything"])


def test_a_clear_box_that_nobody_offered_changes_nothing(client: Client) -> None:
    answer = client.post("/report/adult/", a_form(client, **{"pictures-clear": "on"}))
    passphrase_in(answer.content)


def test_no_consent_is_ticked_for_anybody(client: Client) -> None:
    assert " checked" not in client.get("/report/adult/").content.decode()
    client.post("/report/adult/", a_form(client))
    assert not Consent.objects.exists()
