"""The demo, undisturbed; then what the README shows, what a platform hears, a withdrawal."""

import os
import re
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import httpx
import pytest
from playwright.sync_api import Browser as Chromium
from playwright.sync_api import Page, expect, sync_playwright

import tracker
from demo.browser import Browser
from tests.browser.conftest import ARGUMENTS, AXE, CHROMIUM
from tests.demo.conftest import ROOT, Portal, environment_of
from tests.demo.test_walk import end_as_promised, letters, start_demo

pytestmark = [pytest.mark.slow, pytest.mark.browser]
WITHIN = 2.0  # seconds: the promise
# WRITE_SCREENSHOTS=1 keeps the pictures that the README shows.
KEEP = bool(os.environ.get("WRITE_SCREENSHOTS"))


class Demo:
    """What the demo printed for a newcomer."""

    def __init__(self, said: str) -> None:
        self.password = dict(re.findall(r"log in as\s+(\w+)\s+password\s+(\S+)", said))
        self.passphrase = found(r"passphrase\s+([a-z ]+)\n", said)
        self.key = found(r"API key of \w+\s+(\S+)", said)
        self.case = found(r"The case\s+\S+?(/desk/cases/\d+/)", said)
        self.fediverse = found(r"Site\s+(http://[^/\s]+)\n", said)
        self.notice = found(r"The notice\s+\S+?(/desk/notices/\d+/)", said)


def found(pattern: str, text: str) -> str:
    match = re.search(pattern, text)
    assert match, text
    return match[1].strip()


def test_the_demo_ends_as_promised_twice_and_a_newcomer_can_walk_on(
    new_portal: Portal, tmp_path: Path
) -> None:
    portal = new_portal
    end_as_promised(start_demo(portal))
    demo = Demo(end_as_promised(start_demo(portal)))
    assert len(letters(portal)) == 2
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
        folder = ROOT / "docs" / "screenshots" if KEEP else tmp_path
        look_around_the_desk(chromium, portal, demo, folder)
        look_as_the_victim(chromium, portal, demo, folder)
        chromium.close()
    assert len(list(folder.glob("*.png"))) == 4
    ask_and_withdraw(portal, demo)
    portal.stop()
    said = portal.logs()
    for secret in ("http://", "/desk/", "driftwood", "picture.jpg", "Traceback"):
        assert secret not in said


def look_around_the_desk(
    chromium: Chromium, portal: Portal, demo: Demo, folder: Path
) -> None:
    page = chromium.new_page(
        base_url=portal.url, viewport={"width": 1280, "height": 860}
    )
    page.goto("/desk/login/")
    page.fill("[name=username]", "wren")
    page.fill("[name=password]", demo.password["wren"])
    page.click("main form button")
    for _ in range(3):  # a code that the demo has used is not taken again
        page.fill("[name=code]", code_of(portal, "wren"))
        page.click("main form button")
        if page.url.endswith("/desk/"):
            break
        page.wait_for_timeout(30_000)
    shot(page, folder / "desk-queue.png")
    page.goto(demo.case)
    page.wait_for_selector("canvas, svg")
    page.wait_for_timeout(800)  # the chart's entrance
    shot(page, folder / "desk-case.png")
    page.goto(demo.notice)
    shot(page, folder / "desk-notice.png")


def code_of(portal: Portal, name: str) -> str:
    """What `make code` prints."""
    told = subprocess.run(
        [sys.executable, "manage.py", "demo_codes"],
        cwd=ROOT,
        env=environment_of(portal.var, portal.port),
        capture_output=True,
        text=True,
        check=True,
    )
    return {line.split()[0]: line.split()[1] for line in told.stdout.splitlines()}[name]


def look_as_the_victim(
    chromium: Chromium, portal: Portal, demo: Demo, folder: Path
) -> None:
    page = chromium.new_page(
        base_url=portal.url, viewport={"width": 360, "height": 740}
    )
    page.goto("/case/")
    page.fill("[name=passphrase]", demo.passphrase)
    page.click("main form button")
    expect(page.locator("main")).to_contain_text("gone")
    shot(page, folder / "phone-case.png")


def shot(page: Page, path: Path) -> None:
    """A picture of the window, of a page without serious faults."""
    page.evaluate(AXE.read_text("utf-8"))
    bad = page.evaluate("axe.run()")["violations"]
    serious = [v["id"] for v in bad if v["impact"] in {"serious", "critical"}]
    assert not serious, (page.url, serious)
    page.screenshot(path=path)


def ask_and_withdraw(portal: Portal, demo: Demo) -> None:
    headers = {"authorization": f"Bearer {demo.key}"}
    with (
        httpx.Client(
            base_url=portal.url, headers=headers, trust_env=False, timeout=30
        ) as machine,
        Browser(portal.url) as victim,
    ):
        repost = next(body for body in posted(demo) if matches(machine, body))
        hashes = [
            {"type": signal.type, "value": signal.value}
            for signal in tracker.hash_picture(tracker.decode(repost), whole=True)
        ]
        assert knows(machine, hashes)
        page = victim.open("/case/")
        victim.send(page, "/case/", {"passphrase": demo.passphrase})
        page = victim.open("/case/withdraw/")
        victim.send(page, "/case/withdraw/", {})
        withdrawn = time.monotonic()
        # So many at once that every web process answers some.
        with ThreadPoolExecutor(16) as pool:
            asked = list(pool.map(lambda _: knows(machine, hashes), range(32)))
        assert time.monotonic() - withdrawn < WITHIN
        assert asked == [[]] * 32
        assert matches(machine, repost) == []


def posted(demo: Demo) -> Iterator[bytes]:
    """The pictures of the small fediverse, as anybody can have them."""
    with httpx.Client(trust_env=False, timeout=30) as client:
        timeline = f"{demo.fediverse}/api/v1/timelines/public"
        for status in client.get(timeline, params={"limit": 40}).json():
            for media in status["media_attachments"]:
                yield client.get(media["url"]).content


def matches(machine: httpx.Client, picture: bytes) -> list[dict[str, object]]:
    files = {"picture": ("x.jpg", picture, "image/jpeg")}
    return told(machine.post("/api/v1/lookups", files=files))


def knows(
    machine: httpx.Client, hashes: list[dict[str, str]]
) -> list[dict[str, object]]:
    """The same by the picture's hashes, which takes the server no time."""
    return told(machine.post("/api/v1/lookups", json={"pictures": [hashes]}))


def told(answer: httpx.Response) -> list[dict[str, object]]:
    assert answer.status_code == 200, answer.text
    matched: list[dict[str, object]] = answer.json()["results"][0]["matches"]
    return matched
