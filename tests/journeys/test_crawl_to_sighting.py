from portal.accounts.models import User
from portal.platforms.models import Host, Platform
from portal.sightings.models import Observation, Sighting, Source
from tests.journeys.conftest import Victim, Worker, picture, post
from tests.loopback_sites import Site


def a_source(site: Site) -> Source:
    platform = Platform.objects.create(name="Gallery", recheck_gap=0)
    Host.objects.create(platform=platform, name=f"127.0.0.1:{site.port}", inward=True)
    return Source.objects.create(
        kind="site",
        name="gallery",
        config={"url": f"{site.url}/", "min_delay": 0},
        purpose="journey",
        platform=platform,
        enabled=True,
    )


def test_a_crawled_picture_becomes_a_sighting_and_others_leave_hashes_only(
    amina: Victim, wren: User, site: Site
) -> None:
    site.pages = {
        "/": post("/copy.jpg") + post("/other.jpg", "ben"),
        "/copy.jpg": picture(1),
        "/other.jpg": picture(3),
    }
    source = a_source(site)
    amina.reports(picture(1))
    worker = Worker(wren)
    worker.does(f"/desk/sources/{source.pk}/visit/")

    sighting = Sighting.objects.get()
    assert sighting.media_url.endswith("/copy.jpg")
    assert sighting.found == Sighting.Found.CRAWLED
    assert sighting.assessment.finding == "no sign found"
    assert Observation.objects.count() == 2
    assert "We found a copy on" in amina.sees()


def test_yesterdays_crawl_answers_todays_report(
    amina: Victim, wren: User, site: Site
) -> None:
    site.pages = {"/": post("/copy.jpg"), "/copy.jpg": picture(1)}
    source = a_source(site)
    Worker(wren).does(f"/desk/sources/{source.pk}/visit/")
    assert not Sighting.objects.exists()

    amina.reports(picture(1))
    assert Sighting.objects.get().found == Sighting.Found.REMEMBERED
