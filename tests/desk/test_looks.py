"""How much a worker looks at, how it is shown, and what happens when it is enough."""

import io
import re
from base64 import b64decode
from datetime import timedelta

import numpy as np
import pytest
import time_machine
from django.test import Client
from django.utils import timezone
from PIL import Image

from portal.accounts.actions import choose_preview
from portal.accounts.models import AuditEntry, Organisation, User
from portal.cases.exposure import Exposure, SpentError, exposure_of, grant_more
from portal.cases.messaging import send_message
from portal.cases.models import Case
from portal.desk.looks import advice
from portal.platforms.models import Platform
from portal.sightings import actions, previews
from portal.sightings.models import Sighting
from tests.desk.scene import a_case, a_copy, key_in_hand

pytestmark = pytest.mark.django_db
PICTURE = re.compile(r'src="data:image/jpeg;base64,([^"]+)"')
WHY = {"reason": "to compare"}


@pytest.fixture
def copy(worker: Client, second: Client, chirp: Platform) -> Sighting:
    return a_copy(a_case())


def looks(client: Client, path: str, **form: str) -> str:
    return client.post(f"/desk/{path}/look/", WHY | form).content.decode()


def shown(page: str) -> Image.Image:
    found = PICTURE.search(page)
    assert found, page
    return Image.open(io.BytesIO(b64decode(found[1])))


def detail(image: Image.Image) -> float:
    """How much neighbours differ: what an edge is, and a soft field is not."""
    grey = np.asarray(image.convert("L"), dtype=float)
    return float(np.abs(np.diff(grey, axis=1)).mean())


# -- how it is shown -------------------------------------------------------------------
def test_clear_pixels_leave_the_server_only_where_they_were_chosen(
    wren: User, copy: Sighting
) -> None:
    key = key_in_hand(copy.case, wren)
    made = {
        style: Image.open(
            io.BytesIO(previews.of_sighting(key, copy, reason="why", style=style))
        )
        for style in User.Preview.values
    }
    assert {style: image.mode for style, image in made.items()} == {
        "blurred_grey": "L",
        "blurred": "RGB",
        "grey": "L",
        "plain": "RGB",
    }
    for blurred in ("blurred_grey", "blurred"):
        assert detail(made[blurred]) < detail(made["plain"]) / 2
    assert detail(made["grey"]) > detail(made["plain"]) / 2


def test_a_picture_comes_blurred_and_grey_at_first(
    worker: Client, copy: Sighting
) -> None:
    page = looks(worker, f"sightings/{copy.pk}")
    assert shown(page).mode == "L"
    assert "blurred and grey" in page


def test_each_clearer_picture_is_a_look_of_its_own(
    worker: Client, wren: User, copy: Sighting
) -> None:
    path = f"sightings/{copy.pk}"
    blurred = shown(looks(worker, path))
    grey = shown(looks(worker, path, style="grey"))
    assert detail(grey) > 2 * detail(blurred)
    assert shown(looks(worker, path, style="plain")).mode == "RGB"
    assert exposure_of(wren).today == 3
    assert "data:image" not in looks(worker, path, style="plain", reason="")
    assert "data:image" not in looks(worker, path, style="x-ray")
    assert exposure_of(wren).today == 3


@pytest.mark.parametrize("style", User.Preview.values)
def test_everybody_chooses_how_they_are_shown_pictures(
    worker: Client, wren: User, copy: Sighting, style: str
) -> None:
    assert worker.post("/desk/me/preview/", {"preview": style}).status_code == 302
    wren.refresh_from_db()
    assert wren.preview == style
    assert str(User.Preview(style).label) in looks(worker, f"sightings/{copy.pk}")


def test_no_such_style_changes_nothing(worker: Client, wren: User) -> None:
    worker.post("/desk/me/preview/", {"preview": "x-ray"})
    wren.refresh_from_db()
    assert wren.preview == User.Preview.BLURRED_GREY


