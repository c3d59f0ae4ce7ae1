"""What a history, a tab or a download list shows tells nothing of why somebody was here."""

import re
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from django.conf import settings
from django.contrib.staticfiles import finders
from django.test import Client

from tests.portal.pages import Page, Route, crawl, faces, open_a_case

pytestmark = pytest.mark.django_db

# Words that may stand in a title, beside numbers. A new page takes one of these, or adds
# one that a stranger may read over a shoulder.
NEUTRAL = (
    "reclaim about add addresses advice answer answers change check choose closed do done "
    "enter file find first form go good help know language last letter may me message "
    "messages more new next numbers of on open page part points reach received save saved "
    "second send sent settings start status step stop talk the time to way we what words your"
)
# In the languages that we speak: never in a title, an address or a file's name.
TELLING = re.compile(
    r"abus|blackmail|child|deepfake|explicit|extort|fake|harass|intimate|minor"
    r"|naked|ncii|nud(e|i)|onion|photo|picture|porn|rape|revenge|sex|shame|threat|victim"
    r"|裸|照片|图片|色情|性(侵|暴力|骚扰)|未成年|受害|勒索|威胁|深度伪造|私密|儿童"
    r"|나체|사진|음란|성(폭|착|인)|미성년|피해|협박|딥페이크|아동|유포",
    re.IGNORECASE,
)
LANGUAGES = [code for code, _ in settings.LANGUAGES]


def test_every_title_is_made_of_neutral_words(pages: dict[str, Page]) -> None:
    for path, page in pages.items():
        words = re.findall(r"[^\W\d_]+", page.title.lower())
        assert "reclaim" in words, path
        assert set(words) <= set(NEUTRAL.split()), path


def test_no_two_pages_have_one_title(pages: dict[str, Page]) -> None:
    titles: dict[str, set[str]] = {}
    for path, page in pages.items():
        titles.setdefault(page.title, set()).add(urlsplit(path).path)
    assert {title: paths for title, paths in titles.items() if len(paths) > 1} == {}


@pytest.mark.parametrize("language", LANGUAGES)
def test_no_title_tells_in_any_language(victim: Client, language: str) -> None:
    found = crawl(Client(), language) | crawl(victim, language)
    assert len(found) > len(faces()) // 2
    for path, page in found.items():
        assert not TELLING.search(page.title), (path, page.title)


@pytest.mark.parametrize("route", faces(), ids=lambda route: route.path)
def test_no_address_tells(route: Route) -> None:
    assert not TELLING.search(route.path)


def test_no_file_that_a_browser_keeps_tells() -> None:
    for finder in finders.get_finders():
        for name, _ in finder.list([]):
            assert not TELLING.search(Path(name).name), name


def test_error_pages_have_neutral_titles_too() -> None:
    asked = [
        Client().get("/nothing/"),
        Client(enforce_csrf_checks=True).post("/case/"),
        Client().generic("POST", "/case/", b"", CONTENT_LENGTH=str(10**9)),
    ]
    for answer in asked:
        title = Page(answer.content.decode()).title
        assert set(re.findall(r"[^\W\d_]+", title.lower())) <= set(NEUTRAL.split())


def test_every_page_offers_the_way_out(pages: dict[str, Page]) -> None:
    for path, page in pages.items():
        ways = [tag for tag in page.all("a") if "data-exit" in tag.attributes]
        assert [way.attributes["href"] for way in ways] == ["/exit/"], path
        assert {"noreferrer", "nofollow"} <= set(ways[0].attributes["rel"].split())
        assert "It cannot" in page.html, path  # what this way out does not do


def test_the_way_out_ends_the_visit_without_scripts(client: Client) -> None:
    open_a_case(client)
    client.cookies[settings.LANGUAGE_COOKIE_NAME] = "ko"
    answer = client.get("/exit/")
    assert answer.status_code == 302
    assert answer["Location"].startswith("https://")
    assert [name for name, cookie in client.cookies.items() if cookie.value] == []
    assert client.get("/case/status/")["Location"] == "/case/"
