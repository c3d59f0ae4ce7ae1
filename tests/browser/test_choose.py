"""Choosing pictures: only their codes leave, and every file that fails says why."""

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from urllib.parse import parse_qs

import pytest
from django.test import override_settings
from playwright.sync_api import (
    Browser,
    FilePayload,
    Locator,
    Page,
    Request,
    Route,
    expect,
)
from pytest_django.live_server_helper import LiveServer

from portal.cases.regions import unpack
from portal.intake.claims import LONGEST, MOST, Claim, parse_claims
from portal.intake.telling import signals_of
from portal.sightings import claimed
from tests.browser.conftest import Visitor, is_good
from tests.browser.filming import film
from tests.drawing import blank, encode, landscape
from tracker import bits_apart, decode, hash_picture

MOST_BYTES = 64 * 1024
READY = "The code is ready."
# The beginning of a photo of 4032 x 3024 pixels, which Chromium cannot decode.
HEIC = b"\0\0\0\x14ftypheic\0\0\0\0heic\0\0\0\x14ispe\0\0\0\0\0\0\x0f\xc0\0\0\x0b\xd0"


def photo(seed: int = 1, name: str = "me at the lake.jpg") -> FilePayload:
    data = encode(landscape(seed), "JPEG", quality=90)
    return FilePayload(name=name, mimeType="image/jpeg", buffer=data)


def clip(first: int, count: int) -> FilePayload:
    shown = [landscape(seed, (320, 240)) for seed in range(first, first + count)]
    return FilePayload(name="clip.webm", mimeType="video/webm", buffer=film(shown))


@dataclass
class Log:
    """Every request that a page makes, with its body."""

    requests: list[Request] = field(default_factory=list)

    def keep(self, request: Request) -> None:
        self.requests.append(request)

    @property
    def bodies(self) -> list[bytes]:
        return [request.post_data_buffer or b"" for request in self.requests]

    def sent(self) -> list[Claim]:
        (form,) = (body.decode() for body in self.bodies if body)
        return parse_claims(parse_qs(form)["claims"][0])


@pytest.fixture(autouse=True)
def page_of_its_own() -> Iterator[None]:
    with override_settings(ROOT_URLCONF="tests.browser.choosing"):
        yield


@pytest.fixture
def page(visitor: Visitor) -> Page:
    visitor.opens("/choosing/")
    return visitor.page


def choose(page: Page, *files: FilePayload) -> None:
    page.set_input_files("[data-choose]", list(files))


def rows(page: Page) -> Locator:
    return page.locator("[data-list] > li")


def wait_until_ready(page: Page, count: int) -> None:
    page.wait_for_function(
        "count => document.querySelectorAll('[data-list] > li.ready').length === count",
        arg=count,
    )


def send(page: Page) -> Log:
    log = Log()
    page.on("request", log.keep)
    with page.expect_navigation():
        page.get_by_role("button", name="Send").click()
    page.remove_listener("request", log.keep)
    return log


def test_no_pixel_byte_and_no_name_leaves_the_device(visitor: Visitor) -> None:
    log = Log()
    visitor.page.context.on("request", log.keep)
    visitor.opens("/choosing/")
    chosen = [photo(), clip(60, 3)]
    choose(visitor.page, *chosen)
    wait_until_ready(visitor.page, 2)
    visitor.page.get_by_role("button", name="Send").click()
    visitor.page.locator("#received").get_by_text("sha256").wait_for()
    assert any(log.bodies)
    assert max(map(len, log.bodies)) < MOST_BYTES
    told = b"".join(log.bodies) + b"".join(
        request.url.encode() for request in log.requests
    )
    for file in chosen:
        data = file["buffer"]
        pieces = (data[at : at + 12] for at in range(0, len(data) - 12, 12))
        assert not any(piece in told for piece in pieces)
        assert file["name"].encode() not in told
    assert b"lake" not in told
    assert visitor.strangers == []
    assert visitor.complaints == []


