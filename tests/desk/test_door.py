import time
from datetime import timedelta

import pytest
import time_machine
from django.test import Client
from django.urls import URLPattern
from django.utils import timezone

from portal.accounts import second_factor
from portal.accounts.models import User
from portal.desk.urls import urlpatterns
from portal.platforms.models import Platform
from tests.conftest import APP_SECRET, WREN_PASSWORD
from tests.desk.scene import a_case, a_copy, a_draft

pytestmark = pytest.mark.django_db
PASSWORD = WREN_PASSWORD
OPEN = {"login", "logout"}
GUARDED = [pattern for pattern in urlpatterns if pattern.name not in OPEN]


def logs_in(client: Client, password: str = PASSWORD, name: str = "wren") -> int:
    form = {"username": name, "password": password}
    return client.post("/desk/login/", form).status_code


@pytest.fixture(autouse=True)
def phone(wren: User) -> None:
    second_factor.give_app(wren, APP_SECRET)


@pytest.mark.parametrize("pattern", GUARDED, ids=lambda pattern: pattern.name)
def test_a_stranger_is_sent_to_the_door(client: Client, pattern: URLPattern) -> None:
    is_shut(client, pattern)


@pytest.mark.parametrize("pattern", GUARDED, ids=lambda pattern: pattern.name)
def test_a_password_alone_opens_nothing(
    client: Client, wren: User, pattern: URLPattern
) -> None:
    logs_in(client)
    if pattern.name != "second":
        is_shut(client, pattern)


def is_shut(client: Client, pattern: URLPattern) -> None:
    path = "/desk/" + str(pattern.pattern).replace("<int:pk>", "1")
    for answer in (client.get(path), client.post(path)):
        assert answer.status_code in {302, 405}
        if answer.status_code == 302:
            assert answer["Location"].startswith("/desk/login/")


def test_a_worker_gets_in_and_out(client: Client, wren: User) -> None:
    assert logs_in(client) == 302
    assert client.get("/desk/").status_code == 302
    code = second_factor.code_of(APP_SECRET, time.time())
    assert client.post("/desk/login/second/", {"code": code})["Location"] == "/desk/"
    assert client.get("/desk/").status_code == 200
    assert client.get("/desk/logout/").status_code == 405, "only by POST"
    assert client.post("/desk/logout/").status_code == 302
    assert client.get("/desk/").status_code == 302


def test_a_wrong_password_says_nothing_about_the_name(
    client: Client, wren: User
) -> None:
    form = {"username": "wren", "password": "wrong"}
    known = client.post("/desk/login/", form).content.decode()
    unknown = client.post(
        "/desk/login/", form | {"username": "nobody"}
    ).content.decode()
    assert "do not belong together" in known
    assert "do not belong together" in unknown


def test_failures_are_slowed_down_by_name(
    client: Client, wren: User, stella: User
) -> None:
    for _ in range(5):
        assert logs_in(client, "wrong") == 200
    assert logs_in(client) == 429
    assert logs_in(Client()) == 429, "the name is slowed down, wherever it is tried"
    assert logs_in(Client(), "stella's long password", "stella") == 302
    with time_machine.travel(timezone.now() + timedelta(seconds=60)):
        assert logs_in(client) == 302


def test_a_login_leads_to_no_other_site(client: Client, wren: User) -> None:
    form = {"username": "wren", "password": PASSWORD, "next": "https://evil.example/"}
    assert client.post("/desk/login/", form)["Location"] == "/desk/login/second/"
    code = second_factor.code_of(APP_SECRET, time.time())
    assert client.post("/desk/login/second/", {"code": code})["Location"] == "/desk/"


def test_what_does_not_exist_is_a_plain_404(worker: Client) -> None:
    for path in ["cases/9/", "sightings/9/", "notices/9/", "exhibits/9/look/"]:
        assert worker.get(f"/desk/{path}").status_code == 404


def test_a_worker_who_left_sees_nothing(
    wren: User, worker: Client, chirp: Platform
) -> None:
    case = a_case()
    notice = a_draft(a_copy(case), wren)
    User.objects.filter(pk=wren.pk).update(is_active=False)
    for path in [f"cases/{case.pk}/", f"notices/{notice.pk}/", ""]:
        assert worker.get(f"/desk/{path}").status_code == 302
