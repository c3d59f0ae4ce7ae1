import re
from datetime import timedelta

import pytest
import time_machine
from django.conf import settings
from django.contrib.sessions.models import Session
from django.core.cache import cache
from django.test import Client, RequestFactory
from django.utils import timezone
from nacl import pwhash

from portal.accounts import sealing, second_factor
from portal.accounts.actions import dismiss, hire, reset_password
from portal.accounts.models import Organisation, User
from portal.accounts.tasks import sweep_sessions
from portal.cases.models import Case
from tests.accounts.doors import (
    SECOND,
    code,
    gives_password,
    logs_in,
    sets_up_app,
)
from tests.conftest import APP_SECRET, WREN_PASSWORD, signs_in

pytestmark = pytest.mark.django_db
NEW = "another long password"
INSTALLED = settings.INSTALLED_APPS


@pytest.fixture
def phone(wren: User) -> None:
    second_factor.give_app(wren, APP_SECRET)


def key_of(client: Client, user: User) -> bytes | None:
    """What a view would have in hand."""
    request = RequestFactory().get("/desk/")
    request.COOKIES = {name: it.value for name, it in client.cookies.items()}
    request.session = client.session
    request.user = user
    return sealing.private_of(request)


def is_in(client: Client) -> bool:
    return client.get("/desk/").status_code == 200


def test_a_newcomer_reaches_nothing_but_the_pages_to_set_up_a_second_factor(
    client: Client, wren: User
) -> None:
    assert gives_password(client) == "/desk/login/setup/"
    for path in ["", "me/", "sources/", "staff/", "me/password/"]:
        answer = client.get(f"/desk/{path}")
        assert answer.status_code == 302
        assert answer["Location"].startswith("/desk/login/")
    assert client.get(SECOND)["Location"] == "/desk/login/setup/"
    page = client.get("/desk/login/setup/").content.decode()
    assert "/desk/me/app/" in page
    assert "/desk/me/key/" in page
    assert client.get("/desk/me/key/").status_code == 200


def test_the_first_app_is_set_up_and_lets_in(client: Client, wren: User) -> None:
    gives_password(client)
    page = client.get("/desk/me/app/").content.decode()
    assert "data:image/svg+xml;base64," in page
    _, codes = sets_up_app(client)
    assert len(set(codes)) == 10
    assert is_in(client)
    assert key_of(client, wren) == sealing.unlock(wren, WREN_PASSWORD)


def test_a_wrong_code_sets_up_nothing(client: Client, wren: User) -> None:
    gives_password(client)
    client.get("/desk/me/app/")
    page = client.post("/desk/me/app/", {"code": "000000"}).content.decode()
    assert "not right" in page
    assert not second_factor.has_factor(wren)
    assert not is_in(client)


def test_a_password_alone_adds_no_second_factor(
    client: Client, wren: User, phone: None
) -> None:
    gives_password(client)
    for path in ["app", "key"]:
        assert client.get(f"/desk/me/{path}/")["Location"] == SECOND
        assert client.post(f"/desk/me/{path}/", {"code": "1"})["Location"] == SECOND


def test_somebody_on_the_way_in_gains_nothing_when_another_sets_up_a_factor(
    wren: User,
) -> None:
    mallory, real = Client(), Client()
    gives_password(mallory)
    gives_password(real)
    sets_up_app(real)
    assert not is_in(mallory)
    assert mallory.get("/desk/me/app/")["Location"] == SECOND


def test_the_key_is_usable_only_after_the_second_factor(
    client: Client, wren: User, phone: None
) -> None:
    gives_password(client)
    assert sealing.COOKIE in client.cookies
    request = client.get(SECOND).wsgi_request
    assert sealing.private_of(request) is None
    assert client.post(SECOND, {"code": code()})["Location"] == "/desk/"
    assert key_of(client, wren) == sealing.unlock(wren, WREN_PASSWORD)


