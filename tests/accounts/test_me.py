import pytest
from allauth.mfa.models import Authenticator
from django.test import Client

from portal.accounts import sealing, second_factor
from portal.accounts.models import User
from tests.accounts.doors import CODES, a_secret, code, gives_password, sets_up_app
from tests.conftest import APP_SECRET, WREN_PASSWORD, signs_in

pytestmark = pytest.mark.django_db
NEW = "another long password"


@pytest.fixture
def worker(client: Client, wren: User) -> Client:
    signs_in(client, wren)
    return client


def changes(client: Client, old: str, new: str, again: str = "") -> str:
    form = {"old": old, "new": new, "again": again or new}
    return client.post("/desk/me/password/", form, follow=True).content.decode()


def test_a_changed_password_keeps_this_session_and_ends_the_others(
    worker: Client, wren: User
) -> None:
    private = sealing.unlock(wren, WREN_PASSWORD)
    other = Client()
    signs_in(other, wren)
    assert "Your password is changed" in changes(worker, WREN_PASSWORD, NEW)
    assert worker.get("/desk/").status_code == 200
    assert sealing.private_of(worker.get("/desk/me/").wsgi_request) == private
    assert other.get("/desk/").status_code == 302
    assert gives_password(Client(), "wren", NEW) == "/desk/login/second/"


def test_a_wrong_old_password_is_slowed_down_by_name(
    worker: Client, wren: User
) -> None:
    for _ in range(5):
        assert "not your present password" in changes(worker, "wrong", NEW)
    assert "Too many tries" in changes(worker, WREN_PASSWORD, NEW)
    wren.refresh_from_db()
    assert wren.check_password(WREN_PASSWORD)


def test_a_bad_new_password_is_refused_in_words(worker: Client) -> None:
    assert "too short" in changes(worker, WREN_PASSWORD, "short")
    assert "two different" in changes(worker, WREN_PASSWORD, NEW, "something else")
    for _ in range(9):
        assert "This field is required" in changes(worker, "", "")


def test_a_second_app_takes_the_place_of_none(worker: Client, wren: User) -> None:
    answer = worker.get("/desk/me/app/")
    assert answer["Location"] == "/desk/me/", "remove the first one before"
    second_factor.remove_all(wren)
    secret, codes = sets_up_app(worker, password=WREN_PASSWORD)
    assert len(codes) == 10
    assert second_factor.takes_code(wren, code(secret, 30))


def test_a_change_of_factors_asks_for_the_password(worker: Client, wren: User) -> None:
    second_factor.remove_all(wren)
    page = worker.get("/desk/me/app/")
    right = code(page.context["secret"])
    form = {"code": right, "password": "wrong"}
    assert "not your password" in worker.post("/desk/me/app/", form).content.decode()
    assert not second_factor.has_factor(wren)
    page = worker.post("/desk/me/codes/", {"password": "wrong"}, follow=True)
    assert "not your password" in page.content.decode()
    assert second_factor.codes_left(wren) == 0


def test_new_recovery_codes_end_the_old_ones(worker: Client, wren: User) -> None:
    old = second_factor.new_codes(wren)
    page = worker.post("/desk/me/codes/", {"password": WREN_PASSWORD}).content.decode()
    fresh = CODES.findall(page)
    assert len(fresh) == 10
    assert not set(fresh) & set(old)
    assert not second_factor.takes_code(wren, old[0])
    assert "not shown again" in page
    assert not CODES.findall(worker.get("/desk/me/").content.decode())


def test_the_last_factor_stays_and_another_persons_is_out_of_reach(
    worker: Client, wren: User, stella: User
) -> None:
    (mine,) = second_factor.factors(wren)
    second_factor.give_app(stella, a_secret())
    (hers,) = second_factor.factors(stella)

    def removes(pk: int, password: str = WREN_PASSWORD) -> str:
        form = {"password": password}
        path = f"/desk/me/factors/{pk}/remove/"
        return worker.post(path, form, follow=True).content.decode()

    assert "The last one stays" in removes(mine.pk)
    key = Authenticator.objects.create(
        user=wren, type="webauthn", data={"name": "Blue key", "credential": {}}
    )
    assert "Blue key" in worker.get("/desk/me/").content.decode()
    assert "The last one stays" in removes(hers.pk)
    assert "not your password" in removes(mine.pk, "wrong")
    assert "Removed" in removes(mine.pk)
    assert [row.pk for row in second_factor.factors(wren)] == [key.pk]
    assert second_factor.has_factor(stella)


@pytest.mark.parametrize("credential", ["", "x", "{}", "[]", "null", '{"id": "a"}'])
def test_a_forged_security_key_is_refused(
    worker: Client, wren: User, credential: str
) -> None:
    form = {"credential": credential, "name": "x" * 500, "password": WREN_PASSWORD}
    worker.get("/desk/me/key/")
    page = worker.post("/desk/me/key/", form).content.decode()
    assert "did not answer as it should" in page
    assert len(second_factor.factors(wren)) == 1


def test_a_stolen_database_makes_no_code(worker: Client, wren: User) -> None:
    (row,) = second_factor.factors(wren)
    assert APP_SECRET not in str(row.data)
    second_factor.new_codes(wren)
    rows = Authenticator.objects.filter(user=wren)
    assert all(str(row.data).isascii() for row in rows)
    second_factor.remove_all(wren)
    secret = worker.get("/desk/me/app/").context["secret"]
    assert secret not in str(dict(worker.session))
