"""Who can open a case: given, taken, renewed, refused for good, and by whom it is missed."""

from collections.abc import Callable

import pytest
from django.test import Client
from django.urls import reverse

from portal.accounts.actions import dismiss, hire, reset_password
from portal.accounts.models import AuditEntry, Organisation, User
from portal.cases import keys
from portal.cases.actions import open_case, submit_report
from portal.cases.messaging import send_message
from portal.cases.models import Case, Exclusion, KeyWrap
from portal.cases.tasks import sweep_leavers
from portal.platforms.models import Platform
from tests.conftest import STELLA_PASSWORD, signs_in
from tests.desk.scene import a_case, a_copy, a_draft, key_in_hand
from tests.telling import told

pytestmark = pytest.mark.django_db
NEW = "another long password"


@pytest.fixture
def robin(organisation: Organisation) -> Callable[[], User]:
    """A colleague who comes later: hired when called."""
    return lambda: hire("robin", NEW, organisation)


@pytest.fixture
def case(worker: Client, second: Client, chirp: Platform) -> Case:
    return a_case()


def opens(case: Case, user: User, password: str = "") -> bool:
    try:
        return bool(key_in_hand(case, user, password).private)
    except keys.LockedError:
        return False


def page_of(client: Client, case: Case) -> str:
    return client.get(f"/desk/cases/{case.pk}/").content.decode()


def does(client: Client, case: Case, step: str, user: User, **form: str) -> str:
    form = {"worker": str(user.pk)} | form
    answer = client.post(f"/desk/cases/{case.pk}/{step}/", form, follow=True)
    assert answer.status_code == 200
    return answer.content.decode()


# -- giving and taking -----------------------------------------------------------------
def test_a_holder_grants_the_case_to_a_colleague(
    worker: Client, wren: User, case: Case, robin: Callable[[], User]
) -> None:
    late = robin()
    assert not opens(case, late, NEW)
    assert "robin can open this case now" in does(worker, case, "grant", late)
    assert opens(case, late, NEW)
    entry = AuditEntry.objects.latest("number")
    assert (entry.user, entry.verb) == (wren, "grant")


def test_taking_it_away_needs_a_reason(
    worker: Client, stella: User, case: Case
) -> None:
    assert "Please write why" in does(worker, case, "revoke", stella)
    assert opens(case, stella)
    page = does(worker, case, "revoke", stella, reason="is on leave")
    assert "can no longer open" in page
    assert not opens(case, stella)


def test_whoever_hands_it_back_is_led_to_the_queue(
    worker: Client, wren: User, case: Case
) -> None:
    page = does(worker, case, "revoke", wren, reason="too close")
    assert "<h1>Queue</h1>" in page
    assert worker.get(f"/desk/cases/{case.pk}/").status_code == 404


def test_of_two_who_revoke_each_other_one_stays(
    worker: Client, second: Client, wren: User, stella: User, case: Case
) -> None:
    does(worker, case, "revoke", stella, reason="they left")
    answer = second.post(
        f"/desk/cases/{case.pk}/revoke/", {"worker": wren.pk, "reason": "they left"}
    )
    assert answer.status_code == 404
    with pytest.raises(keys.LockedError, match="somebody else first"):
        keys.revoke(case, wren, by=stella, reason="they left")
    assert opens(case, wren)


def test_a_stale_key_does_not_count_as_a_holder(
    wren: User, stella: User, case: Case
) -> None:
    reset_password(stella, NEW, by="operator")
    with pytest.raises(keys.LockedError, match="somebody else first"):
        keys.revoke(case, wren, by=wren, reason="too much")


def test_a_stranger_is_given_nothing(worker: Client, case: Case) -> None:
    other = Organisation.objects.create(name="Other", email="a@other.example")
    mallory = hire("mallory", NEW, other)
    KeyWrap.objects.filter(user=mallory).delete()
    for worker_id in [str(mallory.pk), "", "x", "0", "9" * 30]:
        form = {"worker": worker_id}
        answer = worker.post(f"/desk/cases/{case.pk}/grant/", form)
        assert answer.status_code == 404
    assert not opens(case, mallory, NEW)


# -- a renewed key ---------------------------------------------------------------------
def test_a_renewed_key_waits_for_a_colleague(
    worker: Client, second: Client, stella: User, case: Case
) -> None:
    other = a_case("ben", seed=2)
    reset_password(stella, NEW, by="operator")
    assert "waits for a renewed grant" in page_of(worker, case)
    assert "waits for 2 cases that you hold" in worker.get("/desk/").content.decode()
    answer = worker.post(f"/desk/colleagues/{stella.pk}/renew/", follow=True)
    assert "stella can open 2 cases again" in answer.content.decode()
    assert opens(case, stella, NEW)
    assert opens(other, stella, NEW)
    assert "cases that you hold" not in worker.get("/desk/").content.decode()


def test_nobody_renews_what_they_do_not_hold(
    worker: Client, wren: User, stella: User, case: Case
) -> None:
    keys.revoke(case, wren, by=stella, reason="a test")
    reset_password(stella, NEW, by="operator")
    worker.post(f"/desk/colleagues/{stella.pk}/renew/")
    assert not opens(case, stella, NEW)


