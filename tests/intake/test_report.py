"""The report in steps, as a browser and as a hostile program sends it."""

import html
import json
import re

import pytest
from django.test import Client
from pytest_django import DjangoCaptureOnCommitCallbacks

from portal.cases import evidence
from portal.cases.actions import find_case, open_case
from portal.cases.kinds import FEARS, KINDS
from portal.cases.models import Case, Consent, Draft, Exhibit, Report
from portal.intake import contact
from portal.intake.consents import CONSENTS, RECIPIENTS
from portal.platforms.models import Platform
from tests.intake.reporting import (
    ADDRESS,
    answers,
    claims_of,
    passphrase_in,
    sends,
    token_in,
)

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("bells")]
LATER = ["where", "picture", "fears", "allow", "reach"]


def shown(client: Client, path: str) -> str:
    answer = client.get(path)
    assert answer.status_code == 200
    return html.unescape(answer.content.decode())


def refused(client: Client, step: str, **typed: object) -> str:
    """Answer a step in a way that cannot be taken: it is asked again, with what was typed."""
    answers(client)
    answer = client.post(f"/report/{step}/", {**typed, "go": "next"})
    assert answer.status_code == 200
    page = html.unescape(answer.content.decode())
    assert "Please look at this again" in page
    assert html.unescape(shown(client, f"/report/{step}/")).count('role="alert"') == 1
    return page


def test_a_whole_report_is_kept_as_it_was_told(client: Client, chirp: Platform) -> None:
    words = sends(
        client,
        what={"kinds": ["face_swap", "threat"]},
        where={"urls": f"{ADDRESS}\n@bad_channel\ncom.example.undress"},
        picture={"claims": claims_of()},
        fears={
            "fears": ["name_shown", "money"],
            "until": "2026-12-01",
            "details": "They know my team.",
        },
        allow={
            "consents": ["matching", "sharing", "notices", "police"],
            "sharing": [str(chirp.pk)],
            "notices": ["ugc", "search"],
        },
        reach={
            "channel": "text",
            "address": "+44 20 7946 0000",
            "neutral": "on",
            "never": "my father",
        },
    )
    assert len(words.split()) == 8
    report = Report.objects.get()
    case = report.case
    assert (report.kinds, report.fears) == (
        ["face_swap", "threat"],
        ["name_shown", "money"],
    )
    assert report.threatened
    assert str(report.threatened_until) == "2026-12-01"
    assert list(report.urls.order_by("pk").values_list("kind", "url")) == [
        ("web", ADDRESS),
        ("telegram", "https://t.me/bad_channel"),
        ("app", "com.example.undress"),
    ]
    (exhibit,) = case.exhibits.all()
    assert [claim["type"] for claim in exhibit.claims] == ["sha256", "pdq"]
    assert not exhibit.stored_as
    scopes = dict(case.consents.values_list("kind", "scope"))
    assert scopes == {
        "matching": [],
        "sharing": [str(chirp.pk)],
        "notices": ["ugc", "search"],
        "police": [],
    }
    told = open_case(words)
    assert told
    assert told[1]
    assert b"team" not in bytes(report.details)
    read = evidence.open_details(told[1], report, reason="reading my own words")
    assert read == "They know my team."
    kept = contact.parse(evidence.open_contact(told[1], reason="reading it"))
    assert kept == contact.Contact(
        "text", "+44 20 7946 0000", neutral=True, never="my father"
    )


def test_the_shortest_report_is_one_address(client: Client) -> None:
    case = find_case(sends(client))
    assert case
    assert case.contact == b""
    assert not case.consents.exists(), "nothing is ticked for anybody"
    assert not case.reports.get().threatened


def test_a_threat_alone_is_enough(client: Client) -> None:
    assert find_case(sends(client, what={"kinds": ["threat"]}))
    assert find_case(sends(Client(), fears={"fears": ["money"]}))


def test_a_picture_alone_is_enough_and_nothing_of_it_is_stored(
    client: Client, django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks
) -> None:
    with django_capture_on_commit_callbacks(execute=True):
        sends(
            client,
            picture={"claims": claims_of()},
            allow={"consents": ["matching"]},
        )
    exhibit = Exhibit.objects.get()
    assert exhibit.state == Exhibit.State.HASHED
    assert exhibit.signals.count() == 2