def test_the_server_reads_what_the_page_sends(page: Page) -> None:
    choose(page, photo(), clip(60, 3))
    wait_until_ready(page, 2)
    picture, video = send(page).sent()
    made = hash_picture(decode(photo()["buffer"]), whole=True)
    signals = {signal.type: signal for signal in made}
    assert picture.sha256 == signals["sha256"].value
    assert len(picture.pdq) == 8
    assert bits_apart(picture.pdq[0].value, signals["pdq"].value) <= 16
    assert picture.pdq[0].quality == signals["pdq"].quality
    kept, _ = claimed.signals_of(signals_of(picture))
    regions = {s.of: s for s in hash_picture(decode(photo()["buffer"]))[3:]}
    told = {signal.of: signal for signal in kept if signal.of != "whole"}
    assert told.keys() == regions.keys()
    for of, signal in told.items():
        assert bits_apart(signal.value, regions[of].value) <= 16
        assert signal.box == regions[of].box
    assert (video.kind, len(video.frames)) == ("video", 3)


def test_ten_long_videos_still_fit_into_one_small_request(visitor: Visitor) -> None:
    visitor.opens("/choosing/")
    text = visitor.page.evaluate(
        """async () => {
          const { writeClaims } = await import("/static/js/hashing/claims.js");
          const frames = Array.from({ length: 60 }, (_, n) =>
            ({ value: n.toString(16).padStart(64, "0"), quality: 100 }));
          const one = { kind: "video", sha256: "f".repeat(64), pdq: [], frames };
          return writeClaims(Array.from({ length: 10 }, (_, n) =>
            ({ ...one, sha256: n.toString().repeat(64) })));
        }"""
    )
    claims = parse_claims(text)
    assert len(text) < LONGEST
    assert len(claims) == MOST
    for claim in claims:
        values = [int(frame.value, 16) for frame in claim.frames]
        assert len(values) >= 5
        assert values[0] == 0
        assert values[-1] >= 45, "thinned evenly, not cut off"


def test_ten_pictures_fit_with_fewer_of_their_parts(page: Page) -> None:
    choose(page, *(photo(seed) for seed in range(10)))
    wait_until_ready(page, 10)
    log = send(page)
    assert [len(claim.pdq) for claim in log.sent()] == [8] * 10
    assert max(map(len, log.bodies)) < MOST_BYTES
    for claim in log.sent():
        numbers = {region.number for region in unpack(claim.regions)}
        assert len(numbers) >= 50
        assert {1, 9, 10, 153} <= numbers, "halves, the middle, and turned ones stay"