def test_a_locked_key_renews_nothing(
    client: Client, wren: User, stella: User, case: Case
) -> None:
    reset_password(stella, NEW, by="operator")
    client.force_login(wren)  # without the key in the session
    page = client.post(f"/desk/colleagues/{stella.pk}/renew/", follow=True)
    assert "not yours to use" in page.content.decode()
    assert not opens(case, stella, NEW)


# -- leaving ---------------------------------------------------------------------------
def test_a_worker_who_leaves_loses_everything(
    wren: User, stella: User, case: Case
) -> None:
    dismiss(wren, by=stella)
    sweep_leavers()
    assert not KeyWrap.objects.filter(user=wren).exists()
    assert KeyWrap.objects.filter(user=stella, case=case).exists()
    assert KeyWrap.objects.filter(holder="passphrase", case=case).exists()


def test_a_case_without_holder_is_listed_by_reference_only(
    worker: Client, second: Client, wren: User, stella: User, case: Case
) -> None:
    assert case not in Case.objects.without_holder()
    keys.revoke(case, stella, by=wren, reason="a test")
    dismiss(wren, by=stella)
    sweep_leavers()
    assert case in Case.objects.without_holder()
    page = second.get("/desk/").content.decode()
    assert case.reference in page
    assert f"cases/{case.pk}/" not in page


def test_only_supervisors_see_that_list(
    worker: Client, wren: User, stella: User, case: Case
) -> None:
    keys.revoke(case, wren, by=stella, reason="a test")
    keys.exclude(case, stella)
    assert case.reference not in worker.get("/desk/").content.decode()


def test_the_victims_next_visit_lets_the_desk_in_again(
    wren: User, stella: User
) -> None:
    receipt = submit_report(token="t", told=told(details="words"))
    case = receipt.report.case
    keys.exclude(case, stella)
    reset_password(wren, NEW, by="operator")
    assert case in Case.objects.without_holder()
    assert open_case(receipt.passphrase or "") is not None
    assert opens(case, wren, NEW)
    assert not KeyWrap.objects.filter(case=case, user=stella).exists(), "excluded"


def test_a_visit_grants_nothing_where_somebody_holds_the_case(
    wren: User, stella: User
) -> None:
    receipt = submit_report(token="t", told=told(details="words"))
    case = receipt.report.case
    keys.revoke(case, stella, by=wren, reason="a test")
    open_case(receipt.passphrase or "")
    assert not opens(case, stella)


# -- I know this person ----------------------------------------------------------------
def test_whoever_knows_the_victim_never_meets_the_case_again(
    worker: Client, wren: User, stella: User, case: Case
) -> None:
    copy = a_copy(case)
    notice = a_draft(copy, stella)
    send_message(case, "Is somebody there?")
    path = f"/desk/cases/{case.pk}/exclude/"
    assert "A colleague can open the case" in worker.get(path).content.decode()
    assert worker.post(path).status_code == 302
    for page in [
        f"cases/{case.pk}/",
        f"cases/{case.pk}/messages/",
        f"cases/{case.pk}/contact/",
        f"sightings/{copy.pk}/",
        f"sightings/{copy.pk}/look/",
        f"exhibits/{copy.exhibit_id}/look/",
        f"reports/{case.reports.get().pk}/look/",
        f"notices/{notice.pk}/",
    ]:
        assert worker.get(f"/desk/{page}").status_code == 404
    queue = worker.get("/desk/").content.decode()
    assert case.reference not in queue
    assert copy.host not in queue
    with pytest.raises(keys.LockedError, match="knows the victim"):
        keys.grant(key_in_hand(case, stella), wren)
    assert Exclusion.objects.get().user == wren


def test_the_excluded_are_not_offered_the_case(
    second: Client, wren: User, case: Case
) -> None:
    keys.exclude(case, wren)
    page = page_of(second, case)
    assert f'<option value="{wren.pk}">' not in page


def test_the_last_holder_is_told_what_follows(
    second: Client, worker: Client, wren: User, stella: User, case: Case
) -> None:
    keys.revoke(case, wren, by=stella, reason="a test")
    page = second.get(f"/desk/cases/{case.pk}/exclude/").content.decode()
    assert "only one who can open it" in page
    second.post(f"/desk/cases/{case.pk}/exclude/")
    queue = second.get("/desk/").content.decode()
    assert "Cases that nobody can open" in queue
    assert case.reference in queue


def test_every_page_of_a_case_is_shut_to_who_does_not_hold_it(
    case: Case, robin: Callable[[], User], stella: User
) -> None:
    stranger = Client()
    signs_in(stranger, robin(), NEW)
    steps = ["case", "contact", "freeze", "referral", "exclude", "grant", "revoke"]
    for name in [*steps, "thread", "answer", "ask_back"]:
        path = reverse(f"desk:{name}", args=[case.pk])
        for answer in (stranger.get(path), stranger.post(path, {"reason": "x"})):
            assert answer.status_code in {404, 405}
    assert opens(case, stella, STELLA_PASSWORD)
