"""What a real browser sends, keeps and shows: no referrer, no stranger, and a fast way out."""

from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread

import pytest
from django.test import Client
from django.urls import reverse
from playwright.sync_api import Browser, BrowserContext, Page, Request
from pytest_django.live_server_helper import LiveServer

from portal.cases.models import Case
from tests.browser.conftest import Visitor, by_key, by_link, keep_session
from tests.portal.pages import crawl, open_a_case

pytestmark = pytest.mark.usefixtures("transactional_db")

ELSEWHERE = "elsewhere, and harmless"


@pytest.fixture
def case(client: Client) -> Case:
    return open_a_case(client)


@pytest.fixture
def paths(client: Client, case: Case) -> list[str]:
    """Every page that a newcomer or this victim gets."""
    return sorted(crawl(Client()) | crawl(client))


@pytest.fixture
def victim(
    context: BrowserContext, live_server: LiveServer, client: Client, case: Case
) -> Visitor:
    """The victim of the open case at a small phone; outside there is one page."""
    keep_session(context, live_server, client)
    context.route("https://**", lambda route: route.fulfill(body=ELSEWHERE))
    return Visitor(context.new_page(), live_server.url)


def is_open(client: Client) -> bool:
    return client.get(reverse("intake:status")).status_code == 200


def test_no_page_asks_a_stranger_or_names_the_page_before(
    victim: Visitor, paths: list[str]
) -> None:
    asked: list[Request] = []

    def note(request: Request) -> None:
        asked.append(request)

    victim.page.on("request", note)
    for path in paths:
        victim.opens(path)
        victim.page.wait_for_load_state("networkidle")
    assert len(asked) > len(paths)
    assert victim.strangers == []
    assert victim.complaints == []
    assert [request for request in asked if "referer" in request.all_headers()] == []


def test_a_link_outside_does_not_say_where_one_came_from(victim: Visitor) -> None:
    victim.opens("/guide/")
    with victim.page.expect_request("https://**") as asked:
        victim.page.locator("main a[href^='https://']").first.click()
    assert "referer" not in asked.value.all_headers()
    assert victim.page.evaluate("document.referrer") == ""


def test_our_own_form_is_taken_although_nothing_says_where_it_came_from(
    visitor: Visitor,
) -> None:
    visitor.opens("/case/")
    visitor.page.fill("#id_passphrase", "no such words")
    with visitor.page.expect_request(lambda sent: sent.method == "POST") as sent:
        visitor.page.get_by_role("button", name="Open").click()
    headers = sent.value.all_headers()
    assert headers["origin"] == "null"
    assert headers["sec-fetch-site"] == "same-origin"
    assert "referer" not in headers
    visitor.page.get_by_role("alert").wait_for()


def test_a_form_of_ours_that_is_loaded_again_is_taken_again(visitor: Visitor) -> None:
    visitor.opens("/case/")
    visitor.page.fill("#id_passphrase", "no such words")
    with visitor.page.expect_navigation():
        visitor.page.get_by_role("button", name="Open").click()
    visitor.page.reload()
    visitor.page.get_by_role("alert").wait_for()


class Mallory(BaseHTTPRequestHandler):
    """Another site, whose page sends a form to us on sight and hides where it came from."""

    target = ""

    def do_GET(self) -> None:
        self.send_response(200)
        self.send_header("Content-Type", "text/html")
        self.send_header("Referrer-Policy", "no-referrer")
        self.end_headers()
        page = f"<form method=post action='{self.target}'></form>"
        self.wfile.write(f"{page}<script>document.forms[0].submit()</script>".encode())

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def mallory(live_server: LiveServer) -> Iterator[str]:
    Mallory.target = live_server.url + reverse("intake:leave")
    server = ThreadingHTTPServer(("127.0.0.1", 0), Mallory)
    Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}/"  # we are `localhost`: two sites
    server.shutdown()
    server.server_close()


def test_a_form_that_another_site_sends_is_refused_and_changes_nothing(
    visitor: Visitor, mallory: str, live_server: LiveServer, client: Client, case: Case
) -> None:
    keep_session(visitor.page.context, live_server, client)
    with visitor.page.expect_request(lambda sent: sent.method == "POST") as sent:
        visitor.page.goto(mallory)
    visitor.page.wait_for_load_state()
    headers = sent.value.all_headers()
    assert (headers["origin"], headers["sec-fetch-site"]) == ("null", "cross-site")
    assert "cookie" not in headers
    answer = sent.value.response()
    assert answer
    assert answer.status == 403
    assert is_open(client)


def test_text_cannot_become_markup_or_code_and_workers_are_ours(
    visitor: Visitor,
) -> None:
    visitor.opens("/")

    def fails(script: str) -> bool:
        failed: bool = visitor.page.evaluate(
            f"() => {{ try {{ {script}; return false }} catch {{ return true }} }}"
        )
        return failed

    assert fails("document.body.innerHTML = '<b>x</b>'")
    assert fails("document.createElement('script').src = 'https://x.example/a.js'")
    assert fails("new Worker('https://x.example/a.js')")
    assert fails("trustedTypes.createPolicy('mine', {})")
    assert not fails("new Worker('/static/js/exit.js', { type: 'module' }).terminate()")


