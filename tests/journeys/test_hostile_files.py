"""Files that are not what they seem, through every way in: a clear word, nothing half-done."""

import html
import logging

import pytest
from django.core.files.storage import storages
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from PIL import Image

from portal.accounts.models import User
from portal.bank.models import Signal
from portal.cases import evidence
from portal.cases.models import Case, Exhibit
from portal.exchange.actions import issue_key
from portal.exchange.models import Lookup
from portal.platforms.models import Platform
from portal.sightings.models import Observation, Sighting, Source
from tests import drawing
from tests.journeys import mallory
from tests.journeys.conftest import Victim, Worker, a_file, picture, post
from tests.journeys.quiet import Listener
from tests.journeys.test_crawl_to_sighting import a_source
from tests.loopback_sites import Site

LIES = pytest.mark.parametrize("name", mallory.NOTHING_TO_SEE)
ODDITIES = pytest.mark.parametrize("name", mallory.ODD_BUT_PICTURES)
ODD = mallory.ODD_BUT_PICTURES
# Where a page says it otherwise than the program behind it.
IN_THEIR_LANGUAGE = {"bomb.png": "This picture has too many pixels for us."}


@pytest.fixture(autouse=True)
def empty_store() -> None:
    for name in evidence.stored():
        evidence.discard(name)


@pytest.fixture
def machine(chirp: Platform, wren: User, stella: User, logs: Listener) -> Client:
    _, key = issue_key(chirp, ["lookup"], issued_by=wren, approved_by=stella)
    logs.plant(key)
    return Client(headers={"authorization": f"Bearer {key}"})


def upload(name: str, data: bytes) -> SimpleUploadedFile:
    return SimpleUploadedFile(name, data, "image/jpeg")


def a_lie(name: str) -> tuple[bytes, str]:
    make, words = mallory.NOTHING_TO_SEE[name]
    return make(), words


def test_the_listener_hears_a_secret_and_a_traceback(logs: Listener) -> None:
    for say in (logging.getLogger("any").debug, logging.getLogger("celery.x").info):
        with Listener() as other:
            other.plant("my secret")
            say("here is my secret")
        with pytest.raises(AssertionError):
            other.check()
    with pytest.raises(AssertionError):
        logs.check("Traceback (most recent call last)")


@LIES
def test_a_reported_file_that_is_no_picture_is_refused_and_nothing_of_it_stays(
    amina: Victim, name: str
) -> None:
    amina.opens_a_case()
    amina.uploads(a_lie(name)[0])
    page = amina.sees()
    assert "We could not read one of your files. Nothing of it was kept." in page
    assert "1 file could not be read, and nothing of it was kept." in page
    exhibit = Exhibit.objects.get()
    assert (exhibit.state, exhibit.stored_as) == (Exhibit.State.REFUSED, "")
    assert not Signal.objects.exists()
    assert list(evidence.stored()) == []


def test_a_good_picture_among_bad_ones_is_watched_for_all_the_same(
    amina: Victim, machine: Client
) -> None:
    bad = [a_lie(name)[0] for name in mallory.NOTHING_TO_SEE]
    amina.opens_a_case()
    amina.uploads(*bad, picture(1))
    page = amina.sees()
    assert "We watch for copies of 1 picture." in page
    assert f"{len(bad)} files could not be read" in page
    (kept,) = evidence.stored()
    assert Exhibit.objects.get(state=Exhibit.State.HASHED).stored_as == kept
    answer = machine.post("/api/v1/lookups", {"picture": upload("p", picture(1))})
    assert answer.json()["results"][0]["matches"]


@LIES
def test_a_file_to_check_that_is_no_picture_is_answered_in_plain_words(
    name: str,
) -> None:
    data, words = a_lie(name)
    answer = Client().post("/check/", {"picture": upload(name, data), "adult": "on"})
    assert answer.status_code == 200
    page = html.unescape(answer.getvalue().decode())
    assert "Nothing was checked" in page
    assert IN_THEIR_LANGUAGE.get(name, words) in page


@LIES
def test_a_machine_that_sends_no_picture_gets_a_code_and_a_sentence(
    machine: Client, name: str
) -> None:
    data, words = a_lie(name)
    answer = machine.post("/api/v1/lookups", {"picture": upload(name, data)})
    assert answer.status_code == 400
    assert answer.json()["detail"].startswith(words)
    assert answer.json()["error"] in {"unsupported", "damaged", "too_many_pixels"}
    assert not Lookup.objects.exists()


