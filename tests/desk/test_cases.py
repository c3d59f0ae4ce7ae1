import re

import pytest
from django.test import Client

from portal.accounts.models import AuditEntry, User
from portal.cases import evidence
from portal.cases.actions import withdraw_case
from portal.platforms.models import Platform
from portal.sightings.models import Sighting
from tests.desk.scene import a_case, a_copy

pytestmark = pytest.mark.django_db
PICTURE = re.compile(r'src="data:image/jpeg;base64,([^"]+)"')


def test_a_case_shows_all_that_a_worker_needs_without_a_picture(
    worker: Client, chirp: Platform
) -> None:
    case = a_case(threatened=True, details="They know my team.")
    a_copy(case, "/1")
    a_copy(case, "/2", host="boards.example", account="anon77")
    page = worker.get(f"/desk/cases/{case.pk}/").content.decode()
    for words in ["threatened", "anon77", "boards.example", "spread-points", "sealed"]:
        assert words in page
    assert "<img" not in page
    assert "my team" not in page


def test_a_refused_file_is_named_in_words(worker: Client) -> None:
    case = a_case(pictures=[b"no picture"])
    page = worker.get(f"/desk/cases/{case.pk}/").content.decode()
    assert "could not be read" in page
    assert re.search(r"The file (cannot be read|is no picture)", page)


def test_addresses_on_the_desk_are_text_and_no_links(
    worker: Client, chirp: Platform
) -> None:
    sighting = a_copy(a_case())
    for path in [f"cases/{sighting.case_id}/", f"sightings/{sighting.pk}/"]:
        page = worker.get(f"/desk/{path}").content.decode()
        assert 'href="http' not in page
        assert "https://chirp.example" in page


@pytest.mark.parametrize("kind", ["exhibits", "sightings", "reports"])
def test_nothing_is_opened_without_a_reason(
    worker: Client, chirp: Platform, kind: str
) -> None:
    case = a_case(details="words of mine")
    sighting = a_copy(case)
    pk = {
        "exhibits": sighting.exhibit_id,
        "sightings": sighting.pk,
        "reports": case.reports.get().pk,
    }[kind]
    before = AuditEntry.objects.count()
    page = worker.get(f"/desk/{kind}/{pk}/look/").content.decode()
    assert "go on record" in page
    for reason in ["", "  ", "\x00"]:
        page = worker.post(
            f"/desk/{kind}/{pk}/look/", {"reason": reason}
        ).content.decode()
        assert "data:image" not in page
        assert "words of mine" not in page
    assert AuditEntry.objects.count() == before


def test_a_look_is_on_record_and_shows_pixels_only(
    worker: Client, wren: User, chirp: Platform
) -> None:
    sighting = a_copy(a_case())
    for path in [f"exhibits/{sighting.exhibit_id}", f"sightings/{sighting.pk}"]:
        answer = worker.post(f"/desk/{path}/look/", {"reason": "to compare"})
        assert PICTURE.search(answer.content.decode())
        assert answer["Cache-Control"] == "no-store"
        entry = AuditEntry.objects.latest("pk")
        assert (entry.user, entry.verb, entry.reason) == (wren, "open", "to compare")


def test_what_the_victim_wrote_is_read_for_a_reason(worker: Client, wren: User) -> None:
    case = a_case(details="They know <b>my team</b>.")
    report = case.reports.get()
    path = f"/desk/reports/{report.pk}/look/"
    page = worker.post(path, {"reason": "to understand"}).content.decode()
    assert "They know &lt;b&gt;my team&lt;/b&gt;." in page
    entry = AuditEntry.objects.latest("pk")
    assert (entry.user, entry.subject) == (wren, f"case:{case.pk} report:{report.pk}")


def test_nothing_of_a_withdrawn_case_can_be_opened(
    worker: Client, chirp: Platform
) -> None:
    case = a_case(details="words of mine")
    sighting = a_copy(case)
    withdraw_case(case)
    for path in [
        f"exhibits/{sighting.exhibit_id}",
        f"sightings/{sighting.pk}",
        f"reports/{case.reports.get().pk}",
    ]:
        answer = worker.post(f"/desk/{path}/look/", {"reason": "curiosity"})
        assert answer.status_code == 404
        assert b"words of mine" not in answer.content


def test_a_copy_that_was_not_kept_says_so(worker: Client, chirp: Platform) -> None:
    sighting = a_copy(a_case())
    evidence.discard(sighting.captured_as)
    path = f"/desk/sightings/{sighting.pk}/look/"
    assert "no longer there" in worker.post(path, {"reason": "why"}).content.decode()
    Sighting.objects.update(captured_as="")
    assert "No copy was kept" in worker.post(path, {"reason": "why"}).content.decode()
