"""Forms sent twice, at once, forged or stuffed: one case or none, nothing typed is lost."""

import threading
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import time_machine
from django.core.files.storage import FileSystemStorage, storages
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test import Client

from portal.accounts import sealing
from portal.accounts.models import User
from portal.bank.models import Signal
from portal.cases import actions, evidence, keys, receipts
from portal.cases.models import Case, Draft, Event, Exhibit, KeyWrap, Message, Report
from portal.sightings.tasks import sweep_evidence, sweep_reports
from tests.conftest import WREN_PASSWORD
from tests.intake.reporting import ADDRESS, answers, claims_of, passphrase_in, token_in
from tests.journeys.conftest import Victim, a_file, picture
from tests.telling import told


@pytest.fixture(autouse=True)
def empty_store() -> Iterator[None]:
    for name in evidence.stored():
        evidence.discard(name)
    yield
    if not connection.in_atomic_block:
        rows = Exhibit.objects.values_list("stored_as", "held_as")
        named = {name for row in rows for name in row if name}
        assert set(evidence.stored()) == named, "sealed bytes without a row"


def one_of_each() -> tuple[int, int, int, int]:
    received = Event.objects.filter(kind="received").count()
    models = (Case, Report, Exhibit)
    first, second, third = (model._default_manager.count() for model in models)
    return first, second, third, received