Leaves = Callable[[Page], None]


PRESS = "dispatchEvent(new KeyboardEvent('keydown', { key: 'Escape', bubbles: true }))"


@pytest.mark.parametrize(
    "act",
    ["document.querySelector('[data-exit]').click()", f"{PRESS};" * 3],
    ids=["link", "three times Esc"],
)
def test_leaving_empties_the_page_before_anything_is_asked(
    victim: Visitor, act: str
) -> None:
    victim.opens(reverse("intake:status"))
    victim.page.evaluate("localStorage.draft = sessionStorage.draft = 'words'")
    left = victim.page.evaluate(
        f"() => {{ {act}; return [document.body.innerText, document.title,"
        " localStorage.length, sessionStorage.length] }"
    )
    assert left == ["", "…", 0, 0]


@pytest.mark.parametrize("leaves", [by_link, by_key], ids=["link", "three times Esc"])
def test_leaving_ends_the_visit_and_takes_the_place_of_the_page(
    victim: Visitor, live_server: LiveServer, client: Client, leaves: Leaves
) -> None:
    page = victim.page
    victim.opens(reverse("intake:home"))
    victim.opens(reverse("intake:status"))
    page.evaluate("localStorage.draft = 'words'")
    leaves(page)
    page.get_by_text(ELSEWHERE).wait_for()
    assert not is_open(client)
    assert [cookie["name"] for cookie in page.context.cookies(live_server.url)] == []
    page.go_back()
    assert page.url == live_server.url + reverse("intake:home")
    assert page.evaluate("localStorage.length") == 0


def test_leaving_works_where_the_browser_forbids_to_keep_anything(
    victim: Visitor,
) -> None:
    victim.page.add_init_script(
        "for (const name of ['localStorage', 'sessionStorage'])"
        " Object.defineProperty(globalThis, name, { get() { throw new Error() } })"
    )
    victim.opens(reverse("intake:status"))
    by_link(victim.page)
    victim.page.get_by_text(ELSEWHERE).wait_for()


@pytest.mark.parametrize(
    "keys",
    [
        ["Escape", "Escape"],
        ["Escape", "a", "Escape", "Escape"],
        ["Escape", "Escape", "Shift"],
    ],
    ids=" ".join,
)
def test_fewer_presses_leave_nobody(victim: Visitor, keys: list[str]) -> None:
    victim.opens(reverse("intake:status"))
    for key in keys:
        victim.page.keyboard.press(key)
    victim.page.wait_for_timeout(200)
    assert victim.page.url.endswith(reverse("intake:status"))


def test_three_slow_presses_leave_nobody(victim: Visitor) -> None:
    victim.opens(reverse("intake:status"))
    for _ in range(3):
        victim.page.keyboard.press("Escape")
        victim.page.wait_for_timeout(1100)
    assert victim.page.url.endswith(reverse("intake:status"))


def test_three_presses_leave_from_within_a_field(victim: Visitor) -> None:
    victim.opens("/case/")
    victim.page.fill("#id_passphrase", "half of my words")
    by_key(victim.page)
    victim.page.get_by_text(ELSEWHERE).wait_for()


def test_the_way_out_is_in_reach_on_every_page_however_far_one_has_read(
    victim: Visitor, paths: list[str]
) -> None:
    victim.page.set_viewport_size({"width": 320, "height": 568})
    for path in paths:
        victim.opens(path)
        victim.page.evaluate("scrollTo(0, document.documentElement.scrollHeight)")
        box = victim.page.locator("[data-exit]").bounding_box()
        assert box, path
        assert 0 <= box["y"] <= 568 - box["height"], path
        assert 0 <= box["x"] <= 320 - box["width"], path
        assert box["height"] >= 44, path
        # Nothing lies over it.
        middle = [box["x"] + box["width"] / 2, box["y"] + box["height"] / 2]
        assert victim.page.evaluate(
            "([x, y]) => !!document.elementFromPoint(x, y).closest('[data-exit]')",
            middle,
        ), path


def test_without_scripts_the_link_ends_the_visit(
    chromium: Browser, live_server: LiveServer, client: Client, case: Case
) -> None:
    context = chromium.new_context(java_script_enabled=False, locale="en")
    keep_session(context, live_server, client)
    context.route("https://**", lambda route: route.fulfill(body=ELSEWHERE))
    page = context.new_page()
    page.goto(live_server.url + reverse("intake:status"))
    by_link(page)
    page.get_by_text(ELSEWHERE).wait_for()
    assert not is_open(client)
    page.go_back()
    assert page.url == live_server.url + reverse("intake:case")
    context.close()
