import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from portal.accounts import sealing
from portal.accounts.models import User
from portal.cases import actions, evidence, keys
from portal.cases.models import Case, Exhibit
from portal.notices.models import Notice
from portal.platforms.models import Host, Platform
from portal.sightings.models import Sighting
from tests.conftest import WREN_PASSWORD
from tests.journeys.conftest import Victim, Worker, picture, post
from tests.journeys.test_lookup import a_client
from tests.loopback_sites import Site


def test_one_tap_stops_everything_at_once_and_for_good(
    amina: Victim, chirp: Platform, wren: User, stella: User, site: Site
) -> None:
    site.pages = {"/": post("/copy.jpg"), "/copy.jpg": picture(1)}
    Host.objects.create(platform=chirp, name=f"127.0.0.1:{site.port}", inward=True)
    amina.reports(picture(1), urls=f"{site.url}/")
    amina.uploads(picture(1))
    sighting = Sighting.objects.get()
    worker = Worker(wren)
    worker.does(f"/desk/sightings/{sighting.pk}/decide/", decision="confirmed")
    worker.does(f"/desk/sightings/{sighting.pk}/notice/", rule="us-take-it-down")
    machine = a_client(chirp, wren, stella)
    private = sealing.unlock(wren, WREN_PASSWORD)
    held = keys.key_of_worker(sighting.case, wren, private)

    amina.withdraws()

    upload = SimpleUploadedFile("x", picture(1), "image/jpeg")
    answer = machine.post("/api/v1/lookups", {"picture": upload}).json()
    assert answer["results"] == [{"matches": []}]
    case, exhibit = Case.objects.get(), Exhibit.objects.exclude(stored_as="").get()
    assert case.is_withdrawn
    assert not case.wraps.exists()
    with pytest.raises(evidence.EvidenceError, match="no longer there"):
        evidence.open_exhibit(held, exhibit, reason="a key kept from before")
    with pytest.raises(keys.LockedError):
        keys.key_of_worker(case, wren, sealing.unlock(wren, WREN_PASSWORD))
    assert actions.open_case(amina.passphrase) == (case, None)
    notice = Notice.objects.get()
    second = Worker(stella).client
    assert second.post(f"/desk/notices/{notice.pk}/approve/").status_code == 404
    notice.refresh_from_db()
    assert notice.sent_at is None
    assert not Sighting.objects.to_recheck().exists()
    assert "You withdrew this case" in amina.sees()