# -- how much --------------------------------------------------------------------------
def test_pictures_count_and_words_do_not(
    worker: Client, wren: User, stella: User, copy: Sighting
) -> None:
    case = copy.case
    send_message(case, "Is somebody there?")
    worker.post(f"/desk/cases/{case.pk}/messages/", WHY)
    looks(worker, f"reports/{case.reports.get().pk}")
    assert exposure_of(wren) == Exposure(hour=0, today=0, week=0, budget=40)
    looks(worker, f"exhibits/{copy.exhibit_id}")
    page = looks(worker, f"sightings/{copy.pk}")
    assert "You have looked at 2 of 40 today." in page
    assert exposure_of(wren) == Exposure(hour=2, today=2, week=2, budget=40)
    assert exposure_of(stella).week == 0


def test_the_numbers_grow_old(wren: User, copy: Sighting) -> None:
    previews.of_sighting(key_in_hand(copy.case, wren), copy, reason="why")
    for later, expected in [
        (timedelta(days=1), (0, 0, 1)),
        (timedelta(days=8), (0, 0, 0)),
    ]:
        with time_machine.travel(timezone.now() + later):
            seen = exposure_of(wren)
            assert (seen.hour, seen.today, seen.week) == expected


def test_a_spent_budget_keeps_the_picture_shut(
    worker: Client, wren: User, copy: Sighting
) -> None:
    User.objects.filter(pk=wren.pk).update(exposure_budget=1)
    assert shown(looks(worker, f"sightings/{copy.pk}"))
    for path in [f"sightings/{copy.pk}", f"exhibits/{copy.exhibit_id}"]:
        page = looks(worker, path)
        assert "Time for a break" in page
        assert "data:image" not in page
    wren.refresh_from_db()
    with pytest.raises(SpentError):
        previews.of_sighting(key_in_hand(copy.case, wren), copy, reason="why")
    assert exposure_of(wren).today == 1


def test_a_supervisor_lets_somebody_look_at_more_today_only(
    worker: Client, second: Client, wren: User, stella: User, copy: Sighting
) -> None:
    User.objects.filter(pk=wren.pk).update(exposure_budget=0)
    assert "Time for a break" in looks(worker, f"sightings/{copy.pk}")
    form = {"more": "2", "reason": "a deadline today"}
    page = second.post(f"/desk/staff/{wren.pk}/more/", form, follow=True)
    assert "wren may look at 2 more today" in page.content.decode()
    entry = AuditEntry.objects.latest("number")
    assert (entry.user, entry.reason) == (stella, "a deadline today")
    assert shown(looks(worker, f"sightings/{copy.pk}"))
    wren.refresh_from_db()
    assert exposure_of(wren).left == 1
    assert exposure_of(stella).budget == 40
    with time_machine.travel(timezone.now() + timedelta(days=1)):
        assert exposure_of(wren).budget == 0


@pytest.mark.parametrize(
    "form",
    [
        {"more": "21", "reason": "x"},
        {"more": "0", "reason": "x"},
        {"more": "-5", "reason": "x"},
        {"more": "many", "reason": "x"},
        {"more": "2", "reason": " "},
        {},
    ],
)
def test_a_grant_without_number_or_reason_is_none(
    second: Client, wren: User, form: dict[str, str]
) -> None:
    page = second.post(f"/desk/staff/{wren.pk}/more/", form, follow=True)
    assert "Give a number" in page.content.decode()
    assert exposure_of(wren).budget == 40


def test_nobody_grants_themselves_more(
    worker: Client, second: Client, wren: User, stella: User
) -> None:
    form = {"more": "2", "reason": "I can take it"}
    page = second.post(f"/desk/staff/{stella.pk}/more/", form, follow=True)
    assert "Another person must decide" in page.content.decode()
    assert worker.post(f"/desk/staff/{stella.pk}/more/", form).status_code == 403
    assert worker.get("/desk/staff/looks/").status_code == 403
    for more, reason in [(0, "x"), (21, "x"), (1, " ")]:
        with pytest.raises(ValueError):  # noqa: PT011 (three of them, in plain words)
            grant_more(wren, more, by=stella, reason=reason)
    with pytest.raises(ValueError, match="supervisor"):
        grant_more(stella, 1, by=wren, reason="x")


