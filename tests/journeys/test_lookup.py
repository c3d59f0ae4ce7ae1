import json

from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from portal.accounts.models import User
from portal.bank.models import Signal
from portal.exchange.actions import issue_key
from portal.exchange.models import Feedback, Lookup
from portal.platforms.models import Platform
from tests import drawing
from tests.journeys.conftest import Victim, picture


def a_client(platform: Platform, wren: User, stella: User) -> Client:
    _, key = issue_key(
        platform, ["lookup", "feedback"], issued_by=wren, approved_by=stella
    )
    return Client(headers={"authorization": f"Bearer {key}"})


def test_a_platform_asks_and_tells_what_it_did(
    amina: Victim, chirp: Platform, wren: User, stella: User
) -> None:
    amina.reports(picture(1))
    machine = a_client(chirp, wren, stella)
    mirrored = drawing.encode(drawing.mirror(drawing.landscape(1)), "JPEG")
    upload = SimpleUploadedFile("x", mirrored, "image/jpeg")
    answer = machine.post("/api/v1/lookups", {"picture": upload}).json()
    (match,) = answer["results"][0]["matches"]
    assert match["kind"] == "near"

    value = Signal.objects.get(type="pdq").value
    asked = {"signals": [{"type": "pdq", "value": value}]}
    answer = machine.post(
        "/api/v1/lookups", json.dumps(asked), "application/json"
    ).json()
    assert answer["results"][0]["matches"][0]["distance"] == 0
    assert Lookup.objects.count() == 2

    told = {"match_id": match["match_id"], "outcome": "removed"}
    assert machine.post("/api/v1/feedback", told, "application/json").status_code == 201
    assert Feedback.objects.get().outcome == "removed"
    assert "A platform told us about a copy" in amina.sees()


def test_without_consent_to_share_a_platform_learns_nothing(
    amina: Victim, chirp: Platform, wren: User, stella: User
) -> None:
    amina.reports(picture(1), consents=("matching",))
    machine = a_client(chirp, wren, stella)
    upload = SimpleUploadedFile("x", picture(1), "image/jpeg")
    answer = machine.post("/api/v1/lookups", {"picture": upload}).json()
    assert answer["results"] == [{"matches": []}]