def test_a_code_is_taken_once(client: Client, wren: User, phone: None) -> None:
    shown = code()
    gives_password(client)
    assert client.post(SECOND, {"code": shown}).status_code == 302
    for again in [shown, f"{shown[:3]}-{shown[3:]}", f" {shown} "]:
        other = Client()
        gives_password(other)
        assert other.post(SECOND, {"code": again}).status_code == 200
    with time_machine.travel(timezone.now() + timedelta(seconds=31)):
        other = Client()
        gives_password(other)
        assert other.post(SECOND, {"code": shown}).status_code == 200
        assert other.post(SECOND, {"code": code()}).status_code == 302


def test_a_code_may_be_a_little_late_but_not_old(
    client: Client, wren: User, phone: None
) -> None:
    gives_password(client)
    assert client.post(SECOND, {"code": code(ahead=-90)}).status_code == 200
    assert client.post(SECOND, {"code": code(ahead=90)}).status_code == 200
    assert client.post(SECOND, {"code": code(ahead=-30)}).status_code == 302


def test_after_five_wrong_codes_even_the_right_one_waits(
    client: Client, wren: User, phone: None
) -> None:
    gives_password(client)
    for wrong in ["000000", "", "é" * 60, "１２３４５６", "\x00"]:
        assert client.post(SECOND, {"code": wrong}).status_code == 200
    assert client.post(SECOND, {"code": code()}).status_code == 429
    other = Client()
    gives_password(other)
    assert other.post(SECOND, {"code": code()}).status_code == 429, "by name"
    with time_machine.travel(timezone.now() + timedelta(seconds=330)):
        assert client.post(SECOND, {"code": code()}).status_code == 302


def test_right_codes_use_up_no_tries(wren: User, phone: None) -> None:
    start = timezone.now()
    for number in range(8):
        with time_machine.travel(start + timedelta(seconds=31 * number)):
            logs_in(Client(), wren)


def test_a_recovery_code_works_once(client: Client, wren: User) -> None:
    gives_password(client)
    _, codes = sets_up_app(client)
    for number in range(2):
        other = Client()
        gives_password(other)
        answer = other.post(SECOND, {"code": codes[3]})
        assert answer.status_code == (200 if number else 302)
    assert second_factor.codes_left(wren) == 9


@pytest.mark.parametrize(
    "credential",
    ["x", "{}", "[]", "null", "7", '{"id": 1}', '{"id":"","response":{}}', "[" * 9999],
)
def test_a_forged_answer_of_a_security_key_is_refused(
    client: Client, wren: User, phone: None, credential: str
) -> None:
    gives_password(client)
    answer = client.post(SECOND, {"credential": credential})
    assert answer.status_code == 200
    assert not is_in(client)


def test_half_a_login_ends_by_itself(client: Client, wren: User, phone: None) -> None:
    gives_password(client)
    with time_machine.travel(timezone.now() + timedelta(minutes=11)):
        answer = client.post(SECOND, {"code": code()})
        assert answer["Location"] == "/desk/login/"


def test_half_a_login_ends_with_the_password(
    client: Client, wren: User, stella: User, phone: None
) -> None:
    gives_password(client)
    reset_password(wren, NEW, by=stella)
    assert client.post(SECOND, {"code": code()})["Location"] == "/desk/login/"


def test_a_session_ends_after_fifteen_idle_minutes(
    client: Client, wren: User, phone: None
) -> None:
    start = timezone.now()
    with time_machine.travel(start, tick=False):
        logs_in(client, wren)
    for minutes in (14, 28, 42):  # every page begins the time anew
        with time_machine.travel(start + timedelta(minutes=minutes), tick=False):
            assert is_in(client)
    with time_machine.travel(start + timedelta(minutes=42 + 15, seconds=1), tick=False):
        assert not is_in(client)
        assert key_of(client, wren) is None


def test_an_ended_session_is_swept_with_the_key_in_it(
    client: Client, wren: User, stella: User, phone: None
) -> None:
    start = timezone.now()
    with time_machine.travel(start, tick=False):
        logs_in(client, wren)
    with time_machine.travel(start + timedelta(minutes=16), tick=False):
        signs_in(Client(), stella)
        sweep_sessions()
    (left,) = Session.objects.all()
    assert left.get_decoded()["_auth_user_id"] == str(stella.pk)