def test_a_report_without_anything_to_act_on_is_not_sent(client: Client) -> None:
    answers(client, fears={"details": "I am afraid."})
    page = html.unescape(
        client.post("/report/review/", {"token": token_in(client)}).content.decode()
    )
    assert "We need one of these three" in page
    assert not Report.objects.exists()
    assert "I am afraid." in page


def test_a_picture_that_may_not_be_looked_for_is_said_to_do_nothing(
    client: Client,
) -> None:
    answers(client, picture={"claims": claims_of()})
    assert "did not tick “Look for copies”" in shown(client, "/report/review/")


def test_nothing_is_ticked_before_somebody_does(
    client: Client, chirp: Platform
) -> None:
    answers(client)
    for step in ["what", "fears", "allow"]:
        assert " checked" not in shown(client, f"/report/{step}/")
    reach = shown(client, "/report/reach/")
    assert reach.count(" checked") == 1
    assert re.search(r'value="none" checked', reach), "no contact is where it begins"


def test_addresses_are_shown_back_as_text_and_not_as_links(client: Client) -> None:
    answer = client.post("/report/what/", {"adult": "on", "go": "next"})
    typed = f"{ADDRESS}\nhttps://t.me/bad_channel\ncom.example.undress"
    answer = client.post("/report/where/", {"urls": typed, "go": "next"})
    assert answer["Location"] == "/report/where/seen/"
    page = shown(client, "/report/where/seen/")
    for words in ["Web page on chirp.example", "Telegram: bad_channel", ADDRESS]:
        assert words in page
    assert "App: com.example.undress" in page
    assert f'href="{ADDRESS}' not in page
    assert f'href="{ADDRESS}' not in shown(client, "/report/review/")


def test_a_wrong_line_is_named_and_all_lines_stay(client: Client) -> None:
    page = refused(client, "where", urls=f"{ADDRESS}\nftp://x.example")
    assert "Line 2: a web address starts with http:// or https://." in page
    assert f"{ADDRESS}\nftp://x.example</textarea>" in page
    assert "ftp://x.example" in shown(client, "/report/where/")
    assert "Something needs a second look" in shown(client, "/report/review/")
    answer = client.post("/report/review/", {"token": token_in(client)})
    assert answer.status_code == 200
    assert not Report.objects.exists()


def test_five_thousand_addresses_are_refused_with_their_number(client: Client) -> None:
    urls = "\n".join(f"https://e.example/{n}" for n in range(5000))
    page = refused(client, "where", urls=urls)
    assert "There are 5000 addresses. We can take 200" in page
    assert urls in page


@pytest.mark.parametrize(
    ("step", "field"),
    [
        ("where", "urls"),
        ("fears", "details"),
        ("reach", "never"),
        ("reach", "address"),
        ("reach", "hours"),
    ],
)
def test_a_nul_byte_is_refused_beside_its_field(
    client: Client, step: str, field: str
) -> None:
    assert "hidden sign" in refused(client, step, **{field: "https://a.example/\x00"})


def test_too_long_a_story_is_refused_with_its_length(client: Client) -> None:
    assert "10001 letters" in refused(client, "fears", details="x" * 10_001)


def test_right_to_left_marks_do_not_reach_the_record(client: Client) -> None:
    words = sends(
        client,
        where={"urls": "\u202ehttps://chirp.example/\u200f1"},
        fears={"details": "\u202ea\u2066"},
    )
    report = Report.objects.get()
    assert report.urls.get().url == ADDRESS
    told = open_case(words)
    assert told
    assert told[1]
    assert evidence.open_details(told[1], report, reason="mine") == "a"


@pytest.mark.parametrize(
    ("step", "typed"),
    [
        ("what", {"adult": "on", "kinds": ["everything"]}),
        ("what", {"kinds": ["threat"]}),
        ("fears", {"fears": ["x" * 3000]}),
        ("fears", {"until": "yesterday"}),
        ("fears", {"until": "9999-12-31"}),
        ("allow", {"consents": ["everything"]}),
        ("allow", {"sharing": ["77"]}),
        ("allow", {"notices": ["\x00"]}),
        ("reach", {"channel": "pigeon"}),
        ("reach", {"channel": "email"}),
        ("picture", {"claims": "[{}]"}),
        ("picture", {"claims": "not json"}),
        ("picture", {"claims": "[" * 5000}),
    ],
)
def test_what_nobody_offered_is_refused_and_never_breaks_a_page(
    client: Client, step: str, typed: dict[str, object]
) -> None:
    refused(client, step, **typed)
    assert "needs a second look" in shown_review(client)


