"""The walk: a report through the form, copies found, a notice by two people, a copy removed.

Everything goes through the portal's pages. Only the rows of an operator are made by its
command line, and only the truth about the copies is asked of the small internet.
"""

import json
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import ExitStack
from functools import partial
from itertools import count
from pathlib import Path
from typing import Any

import httpx

from demo.browser import Browser, Page
from demo.places import (
    PATIENCE,
    DemoError,
    Places,
    control_of,
    require_portal,
    shown,
    wait,
)
from demo.victim import file_report, upload_picture

RULE = "us-take-it-down"
NOTICED = "fediverse"  # the site whose copy is written about
SETTLED = 8  # seconds without a new copy
SECOND_STEP = "/desk/login/second/"
CODES = 3  # one used a moment ago, one that ended on its way, a good one


class Walk:
    """One run of the demo. Each step is a method, in the order of the job."""

    def __init__(self, places: Places, stack: ExitStack) -> None:
        self.places = places
        self.stack = stack
        self.outbox = places.var / "outbox"

    def open_internet(self, photos: Path | None) -> None:
        """Put a fresh run on the three sites; `self.run` is what we know of it."""
        self.control = control_of(self.places, self.stack)
        order = {"photos": str(photos)} if photos else {}
        answer = httpx.post(f"{self.control}/runs", data=order, timeout=60)
        self.run: dict[str, Any] = answer.json()
        if "error" in self.run:
            raise DemoError(self.run["error"])
        self.copies: dict[str, str] = self.run["copies"]

    def seed(self) -> None:
        sites = self.run["sites"]
        arguments = [f"--{site}={url}" for site, url in sites.items()]
        made = self._manage("seed_demo", *arguments)
        self.seeded: dict[str, Any] = json.loads(made.splitlines()[-1])

    def log_in(self) -> None:
        self.wren = self._staff("wren")
        self.stella = self._staff("stella")

    def await_first_look(self) -> None:
        """The gallery is crawled before the report, so that its copies are remembered."""
        wait(lambda: self._looked_at("gallery"), "The gallery was not crawled.")

    def report(self) -> None:
        """A victim files a report in its steps, and then chooses to upload the picture."""
        known = set(self._cases())
        picture = httpx.get(self.run["original"], timeout=60).content
        victim = self.stack.enter_context(Browser(self.places.portal))
        self.passphrase = file_report(victim, picture, self.run["reported"])
        upload_picture(victim, self.passphrase, picture)
        self.case = next(path for path in self._cases() if path not in known)

    def look(self) -> None:
        """A worker has the other sites visited now, and waits until no copy is new."""
        page = self.wren.open("/desk/sources/")
        for site in ("forum", "fediverse"):
            source = self.seeded["sources"][site]
            self.wren.send(page, f"/desk/sources/{source}/visit/", {})
        for site in ("forum", "fediverse"):
            wait(partial(self._looked_at, site), f"The {site} was not crawled.")
        last, since = 0, time.monotonic()
        deadline = since + PATIENCE
        while time.monotonic() < min(since + SETTLED, deadline):
            if (now := len(self._sightings())) != last:
                last, since = now, time.monotonic()
            time.sleep(0.5)

    def judge(self) -> None:
        """The worker looks at each copy and decides; the internet knows who is right."""
        self.true: dict[str, str] = {}  # path of the sighting -> name of its picture
        self.false: list[str] = []
        for path in self._sightings():
            page = self.wren.open(path)
            name = next((name for name in self.copies if name in page.text), None)
            if name:
                self.true[path] = name
            else:
                self.false.append(path)
            decision = "confirmed" if name else "rejected"
            self.wren.send(page, f"{path}decide/", {"decision": decision})
        if not self.true:
            raise DemoError("No copy was found.")

    def write(self) -> None:
        """The worker drafts a notice about one copy; a second person approves it."""
        host = self.run["sites"][NOTICED].partition("//")[2]
        pages = {path: self.wren.open(path).text for path in self.true}
        self.noticed = next(
            (p for p, text in pages.items() if host in text), min(pages)
        )
        form = self.wren.open(f"{self.noticed}notice/")
        rules = form.choices("rule")
        rule = RULE if RULE in rules else next(iter(rules), "")
        draft = self.wren.send(form, form.url, {"rule": rule})
        if not draft.url.startswith("/desk/notices/"):
            raise DemoError(f"No notice could be drafted: {draft.said('//*[@role]')}")
        self.letters = self._letters()
        self.notice = draft.url
        self.stella.send(self.stella.open(self.notice), f"{self.notice}approve/", {})
        wait(lambda: self._letters() > self.letters, "The notice was not sent.")

    def take_down(self) -> None:
        """The site removes that copy; the portal looks until it is sure."""
        picture = self.true[self.noticed]
        httpx.post(f"{self.control}/down", data={"picture": picture}, timeout=30)

        def gone() -> bool:
            page = self.wren.open(self.noticed)
            if is_gone(page):
                return True
            self.wren.send(page, f"{self.noticed}recheck/", {})
            time.sleep(1)
            return False

        wait(gone, "The copy was not seen removed.")

    def told(self) -> dict[str, int]:
        found = self._sightings()
        gone = [path for path in self.true if is_gone(self.wren.open(path))]
        return {
            "sightings": len(found),
            "false_matches": len(self.false),
            "notices_approved": 1,
            "outbox": len(self._letters() - self.letters),
            "seen_removed": len(gone),
        }

    def _staff(self, name: str) -> Browser:
        """Password, then the code on the phone. A code used a moment ago is not taken."""
        browser = self.stack.enter_context(Browser(self.places.portal))
        fields = {"username": name, "password": self.seeded["people"][name]}
        page = browser.send(browser.open("/desk/login/"), "/desk/login/", fields)
        for _ in range(CODES):
            if page.url != SECOND_STEP:
                break
            code = self._code(name)
            page = browser.send(page, page.url, {"code": code})
            while page.url == SECOND_STEP and self._code(name) == code:
                time.sleep(1)
        if page.url != "/desk/":
            raise DemoError(
                f"{name} cannot log in: does the portal run with its state in "
                f"{self.places.var}? Give both the same RECLAIM_VAR."
            )
        return browser

    def _code(self, name: str) -> str:
        lines = self._manage("demo_codes").splitlines()
        return {line.split()[0]: line.split()[1] for line in lines}[name]

    def _manage(self, *words: str) -> str:
        command = [sys.executable, "manage.py", *words]
        ended = subprocess.run(
            command, cwd=self.places.root, capture_output=True, text=True, check=False
        )
        if ended.returncode:
            raise DemoError(ended.stderr.strip() or f"This failed: {words[0]}")
        return ended.stdout

    def _cases(self) -> list[str]:
        found: list[str] = []
        for number in count(1):
            page = self.wren.open(f"/desk/?page={number}")
            fresh = [path for path in page.links("/desk/cases/") if path not in found]
            if not fresh:
                return found
            found += fresh
        return found

    def _sightings(self) -> list[str]:
        links = self.wren.open(self.case).links("/desk/sightings/")
        return [path for path in links if path.count("/") == 4]

    def _letters(self) -> set[Path]:
        return set(self.outbox.glob("*.eml"))

    def _looked_at(self, site: str) -> bool:
        seen = httpx.get(f"{self.control}/runs/{self.run['id']}", timeout=30).json()
        return bool(seen[site])


