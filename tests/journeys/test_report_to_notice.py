import email
from email import policy

from django.conf import settings

from portal.accounts.models import User
from portal.notices.models import Notice
from portal.platforms.models import Host, Platform
from portal.sightings.models import Sighting
from portal.sightings.tasks import sweep_rechecks
from tests.journeys.conftest import Victim, Worker, picture, post
from tests.loopback_sites import Site


def test_a_report_becomes_a_notice_and_the_copy_is_seen_removed(
    amina: Victim, ben: Victim, wren: User, stella: User, site: Site
) -> None:
    site.pages = {"/post": post("/copy.jpg"), "/copy.jpg": picture(1)}
    platform = Platform.objects.create(
        name="Chirp", in_us=True, contact="ncii@chirp.example", recheck_gap=0
    )
    Host.objects.create(platform=platform, name=f"127.0.0.1:{site.port}", inward=True)

    amina.reports(picture(1), urls=f"{site.url}/post")
    ben.reports(picture(2))
    assert "found the picture there" in amina.sees()

    worker, second = Worker(wren), Worker(stella)
    sighting = Sighting.objects.get()
    case = sighting.case
    assert case.reference in worker.sees("/desk/")
    assert "mallory" in worker.sees(f"/desk/cases/{case.pk}/")
    worker.sees(f"/desk/sightings/{sighting.pk}/")
    worker.does(f"/desk/sightings/{sighting.pk}/decide/", decision="confirmed")
    worker.does(f"/desk/sightings/{sighting.pk}/notice/", rule="us-take-it-down")
    notice = Notice.objects.get()
    worker.does(f"/desk/notices/{notice.pk}/approve/")
    notice.refresh_from_db()
    assert notice.state == Notice.State.DRAFT, "nobody approves a draft of their own"

    second.does(f"/desk/notices/{notice.pk}/approve/")
    notice.refresh_from_db()
    assert notice.state == Notice.State.SENT
    (sent,) = settings.OUTBOX.glob(f"*{notice.reference}*.eml")
    mail = email.message_from_bytes(sent.read_bytes(), policy=policy.default)
    assert mail["To"] == "ncii@chirp.example"
    body = mail.get_body()
    assert body
    assert sighting.url in body.get_content()
    assert not any(part.get_content_maintype() == "image" for part in mail.walk())
    assert "They should act by" in amina.sees()

    del site.pages["/copy.jpg"]
    site.pages["/post"] = "<p>removed</p>"
    for _ in range(3):
        worker.does(f"/desk/sightings/{sighting.pk}/recheck/")
        sweep_rechecks()
    sighting.refresh_from_db()
    assert sighting.status == Sighting.Status.GONE
    assert "is gone" in amina.sees()
    assert "127.0.0.1" not in ben.sees(), "Ben sees nothing of hers"