def test_a_site_full_of_lies_yields_its_one_picture(
    amina: Victim, wren: User, site: Site
) -> None:
    for name in mallory.NOTHING_TO_SEE:
        site.pages[f"/{name}"] = a_lie(name)[0]
    site.pages["/copy.jpg"] = picture(1)
    site.pages["/"] = "".join(post(path) for path in site.pages)
    source = a_source(site)
    amina.reports(picture(1))
    Worker(wren).does(f"/desk/sources/{source.pk}/visit/")
    assert Sighting.objects.get().media_url.endswith("/copy.jpg")
    assert Observation.objects.count() == 1
    assert Source.objects.get().outcome == "done"


def test_a_reported_address_of_a_lie_is_looked_at_and_said_not_to_show_the_picture(
    amina: Victim, site: Site, chirp: Platform
) -> None:
    chirp.hosts.create(name=f"127.0.0.1:{site.port}", inward=True)
    site.pages["/cut.jpg"] = a_lie("cut.jpg")[0]
    amina.reports(picture(1), urls=f"{site.url}/cut.jpg")
    assert "and did not find the picture" in amina.sees()
    assert not Sighting.objects.exists()


@ODDITIES
def test_an_odd_file_is_found_as_the_same_picture(
    amina: Victim, machine: Client, name: str
) -> None:
    amina.opens_a_case()
    amina.uploads(ODD[name]())
    assert "We watch for copies of 1 picture." in amina.sees()
    answer = machine.post("/api/v1/lookups", {"picture": upload("p", picture(1))})
    (match,) = answer.json()["results"][0]["matches"]
    assert match["kind"] in {"exact", "near"}


def test_odd_files_on_a_site_are_copies_of_the_picture(
    amina: Victim, wren: User, site: Site
) -> None:
    site.pages = {f"/{name}": make() for name, make in ODD.items()}
    site.pages["/"] = "".join(post(path) for path in site.pages)
    source = a_source(site)
    amina.reports(picture(1))
    Worker(wren).does(f"/desk/sources/{source.pk}/visit/")
    seen = {
        sighting.media_url.rpartition("/")[2] for sighting in Sighting.objects.all()
    }
    assert seen == set(ODD)
    assert not Sighting.objects.filter(assessment=None).exists()


def test_an_empty_file_is_refused_at_the_form_and_everywhere_else(
    amina: Victim, machine: Client
) -> None:
    amina.opens_a_case()
    sent = amina.agrees() | {"pictures": [a_file(picture(1)), a_file(b"")]}
    page = amina.client.post("/case/upload/", sent).content.decode()
    assert "Nothing was sent yet" in page
    assert "File number 2 is empty. Please choose it again." in page
    answer = amina.client.post("/check/", {"picture": upload("e", b""), "adult": "on"})
    assert "This file is empty." in answer.getvalue().decode()
    answer = machine.post("/api/v1/lookups", {"picture": upload("e", b"")})
    assert answer.status_code == 400
    assert answer.json() == {"error": "empty", "detail": "This file is empty."}
    assert not Exhibit.objects.exists()
    assert list(evidence.stored()) == []


@pytest.mark.parametrize(
    ("path", "back"),
    [
        ("/case/upload/", "/case/upload/"),
        ("/report/picture/", "/report/"),
        ("/check/", "/check/"),
        ("/api/v1/lookups", ""),
    ],
)
def test_thirty_megabytes_are_refused_unread_in_words_that_fit(
    machine: Client, path: str, back: str
) -> None:
    big = upload("big.jpg", b"\xff\xd8\xff" + bytes(30 * 2**20))
    answer = machine.post(path, {"picture": big, "pictures": big, "adult": "on"})
    assert answer.status_code == 413
    if path.startswith("/api/"):
        told = {"error": "too_large", "detail": "The body is too large."}
        assert answer.json() == told
    else:
        page = answer.content.decode()
        assert "We can take 25 MB" in page
        assert "Nothing was saved" in page
        assert f'class="button" href="{back}"' in page
    assert not Case.objects.exists()
    assert list(evidence.stored()) == []


def test_a_picture_with_tales_in_its_exif_leaves_none_of_them_in_a_log(
    amina: Victim, logs: Listener
) -> None:
    exif = Image.Exif()
    exif[0x013B] = "Amina of Harbour Street"
    exif[0x8825] = {1: "N", 2: (48.0, 51.0, 24.0)}
    logs.plant("Amina of Harbour Street", "51.0, 24.0")
    tale = drawing.encode(mallory.DRAWN, "JPEG", exif=exif)
    amina.opens_a_case()
    amina.uploads(tale)
    answer = amina.client.post("/check/", {"picture": upload("t", tale), "adult": "on"})
    assert "no sign" in answer.getvalue().decode()
    assert storages["evidence"].exists(Exhibit.objects.get().stored_as)