def shown_review(client: Client) -> str:
    """The last page; it is closed without the age question, which then is asked."""
    answer = client.get("/report/review/")
    if answer.status_code == 302:
        assert answer["Location"] == "/report/"
        return "needs a second look"
    return html.unescape(answer.content.decode())


@pytest.mark.parametrize("step", LATER)
def test_a_step_out_of_order_leads_to_the_age_question(
    client: Client, step: str
) -> None:
    assert client.get(f"/report/{step}/")["Location"] == "/report/"
    for path in ["/report/review/", "/report/where/seen/", "/report/stop/"]:
        assert client.get(path)["Location"] == "/report/"
    assert client.get("/report/nowhere/").status_code == 404


def test_what_is_answered_out_of_order_is_kept_but_not_sent_without_an_age(
    client: Client,
) -> None:
    answer = client.post("/report/where/", {"urls": ADDRESS, "go": "next"})
    assert answer.status_code == 302
    token = "t" * 43
    client.post("/report/review/", {"token": token})
    assert client.get("/report/picture/")["Location"] == "/report/"
    assert not Report.objects.exists()
    client.post("/report/what/", {"adult": "on"})
    assert ADDRESS in shown(client, "/report/where/")


def test_the_same_report_sent_twice_is_one_with_one_passphrase(client: Client) -> None:
    answers(client, where={"urls": ADDRESS})
    sent = {"token": token_in(client)}
    first = client.post("/report/review/", sent)
    second = client.post("/report/review/", sent)
    assert passphrase_in(first.content) == passphrase_in(second.content)
    assert Case.objects.count() == 1
    assert not Draft.objects.exists()


def test_a_report_sent_again_much_later_says_that_the_words_were_shown(
    client: Client,
) -> None:
    answers(client, where={"urls": ADDRESS})
    sent = {"token": token_in(client)}
    client.post("/report/review/", sent)
    Report.objects.update(receipt=b"", receipt_until=None)
    page = client.post("/report/review/", sent).content.decode()
    assert "cannot be shown again" in page
    assert 'id="passphrase"' not in page


@pytest.mark.parametrize("token", ["", "a", "x" * 5000, "a b" * 20, "t\x00"])
def test_a_token_that_is_not_ours_sends_nothing(client: Client, token: str) -> None:
    answers(client, where={"urls": ADDRESS})
    answer = client.post("/report/review/", {"token": token})
    assert answer["Location"] == "/report/review/"
    assert not Report.objects.exists()
    assert ADDRESS in shown(client, "/report/review/")


def test_more_than_a_form_may_hold_is_a_plain_page(client: Client) -> None:
    answers(client)
    answer = client.post("/report/fears/", {"details": "x" * 3 * 2**20})
    assert answer.status_code == 400
    assert "more than we can take at once" in answer.content.decode()


def test_every_step_needs_its_csrf_token() -> None:
    strict = Client(enforce_csrf_checks=True)
    steps = [f"/report/{step}/" for step in ["what", *LATER]]
    for path in [*steps, "/report/review/", "/report/stop/", "/report/leave/"]:
        answer = strict.post(path, {"adult": "on", "details": "secret words"})
        assert answer.status_code == 403
        assert "secret words" not in answer.content.decode()
    assert not Draft.objects.exists()


def test_thoughts_of_self_harm_bring_a_helpline_at_once(client: Client) -> None:
    answers(client, fears={"fears": ["self_harm"]})
    for path in ["/report/allow/", "/report/review/"]:
        assert "findahelpline.com" in shown(client, path)
    answers(other := Client(), fears={"fears": ["name_shown"]})
    assert "findahelpline.com" not in shown(other, "/report/allow/")


def test_no_page_of_the_report_takes_a_file(client: Client) -> None:
    answers(client)
    for step in ["what", *LATER]:
        page = shown(client, f"/report/{step}/")
        outside = re.sub(r"<template.*?</template>", "", page, flags=re.DOTALL)
        assert 'type="file"' not in outside
        assert "multipart" not in page
    assert 'type="file"' not in shown(client, "/report/review/")


def test_the_codes_have_words_and_the_claims_are_small() -> None:
    assert all(str(words) for words in [*KINDS.values(), *FEARS.values()])
    assert len(claims_of()) < 16_000
    assert json.loads(claims_of())[0]["kind"] == "picture"
    assert set(CONSENTS) == set(Consent.Kind), "each consent has its words"
    assert set(RECIPIENTS) == set(Platform.Kind)