STEPS: list[tuple[str, Callable[[Walk], None]]] = [
    ("The operator's rows are made", Walk.seed),
    ("Wren and Stella log in to the desk", Walk.log_in),
    ("The gallery is crawled; nobody has reported anything yet", Walk.await_first_look),
    ("A report is filed in its steps; the picture stays on the device", Walk.report),
    ("The other sites are crawled, and copies are found", Walk.look),
    ("Wren looks at every copy and decides", Walk.judge),
    ("Wren drafts a notice, Stella approves it, it is sent", Walk.write),
    ("The site takes that copy down, and we see it gone", Walk.take_down),
]


def walk(places: Places, photos: Path | None) -> dict[str, int | float]:
    """Go the whole way once, showing each step. Raises DemoError."""
    began = time.monotonic()
    require_portal(places.portal)
    with ExitStack() as stack:
        way = Walk(places, stack)
        with shown("Three small sites are put up on this machine"):
            way.open_internet(photos)
        for words, step in STEPS:
            with shown(words):
                step(way)
        told = way.told()
        tell(way, told)
    return told | {"seconds": round(time.monotonic() - began, 1)}


def is_gone(sighting: Page) -> bool:
    tags = "//div[@class='heading']//span[contains(@class, 'tag')]"
    return any(tag.text_content() == "gone" for tag in sighting.tree.xpath(tags))


def tell(way: Walk, told: dict[str, int]) -> None:
    """What was found, and where to walk on."""
    portal, people = way.places.portal, way.seeded["people"]
    kinds = ", ".join(sorted({way.copies[name] for name in way.true.values()}))
    lines = [
        "",
        f"{told['sightings']} copies found ({kinds}) among {way.run['posts']} posts.",
        "",
        f"The desk        {portal}/desk/",
        *(f"  log in as     {name}  password  {word}" for name, word in people.items()),
        "  then a code   make code",
        f"The case        {portal}{way.case}",
        f"The notice      {portal}{way.notice}   letters in {way.outbox}",
        f"The victim      {portal}/case/",
        f"  passphrase    {way.passphrase}",
        f"API key of chirp  {way.seeded['key']}",
        *(f"Site            {url}" for url in way.run["sites"].values()),
        "",
    ]
    print("\n".join(lines), flush=True)