def test_logging_out_forgets_the_key(client: Client, wren: User, phone: None) -> None:
    logs_in(client, wren)
    cookie = client.cookies[sealing.COOKIE].value
    assert client.post("/desk/logout/")["Location"] == "/desk/login/"
    assert not client.cookies[sealing.COOKIE].value
    client.cookies[sealing.COOKIE] = cookie
    assert key_of(client, wren) is None
    assert not is_in(client)


def test_a_new_login_takes_nothing_over_from_the_session_before(
    client: Client, wren: User, organisation: Organisation
) -> None:
    hire("maya", NEW, organisation)
    gives_password(client, "maya", NEW)
    mayas = client.get("/desk/me/app/").context["secret"]
    before = client.session.session_key
    gives_password(client)
    assert client.session.session_key != before
    assert client.get("/desk/me/app/").context["secret"] != mayas


def test_a_one_time_password_is_changed_before_anything_else(
    client: Client, organisation: Organisation
) -> None:
    maya = hire("maya", NEW, organisation, one_time=True)
    gives_password(client, "maya", NEW)
    assert client.get("/desk/me/password/")["Location"] == "/desk/login/"
    sets_up_app(client)
    assert not is_in(client)
    form = {"old": NEW, "new": "a third long password", "again": "a third long word"}
    page = client.post("/desk/me/password/", form).content.decode()
    assert "two different passwords" in page
    form["again"] = form["new"]
    assert client.post("/desk/me/password/", form)["Location"] == "/desk/"
    assert is_in(client)
    maya.refresh_from_db()
    assert not maya.must_change_password
    assert key_of(client, maya) == sealing.unlock(maya, form["new"])


def test_a_one_time_password_waits_behind_the_second_factor(
    client: Client, wren: User, stella: User, phone: None
) -> None:
    reset_password(wren, NEW, by=stella)
    assert gives_password(client, "wren", NEW) == SECOND
    answer = client.post(SECOND, {"code": code()})
    assert answer["Location"] == "/desk/me/password/"
    assert not is_in(client)


def test_who_has_no_key_yet_is_given_one_at_login(
    client: Client, wren: User, phone: None
) -> None:
    User.objects.update(public_key=None, locked_key=None)
    logs_in(client, wren)
    wren.refresh_from_db()
    assert key_of(client, wren) == sealing.unlock(wren, WREN_PASSWORD)


def test_a_dated_lock_is_renewed_at_login(
    client: Client, wren: User, phone: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    private = sealing.unlock(wren, WREN_PASSWORD)
    monkeypatch.setattr(sealing, "OPS", pwhash.argon2id.OPSLIMIT_MIN + 1)
    logs_in(client, wren)
    wren.refresh_from_db()
    assert not sealing.is_dated(wren)
    assert key_of(client, wren) == private


def test_a_key_that_does_not_open_still_lets_in_without_it(
    client: Client, wren: User, phone: None
) -> None:
    wren.set_password(NEW)
    wren.save()
    gives_password(client, "wren", NEW)
    assert client.post(SECOND, {"code": code()}).status_code == 302
    assert is_in(client)
    assert key_of(client, wren) is None


def test_a_victims_session_ends_where_a_workers_begins(
    client: Client, wren: User, phone: None
) -> None:
    session = client.session
    session["case"] = 7
    session.save()
    gives_password(client)
    assert "case" not in client.session
    assert not Case.objects.exists()


def test_the_door_keeps_and_says_no_address_and_no_browser(
    client: Client, wren: User, phone: None
) -> None:
    client.defaults |= {"REMOTE_ADDR": "192.0.2.77", "HTTP_USER_AGENT": "Strange/1.0"}
    assert gives_password(client) == SECOND
    client.post(SECOND, {"code": "1"})
    assert client.post(SECOND, {"code": code()}).status_code == 302
    kept = f"{dict(client.session)} {getattr(cache, '_cache', {})}"
    assert not re.search("192.0.2.77|Strange", kept)
    assert not any(app.startswith("allauth.usersessions") for app in INSTALLED)


def test_a_helper_of_the_tests_ends_where_the_pages_do(
    client: Client, wren: User, stella: User
) -> None:
    signs_in(client, wren)
    assert is_in(client)
    dismiss(wren, by=stella)
    assert not is_in(client)