def in_one_moment(victim: Victim, tap: Callable[[Client], None]) -> None:
    """Three taps of one finger: the same browser, at the same time."""
    gate = threading.Barrier(3)

    def run() -> None:
        client = Client()
        client.cookies = victim.client.cookies
        try:
            gate.wait()
            tap(client)
        finally:
            connection.close()

    threads = [threading.Thread(target=run) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


def test_a_form_posted_twice_is_one_case_with_one_passphrase(amina: Victim) -> None:
    amina.fills(picture={"claims": claims_of(picture(1))})
    form = {"token": amina.token()}
    words = []
    for _ in range(2):
        answer = amina.client.post("/report/review/", form)
        assert answer.status_code == 200
        words.append(passphrase_in(answer.content))
    amina.hides(*words)
    assert words[0] == words[1]
    assert one_of_each() == (1, 1, 1, 1)
    assert Signal.objects.filter(type="sha256").count() == 1


def test_a_form_posted_twice_in_one_moment_is_one_case(amina: Victim) -> None:
    amina.fills(picture={"claims": claims_of(picture(1))})
    form = {"token": amina.token()}
    words: list[str] = []

    def tap(client: Client) -> None:
        words.append(passphrase_in(client.post("/report/review/", form).content))

    in_one_moment(amina, tap)
    amina.hides(*words)
    assert len(words) == 3
    assert len(set(words)) == 1
    assert one_of_each() == (1, 1, 1, 1)
    assert Signal.objects.filter(type="sha256").count() == 1


def test_an_upload_posted_thrice_in_one_moment_is_one_picture(amina: Victim) -> None:
    amina.opens_a_case()
    form = amina.agrees()
    answered: list[int] = []

    def tap(client: Client) -> None:
        sent = form | {"pictures": a_file(picture(1))}
        answered.append(client.post("/case/upload/", sent).status_code)

    in_one_moment(amina, tap)
    assert answered == [302, 302, 302]
    assert one_of_each() == (1, 2, 1, 1)
    assert Event.objects.filter(kind="uploaded").count() == 1
    assert Signal.objects.filter(type="sha256").count() == 1
    assert "We watch for copies of 1 picture." in amina.sees()


def test_where_the_database_lets_both_begin_the_second_gets_the_first_ones_receipt(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """As on PostgreSQL, where neither sees the other until it has committed."""
    first = actions.submit_report(token="t" * 43, told=told(pictures=[b"one"]))
    look = receipts.receipt_of
    looks: list[str] = []

    def blind_at_first(token: str) -> receipts.Receipt | None:
        looks.append(token)
        return look(token) if len(looks) > 1 else None

    monkeypatch.setattr("portal.cases.actions.receipt_of", blind_at_first)
    again = actions.submit_report(token="t" * 43, told=told(pictures=[b"two"]))
    assert (again.report, again.passphrase) == (first.report, first.passphrase)
    assert one_of_each() == (1, 1, 1, 1)
    assert KeyWrap.objects.count() == 1
    assert len(list(evidence.stored())) == 2, "sealed to the case, and held"


@pytest.mark.parametrize(
    "path",
    [
        "/report/fears/",
        "/report/review/",
        "/report/leave/",
        "/check/",
        "/case/",
        "/case/upload/",
        "/case/messages/",
        "/case/reach/",
        "/case/withdraw/",
        "/case/consents/",
        "/desk/login/",
        "/language/setlang/",
    ],
)
def test_a_form_without_its_csrf_token_is_refused_in_plain_words(
    amina: Victim, path: str
) -> None:
    """Another site makes her own browser send it, with everything that she has open."""
    amina.reports(picture(1))
    sent = {**amina.agrees(), "pictures": a_file(picture(2)), "words": "forged words"}
    amina.fills(where={"urls": ADDRESS})
    forged = Client(enforce_csrf_checks=True)
    forged.cookies = amina.client.cookies
    sent |= {"token": amina.token(), "passphrase": amina.passphrase, "delete": "1"}
    answer = forged.post(path, sent)
    assert answer.status_code == 403
    page = answer.content.decode()
    assert "This form was open for too long" in page
    assert "Nothing that reached us before is lost" in page
    assert amina.passphrase not in page
    assert Case.objects.active().count() == 1
    assert one_of_each() == (1, 1, 1, 1)
    assert not Message.objects.exists()
    assert Draft.objects.exists(), "what she began is still there"


def test_a_form_with_its_csrf_token_is_taken() -> None:
    client = Client(enforce_csrf_checks=True)
    client.get("/report/what/")
    key = {"csrfmiddlewaretoken": client.cookies["csrftoken"].value}
    answers(client, what=key, where={"urls": "http://127.0.0.1:9/", **key})
    answer = client.post("/report/review/", {"token": token_in(client), **key})
    assert passphrase_in(answer.content)


def test_five_thousand_addresses_are_refused_and_none_is_lost(amina: Victim) -> None:
    urls = "\n".join(f"https://chirp.example/{n}" for n in range(5_000))
    page = amina.is_refused(urls=urls)
    assert "There are 5000 addresses. We can take 200 in one report." in page
    assert urls in page


@pytest.mark.parametrize(
    "field", ["urls", "details", "claims", "address", "hours", "never"]
)
def test_a_nul_byte_is_refused_and_the_rest_is_kept(amina: Victim, field: str) -> None:
    other = "fears" if field == "urls" else "where"
    kept = {"fears": {"details": "kept words"}, "where": {"urls": ADDRESS}}[other]
    page = amina.is_refused(**{field: "a\x00b"}, before={other: kept})
    if field != "claims":
        assert "There is a hidden sign in this text. Please type it again." in page
    (typed,) = kept.values()
    assert typed in amina.client.get(f"/report/{other}/").content.decode()


def test_a_nul_byte_in_the_token_sends_nothing_and_loses_nothing(
    amina: Victim,
) -> None:
    amina.fills(where={"urls": ADDRESS})
    answer = amina.client.post("/report/review/", {"token": f"{amina.token()}\x00"})
    assert answer["Location"] == "/report/review/"
    assert not Case.objects.exists()
    assert ADDRESS in amina.client.get("/report/review/").content.decode()


@pytest.mark.parametrize(
    "wrong", ["\x00", "a\x00b", "\u202eword", "\ud7ff", "word " * 200]
)
def test_a_passphrase_with_strange_signs_is_only_a_wrong_one(wrong: str) -> None:
    answer = Client().post("/case/", {"passphrase": wrong})
    assert answer.status_code == 200
    assert "do not open a case" in answer.content.decode()


def test_marks_that_turn_text_around_do_not_reach_the_record(
    amina: Victim, wren: User
) -> None:
    amina.hides("they know")
    amina.fills(
        where={"urls": "\u202ehttp://127.0.0.1:9/\u200f1"},
        fears={"details": "\u2066they know\u202e"},
    )
    amina.hides(passphrase_in(amina.sends()))
    report = Report.objects.get()
    assert report.urls.get().url == "http://127.0.0.1:9/1"
    key = keys.key_of_worker(report.case, wren, sealing.unlock(wren, WREN_PASSWORD))
    read = evidence.open_details(key, report, reason="reading the report")
    assert read == "they know"


@pytest.mark.parametrize(
    ("path", "over"),
    [
        ("/report/fears/", {f"field{n}": "x" for n in range(1_500)}),
        ("/report/fears/", {"details": "x" * 3 * 2**20}),
        ("/case/upload/", {"pictures": [SimpleUploadedFile("x", b"x")] * 150}),
    ],
    ids=["fields", "letters", "files"],
)
def test_more_than_a_form_may_hold_is_a_plain_page(
    amina: Victim, path: str, over: dict[str, Any]
) -> None:
    amina.opens_a_case()
    agreed = amina.agrees()
    amina.fills(where={"urls": ADDRESS})
    answer = amina.client.post(path, agreed | over)
    assert answer.status_code == 400
    assert "That was more than we can take at once" in answer.content.decode()
    assert "Nothing was saved" in answer.content.decode()
    assert one_of_each() == (1, 1, 0, 1)
    assert ADDRESS in amina.client.get("/report/review/").content.decode()


@pytest.mark.parametrize("path", ["/report/what/", "/report/review/", "/case/"])
@pytest.mark.parametrize("header", ["a; boundary=", "multipart/form-data; boundary=x"])
def test_a_body_that_is_no_form_is_answered_in_words(path: str, header: str) -> None:
    answer = Client().generic("POST", path, b"\xff\x00--x--", header)
    if answer.status_code == 302:
        answer = Client().get(answer["Location"], follow=True)
    assert answer.status_code in {200, 400}
    assert "<h1" in answer.content.decode()
    assert not Case.objects.exists()


def test_a_disk_that_fills_up_in_the_middle_leaves_no_half_upload(
    amina: Victim, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = FileSystemStorage.save
    kept: list[str | None] = []

    def fill_up(self: FileSystemStorage, name: str | None, content: Any) -> str:
        if kept:
            raise OSError(28, "No space left on device: /secret/place")
        kept.append(name)
        return real(self, name, content)

    monkeypatch.setattr(FileSystemStorage, "save", fill_up)
    amina.logs.plant("/secret/place")
    amina.client.raise_request_exception = False
    amina.opens_a_case()
    sent = amina.agrees() | {"pictures": [a_file(picture(1)), a_file(picture(2))]}
    answer = amina.client.post("/case/upload/", sent)
    assert answer.status_code == 500
    page = answer.content.decode()
    assert "If you already have a passphrase, your case is safe." in page
    assert one_of_each() == (1, 1, 0, 1)
    assert not Event.objects.filter(kind__in=["added", "uploaded"]).exists()
    with time_machine.travel(datetime.now(UTC) + timedelta(minutes=5)):
        sweep_evidence()
    assert len(list(evidence.stored())) == 1, "a young one may still get its row"
    with time_machine.travel(datetime.now(UTC) + timedelta(hours=2)):
        sweep_evidence()
    assert list(evidence.stored()) == []
    monkeypatch.undo()
    amina.uploads(picture(1))
    with time_machine.travel(datetime.now(UTC) + timedelta(hours=2)):
        sweep_evidence()
    assert len(list(evidence.stored())) == 1


def test_a_store_that_is_away_for_a_while_loses_no_picture(
    amina: Victim, bell_is_dead: None
) -> None:
    amina.opens_a_case()
    amina.uploads(picture(1))
    exhibit = Exhibit.objects.get()
    place = Path(storages["evidence"].path(exhibit.held_as))
    away = place.rename(place.with_suffix(".away"))
    place.mkdir()  # to open it is an error of the disk, not "no such file"
    for minutes in range(3, 16, 3):
        with time_machine.travel(datetime.now(UTC) + timedelta(minutes=minutes)):
            sweep_reports()
    exhibit.refresh_from_db()
    assert exhibit.state == Exhibit.State.RECEIVED
    assert "1 picture is waiting to be read." in amina.sees()
    place.rmdir()
    away.rename(place)
    with time_machine.travel(datetime.now(UTC) + timedelta(minutes=30)):
        sweep_reports()
    assert "We watch for copies of 1 picture." in amina.sees()