def test_another_organisations_staff_is_not_ours_to_see(
    second: Client, wren: User
) -> None:
    other = Organisation.objects.create(name="Other", email="a@other.example")
    User.objects.filter(pk=wren.pk).update(organisation=other)
    assert "wren" not in second.get("/desk/staff/looks/").content.decode()
    form = {"more": "2", "reason": "x"}
    assert second.post(f"/desk/staff/{wren.pk}/more/", form).status_code == 404


def test_a_supervisor_sees_numbers_and_nothing_else(
    worker: Client, second: Client, wren: User, copy: Sighting
) -> None:
    looks(worker, f"sightings/{copy.pk}", reason="a very private reason")
    page = second.get("/desk/staff/looks/").content.decode()
    assert "1 of 40 today" in page
    for secret in ["private reason", copy.case.reference, copy.host]:
        assert secret not in page


@pytest.mark.parametrize(
    ("seen", "words"),
    [
        (Exposure(0, 0, 0, 40), ""),
        (Exposure(0, 19, 19, 40), ""),
        (Exposure(0, 20, 20, 40), "short walk"),
        (Exposure(0, 10, 200, 40), "heavy week"),
        (Exposure(10, 10, 10, 40), "ten minutes"),
        (Exposure(10, 40, 200, 40), "enough for one day"),
    ],
)
def test_the_advice_is_what_a_good_colleague_would_say(
    seen: Exposure, words: str
) -> None:
    said = advice(seen, 40)
    assert (words in said) if words else not said


def test_a_worker_sees_their_own_numbers(worker: Client, copy: Sighting) -> None:
    looks(worker, f"sightings/{copy.pk}")
    page = worker.get("/desk/me/looks/").content.decode()
    assert "of 40 pictures today" in page
    assert "You have looked at 1 of 40 today." in worker.get("/desk/").content.decode()


# -- not again -------------------------------------------------------------------------
def test_what_is_decided_is_not_offered_again(
    worker: Client, stella: User, copy: Sighting
) -> None:
    path = f"sightings/{copy.pk}"
    assert "Look at the copy" in worker.get(f"/desk/{path}/").content.decode()
    actions.decide(copy, stella, confirmed=True)
    page = worker.get(f"/desk/{path}/").content.decode()
    assert "Look at the copy" not in page
    assert "Look a second time" in page
    asked = worker.get(f"/desk/{path}/look/").content.decode()
    assert "by stella: confirmed." in asked
    assert "data:image" not in asked
    assert shown(looks(worker, path))


def test_the_victims_picture_says_when_it_was_seen_before(
    worker: Client, second: Client, copy: Sighting
) -> None:
    path = f"exhibits/{copy.exhibit_id}"
    assert "We have looked" not in second.get(f"/desk/{path}/look/").content.decode()
    looks(worker, path)
    page = second.get(f"/desk/{path}/look/").content.decode()
    assert "We have looked at it 1 time." in page


def test_the_facts_come_before_any_look(worker: Client, copy: Sighting) -> None:
    page = worker.get(f"/desk/sightings/{copy.pk}/").content.decode()
    card = page[page.index('id="decide"') : page.index("Yes, confirm")]
    for fact in ["the same picture", "code", "No sign found", copy.host, "mallory"]:
        assert fact in card
    assert "<img" not in page


def test_a_worker_whose_style_is_plain_still_says_why(
    worker: Client, wren: User, copy: Sighting
) -> None:
    choose_preview(wren, User.Preview.PLAIN)
    asked = worker.get(f"/desk/sightings/{copy.pk}/look/").content.decode()
    assert "data:image" not in asked
    page = looks(worker, f"sightings/{copy.pk}")
    assert shown(page).mode == "RGB"
    assert "See it more clearly" not in page
    assert Case.objects.count() == 1
