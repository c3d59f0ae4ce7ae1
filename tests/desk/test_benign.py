import re

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.utils import timezone

from portal.accounts.models import AuditEntry, User
from portal.bank.actions import lookup_picture
from portal.bank.models import Benign, Signal
from portal.sightings import actions
from portal.sightings.models import Sighting
from tests.desk.scene import a_case, a_copy, picture

pytestmark = pytest.mark.django_db
FORM = {"name": "a banner", "kind": "logo", "reason": "it is on every page there"}


def a_rejected_copy(wren: User) -> Sighting:
    sighting = a_copy(a_case())
    actions.decide(sighting, wren, confirmed=False)
    return sighting


def a_held_signal() -> Signal:
    signal = a_case().signals.whole().get(type="pdq")
    Signal.objects.filter(pk=signal.pk).update(quarantined_at=timezone.now())
    return signal


def test_a_rejected_copy_is_listed_once_a_second_person_agrees(
    worker: Client, wren: User, second: Client
) -> None:
    sighting = a_rejected_copy(wren)
    page = worker.get(f"/desk/sightings/{sighting.pk}/").content.decode()
    assert f"/desk/sightings/{sighting.pk}/benign/" in page
    page = worker.get(f"/desk/sightings/{sighting.pk}/benign/").content.decode()
    assert "This would silence 1 picture that a victim gave us" in page
    page = worker.post(
        f"/desk/sightings/{sighting.pk}/benign/", FORM, follow=True
    ).content.decode()
    assert "waits for a second person" in page
    entry = Benign.objects.get()
    worker.post(f"/desk/benign/{entry.pk}/approve/")
    assert lookup_picture(picture()), "nobody agrees with themselves"
    second.post(f"/desk/benign/{entry.pk}/approve/")
    entry.refresh_from_db()
    assert entry.in_force_at
    assert "a banner" in worker.get("/desk/benign/").content.decode()
    verbs = set(AuditEntry.objects.values_list("verb", flat=True))
    assert {"add_benign", "approve_benign"} <= verbs


def test_a_copy_that_nobody_rejected_cannot_be_listed(worker: Client) -> None:
    sighting = a_copy(a_case())
    page = worker.get(f"/desk/sightings/{sighting.pk}/benign/", follow=True)
    assert "First decide" in page.content.decode()
    assert not Benign.objects.exists()


def test_a_supervisor_lists_a_file_which_is_hashed_and_dropped(second: Client) -> None:
    file = SimpleUploadedFile("logo.jpg", picture(7), "image/jpeg")
    page = second.post("/desk/benign/new/", {"picture": file}).content.decode()
    assert "would silence nothing" in page
    found = re.search(r'name="signals" value="([^"]+)"', page)
    assert found
    second.post("/desk/benign/new/", FORM | {"signals": found[1]})
    entry = Benign.objects.get()
    assert entry.in_force_at
    assert {"sha256", "pdq", "phash"} == set(
        entry.signals.values_list("type", flat=True)
    )


def test_signals_that_we_did_not_hash_are_refused(second: Client) -> None:
    page = second.post("/desk/benign/new/", FORM | {"signals": "made up"}, follow=True)
    assert "Choose the file again" in page.content.decode()
    assert not Benign.objects.exists()


@pytest.mark.parametrize("data", [b"no picture", b""])
def test_what_is_no_picture_is_a_plain_error(second: Client, data: bytes) -> None:
    file = SimpleUploadedFile("logo.jpg", data, "image/jpeg")
    assert second.post("/desk/benign/new/", {"picture": file}).status_code == 200
    assert not Benign.objects.exists()


def test_an_entry_needs_words(worker: Client, wren: User) -> None:
    sighting = a_rejected_copy(wren)
    worker.post(f"/desk/sightings/{sighting.pk}/benign/", FORM | {"reason": " "})
    assert not Benign.objects.exists()


def test_only_a_supervisor_adds_from_a_file_and_takes_off_the_list(
    worker: Client, second: Client, stella: User
) -> None:
    entry = Benign.objects.create(added_by=stella, in_force_at=timezone.now(), **FORM)
    assert worker.get("/desk/benign/new/").status_code == 403
    gone = f"/desk/benign/{entry.pk}/remove/"
    assert worker.post(gone, {"reason": "wrong"}).status_code == 403
    second.post(gone, {"reason": " "})
    assert Benign.objects.in_force().exists(), "without a reason it stays"
    second.post(gone, {"reason": "wrong"})
    assert not Benign.objects.in_force().exists()


def test_a_signal_in_quarantine_is_shown_and_released_with_a_reason(
    worker: Client,
) -> None:
    signal = a_held_signal()
    page = worker.get("/desk/benign/").content.decode()
    assert signal.case.reference in page
    worker.post(f"/desk/signals/{signal.pk}/release/", {"reason": ""})
    assert Signal.objects.exclude(quarantined_at=None).exists()
    worker.post(f"/desk/signals/{signal.pk}/release/", {"reason": "it spreads so"})
    assert not Signal.objects.exclude(quarantined_at=None).exists()


def test_a_signal_in_quarantine_may_go_on_the_list(worker: Client) -> None:
    signal = a_held_signal()
    worker.post(f"/desk/signals/{signal.pk}/benign/", FORM)
    assert list(Benign.objects.waiting()) == [Benign.objects.get()]


def test_nobody_decides_about_a_signal_of_a_case_that_is_not_theirs(
    worker: Client, wren: User
) -> None:
    signal = a_held_signal()
    signal.case.wraps.filter(user=wren).delete()
    assert worker.post(f"/desk/signals/{signal.pk}/release/").status_code == 404
    assert worker.get(f"/desk/signals/{signal.pk}/benign/").status_code == 404
    assert signal.case.reference not in worker.get("/desk/benign/").content.decode()


def test_a_copy_of_a_signal_in_quarantine_says_so(worker: Client) -> None:
    sighting = a_copy(a_case())
    Signal.objects.filter(pk=sighting.signal_id).update(quarantined_at=timezone.now())
    page = worker.get(f"/desk/sightings/{sighting.pk}/").content.decode()
    assert "in quarantine" in page