def test_a_file_that_fails_says_why_and_the_others_go_on(visitor: Visitor) -> None:
    visitor.opens("/choosing/")
    page = visitor.page
    whole = photo()["buffer"]
    bad = {
        "empty.jpg": (b"", "This file is empty."),
        "diary.txt": (b"Dear diary", "not a picture"),
        "apple.heic": (HEIC, "a HEIC photo"),
        "half.jpg": (whole[: len(whole) // 2], "damaged or cut short"),
        "sky.png": (encode(blank()), "too plain to recognise"),
        "film.webm": (b"\x1a\x45\xdf\xa3" + b"\0" * 300, "cannot play"),
    }
    files = [
        FilePayload(name=name, mimeType="", buffer=data)
        for name, (data, _) in bad.items()
    ]
    choose(page, *files, photo())
    wait_until_ready(page, 1)
    for name, (_, reason) in bad.items():
        row = rows(page).filter(has_text=name)
        row.get_by_text(reason).wait_for()
        assert "wrong" in (row.get_attribute("class") or "")
    assert page.get_by_role("status").inner_text() == "Ready: 1 of 1."
    assert len(send(page).sent()) == 1
    assert visitor.complaints == []


def test_a_picture_can_be_taken_out_again(page: Page) -> None:
    choose(page, photo(1, "one.jpg"), photo(2, "two.jpg"))
    wait_until_ready(page, 2)
    page.get_by_role("button", name="Remove: one.jpg").click()
    assert rows(page).count() == 1
    assert page.locator("[data-choose]").evaluate("e => e === document.activeElement")
    (claim,) = send(page).sent()
    assert claim.sha256 == decode(photo(2)["buffer"]).sha256


def test_taking_out_a_file_ends_its_work(page: Page) -> None:
    choose(page, clip(100, 50), photo(1, "quick.jpg"))
    page.get_by_role("button", name="Remove: clip.webm").click()
    wait_until_ready(page, 1)
    assert rows(page).count() == 1
    assert len(send(page).sent()) == 1


def test_the_same_picture_and_an_eleventh_are_told(page: Page) -> None:
    choose(page, photo(0))
    choose(page, photo(0, "again.jpg"))
    rows(page).filter(has_text="again.jpg").get_by_text(
        "in the list already"
    ).wait_for()
    choose(page, *(photo(seed) for seed in range(1, 11)))
    rows(page).filter(has_text="There are 10 in the list").wait_for()
    wait_until_ready(page, 10)


def test_nothing_is_sent_while_a_code_is_being_made(page: Page) -> None:
    choose(page, clip(60, 30))
    page.get_by_role("button", name="Send").click()
    page.get_by_role("status").get_by_text("Nothing was sent yet").wait_for()
    wait_until_ready(page, 1)
    assert len(send(page).sent()) == 1


def test_what_was_chosen_outlives_a_mistake_elsewhere_in_the_form(page: Page) -> None:
    choose(page, photo(), clip(60, 2))
    wait_until_ready(page, 2)
    first = send(page).sent()
    wait_until_ready(page, 2)
    expect(rows(page).filter(has_text="Chosen before")).to_have_count(2)
    assert send(page).sent() == first


def test_a_report_without_a_picture_is_sent_as_it_is(page: Page) -> None:
    (form,) = (body.decode() for body in send(page).bodies if body)
    assert parse_qs(form, keep_blank_values=True)["claims"] == [""]


def test_a_worker_that_does_not_load_is_not_waited_for(page: Page) -> None:
    def refuse(route: Route) -> None:
        route.fulfill(status=404, body="")

    page.context.route("**/worker.js", refuse)
    choose(page, photo())
    wait_until_ready(page, 1)


@pytest.mark.parametrize("missing", ["Worker", "OffscreenCanvas", "createImageBitmap"])
def test_an_old_browser_does_what_it_can(visitor: Visitor, missing: str) -> None:
    visitor.page.add_init_script(f"delete window.{missing}")
    visitor.opens("/choosing/")
    choose(visitor.page, photo())
    told = "too old to make a code" if missing == "createImageBitmap" else READY
    rows(visitor.page).get_by_text(told).wait_for()
    assert visitor.complaints == []


def test_without_javascript_there_is_no_file_control(
    chromium: Browser, live_server: LiveServer
) -> None:
    context = chromium.new_context(java_script_enabled=False, locale="en")
    page = context.new_page()
    page.goto(f"{live_server.url}/choosing/")
    assert page.locator("input[type=file]").count() == 0
    expect(page.get_by_text("the report works")).to_be_visible()
    page.get_by_role("button", name="Send").click()
    expect(page.get_by_text("the report works")).to_be_visible()


def test_the_file_control_cannot_be_sent(page: Page) -> None:
    control = page.locator("input[type=file]")
    assert control.count() == 1
    assert control.evaluate("e => [e.name, e.form]") == ["", None]
    choose(page, photo())
    assert control.evaluate("e => e.files.length") == 0


def test_the_list_is_readable_by_everybody(visitor: Visitor) -> None:
    visitor.page.set_viewport_size({"width": 320, "height": 640})
    visitor.opens("/choosing/")
    plain = FilePayload(name="p" * 80, mimeType="image/png", buffer=encode(blank()))
    choose(visitor.page, photo(), plain, clip(60, 40))
    wait_until_ready(visitor.page, 1)
    is_good(visitor)


def test_the_words_of_the_page_know_every_reason(page: Page) -> None:
    source = page.evaluate(
        "fetch('/static/js/hashing/problem.js').then((r) => r.text())"
    )
    listed = source.split("one of:")[1].split(".", 1)[0].replace("\n *", " ")
    codes = listed.replace(";", ",").replace("of a list also:", "").split(",")
    told = page.locator("template[data-sentences]").evaluate(
        "e => [...e.content.children].map((p) => p.dataset.for)"
    )
    assert {code.strip() for code in codes} <= set(told), json.dumps(told)
