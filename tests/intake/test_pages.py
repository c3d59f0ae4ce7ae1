import re

import pytest
from django.test import Client

from portal.intake.questions import STEPS
from portal.middleware import CSP
from portal.platforms.helplines import EMERGENCY
from tests.intake.reporting import ADDRESS, answers

OPEN = [
    "/",
    "/report/",
    "/report/helping/",
    "/report/young/",
    "/report/what/",
    "/report/continue/",
    "/case/",
    "/languages/",
]

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize("path", OPEN)
def test_a_page_is_small_neutral_and_guarded(client: Client, path: str) -> None:
    answer = client.get(path)
    page = answer.content.decode()
    assert answer.status_code == 200
    assert answer["Content-Security-Policy"] == CSP
    assert answer["Cache-Control"] == "no-store"
    assert "noindex" in answer["X-Robots-Tag"]
    title = re.search("<title>(.*?)</title>", page, re.DOTALL)
    assert title
    assert title[1].strip().endswith("Reclaim")
    assert len(answer.content) < 30_000
    assert "data-exit" in page, "every page for victims has the way out"
    assert not re.search(r"\sstyle=|\son[a-z]+=|<style|<script(?![^>]*src=)", page)


@pytest.mark.parametrize(
    "path", ["/", "/report/", "/report/young/", "/report/helping/"]
)
def test_no_cookie_before_it_is_needed(client: Client, path: str) -> None:
    assert not client.get(path).cookies


def test_the_first_page_says_what_this_is_and_offers_two_ways(client: Client) -> None:
    page = client.get("/").content.decode()
    assert "I want to report" in page
    assert "I have a passphrase" in page
    assert "If you need help now" in page
    assert "What we can see, and what we cannot" in page


@pytest.mark.parametrize("country", ["", *EMERGENCY, "XX", "<b>", "\x00", "kr"])
def test_the_page_for_minors_has_no_way_to_send_anything(
    client: Client, country: str
) -> None:
    page = client.get("/report/young/", {"country": country}).content.decode()
    for control in ["<form", "<input", "<button", "<textarea", "<select"]:
        assert control not in page
    scripts = set(re.findall(r"<script[^>]*", page))
    assert all(re.search(r"src=\"/static/js/(exit|trusted)\.js\"", s) for s in scripts)
    assert "takeitdown.ncmec.org" in page
    assert client.post("/report/young/").status_code == 405


@pytest.mark.parametrize(
    ("country", "named"),
    [
        ("GB", ["Report Remove", "Childline", "0800 1111", "Call 999"]),
        ("KR", ["1388", "1366", "Call 112"]),
        ("CN", ["12355", "12377", "Call 110"]),
        ("US", ["CyberTipline", "Call 911"]),
    ],
)
def test_a_minor_is_led_to_the_help_of_a_country(
    client: Client, country: str, named: list[str]
) -> None:
    page = client.get("/report/young/", {"country": country}).content.decode()
    for words in named:
        assert words in page
    assert "StopNCII" not in page, "it is for adults"


def test_the_first_question_is_about_age_and_only_adults_come_to_the_form(
    client: Client,
) -> None:
    page = client.get("/report/").content.decode()
    assert page.count('href="/report/young/"') == 2
    assert 'href="/report/what/"' in page
    assert 'href="/report/helping/"' in page
    assert "<input" not in page
    assert "<input" not in client.get("/report/helping/").content.decode()


def test_leaving_forgets_the_visitor_and_shows_something_else(client: Client) -> None:
    client.get("/report/what/")
    session = client.session
    session["case"] = 1
    session.save()
    answer = client.get("/exit/")
    assert answer.status_code == 302
    assert answer["Location"].startswith("https://")
    assert "case" not in client.session
    assert answer.cookies["csrftoken"].value == ""


def test_a_page_that_is_not_there_is_plain(client: Client) -> None:
    answer = client.get("/nowhere/")
    assert answer.status_code == 404
    assert "There is no page here" in answer.content.decode()


def test_a_form_without_its_cookie_is_refused_in_plain_words() -> None:
    strict = Client(enforce_csrf_checks=True)
    for path in ["/report/what/", "/case/", "/languages/", "/desk/login/"]:
        answer = strict.post(path, {"passphrase": "secret words"})
        assert answer.status_code in {403, 405}
        if answer.status_code == 403:
            page = answer.content.decode()
            assert "Nothing that reached us before is lost" in page
            assert "secret words" not in page


def test_a_language_is_chosen_and_kept(client: Client) -> None:
    answer = client.post("/language/setlang/", {"language": "ko", "next": "/"})
    assert answer.status_code == 302
    assert '<html lang="ko"' in client.get("/").content.decode()


def grade_of(page: str) -> float:
    """Flesch-Kincaid grade of what a page says: 6 is about twelve years of age."""
    article = page.partition("<main")[2].partition("</main>")[0].partition(">")[2]
    article = re.sub(r"<(script|template).*?</\1>", " ", article, flags=re.DOTALL)
    article = re.sub(r"</(p|li|h[1-6]|a|label|strong|legend|button)>", ". ", article)
    text = re.sub(r"<[^>]+>", " ", article)
    sentences = [s for s in re.split(r"[.!?:]\s", text) if re.search(r"\w", s)]
    found = re.findall(r"[A-Za-z']+", text)
    syllables = sum(max(1, len(re.findall(r"[aeiouy]+", w.lower()))) for w in found)
    return 0.39 * len(found) / len(sentences) + 11.8 * syllables / len(found) - 15.59


def test_the_report_is_plain_enough_to_read_in_fear(client: Client) -> None:
    answers(client, fears={"fears": ["self_harm"]}, where={"urls": ADDRESS})
    steps = [f"/report/{name}/" for name in STEPS]
    opened = ["/report/", "/report/helping/", "/report/young/", "/report/continue/"]
    for path in [*opened, *steps, "/report/review/", "/report/stop/"]:
        assert grade_of(client.get(path).content.decode()) <= 6, path
