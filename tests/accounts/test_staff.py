import re

import pytest
from django.test import Client

from portal.accounts.actions import hire
from portal.accounts.models import AuditEntry, Organisation, User
from tests.accounts.doors import gives_password, sets_up_app
from tests.conftest import signs_in

pytestmark = pytest.mark.django_db
PASSWORD = re.compile(r'id="one-time">([^<]+)<')
NEW = "another long password"


@pytest.fixture
def supervisor(client: Client, stella: User) -> Client:
    signs_in(client, stella)
    return client


def says(client: Client, path: str, **form: str) -> str:
    answer = client.post(f"/desk/staff/{path}", form, follow=True)
    assert answer.status_code == 200
    return answer.content.decode()


def one_time_in(page: str) -> str:
    shown = PASSWORD.search(page)
    assert shown, page
    return shown[1]


def test_a_supervisor_hires_and_the_newcomer_chooses_a_password(
    supervisor: Client, stella: User
) -> None:
    password = one_time_in(says(supervisor, "hire/", username="maya", role="worker"))
    assert len(password.split("-")) == 6
    maya = User.objects.get(username="maya")
    assert maya.organisation == stella.organisation
    assert AuditEntry.objects.get(verb="hire", user=stella).subject == f"user:{maya.pk}"
    newcomer = Client()
    assert gives_password(newcomer, "maya", password) == "/desk/login/setup/"
    sets_up_app(newcomer)
    form = {"old": password, "new": NEW, "again": NEW}
    assert newcomer.post("/desk/me/password/", form)["Location"] == "/desk/"
    assert "maya" in supervisor.get("/desk/staff/").content.decode()


def test_a_name_that_will_not_do_is_refused_beside_the_field(
    supervisor: Client, wren: User
) -> None:
    assert "this name already" in says(
        supervisor, "hire/", username="wren", role="worker"
    )
    assert "errorlist" in says(supervisor, "hire/", username="maya", role="owner")
    assert "errorlist" in says(supervisor, "hire/", username="", role="worker")
    assert not User.objects.filter(username="maya").exists()


def test_a_reset_shows_a_password_once_and_keeps_it_nowhere(
    supervisor: Client, wren: User
) -> None:
    password = one_time_in(says(supervisor, f"{wren.pk}/reset/"))
    wren.refresh_from_db()
    assert wren.check_password(password)
    assert wren.must_change_password
    assert password not in supervisor.get("/desk/staff/").content.decode()
    assert password not in str(dict(supervisor.session))


def test_who_leaves_is_listed_as_gone(supervisor: Client, wren: User) -> None:
    assert "key is destroyed" in says(supervisor, f"{wren.pk}/dismiss/")
    page = supervisor.get("/desk/staff/").content.decode()
    assert "has left" in page
    assert f"/desk/staff/{wren.pk}/dismiss/" not in page
    for step in ("dismiss", "reset", "second"):
        assert "has left" in says(supervisor, f"{wren.pk}/{step}/")


def test_a_lost_second_factor_is_reset(supervisor: Client, wren: User) -> None:
    worker = Client()
    signs_in(worker, wren)
    assert "sets up a new second factor" in says(supervisor, f"{wren.pk}/second/")
    assert gives_password(Client()) == "/desk/login/setup/"


def test_a_supervisor_changes_nothing_of_their_own_here(
    supervisor: Client, stella: User
) -> None:
    assert "on your own page" in says(supervisor, f"{stella.pk}/reset/")
    assert "Nobody dismisses themselves" in says(supervisor, f"{stella.pk}/dismiss/")
    assert supervisor.get("/desk/").status_code == 200


def test_a_worker_and_another_organisation_decide_nothing(
    wren: User, stella: User
) -> None:
    elsewhere = Organisation.objects.create(
        name="Elsewhere", email="e@elsewhere.example"
    )
    noor = hire("noor", NEW, elsewhere, User.Role.SUPERVISOR)
    hers, his = Client(), Client()
    signs_in(hers, noor, NEW)
    signs_in(his, wren)
    for step in ("reset", "second", "dismiss"):
        path = f"/desk/staff/{wren.pk}/{step}/"
        assert hers.post(path).status_code == 404
        assert his.post(path).status_code == 403
        assert hers.get(path).status_code == 405
    assert "wren" not in hers.get("/desk/staff/").content.decode()
    for path in ("", "hire/"):
        assert his.get(f"/desk/staff/{path}").status_code == 403
    assert "/desk/staff/" not in his.get("/desk/").content.decode()
