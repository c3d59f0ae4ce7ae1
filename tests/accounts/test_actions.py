import pytest
from django.contrib.sessions.models import Session
from django.test import Client

from portal.accounts import actions, sealing, second_factor
from portal.accounts.models import AuditEntry, Organisation, User
from tests.conftest import APP_SECRET, WREN_PASSWORD, signs_in

pytestmark = pytest.mark.django_db
NEW = "another long password"


def last_entry() -> tuple[str, str, str]:
    entry = AuditEntry.objects.latest("number")
    return entry.actor, entry.verb, entry.subject


def test_whoever_is_hired_has_keys_at_once(organisation: Organisation) -> None:
    user = actions.hire(" maya ", NEW, organisation, User.Role.SUPERVISOR)
    user.refresh_from_db()
    assert user.username == "maya"
    assert user.is_supervisor
    assert len(bytes(user.public_key or b"")) == 32
    assert sealing.unlock(user, NEW)
    assert user.takes_cases
    assert user.preview == User.Preview.BLURRED_GREY
    assert user.exposure_budget == 40
    assert last_entry() == ("operator", "hire", f"user:{user.pk}")


@pytest.mark.parametrize(
    ("name", "password", "words"),
    [
        ("wren", NEW, "this name already"),
        ("Wren", NEW, "this name already"),
        ("", NEW, "blank"),
        ("a" * 151, NEW, "150"),
        ("two words", NEW, "valid username"),
        ("maya", "short", "at least 12"),
        ("maya", "", "at least 12"),
        ("maya", "password1234", "too common"),
    ],
)
def test_a_name_or_password_that_will_not_do_is_refused_in_words(
    wren: User, organisation: Organisation, name: str, password: str, words: str
) -> None:
    with pytest.raises(ValueError, match=words):
        actions.hire(name, password, organisation)
    assert User.objects.count() == 1


def test_a_changed_password_opens_the_same_key(wren: User) -> None:
    private = sealing.unlock(wren, WREN_PASSWORD)
    actions.change_password(wren, WREN_PASSWORD, NEW)
    wren.refresh_from_db()
    assert wren.check_password(NEW)
    assert sealing.unlock(wren, NEW) == private
    assert sealing.unlock(wren, WREN_PASSWORD) is None
    assert last_entry() == (f"user:{wren.pk}", "change_password", f"user:{wren.pk}")


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        (NEW, NEW, "not your present password"),
        ("", NEW, "not your present password"),
        (WREN_PASSWORD, WREN_PASSWORD, "is the old one"),
        (WREN_PASSWORD, "short", "at least 12"),
    ],
)
def test_a_change_that_will_not_do_changes_nothing(
    wren: User, old: str, new: str, words: str
) -> None:
    before = bytes(wren.locked_key or b"")
    with pytest.raises(ValueError, match=words):
        actions.change_password(wren, old, new)
    wren.refresh_from_db()
    assert wren.check_password(WREN_PASSWORD)
    assert bytes(wren.locked_key or b"") == before


def test_a_password_reset_behind_its_back_leaves_the_key_shut(wren: User) -> None:
    public = wren.public_key
    wren.set_password(NEW)
    wren.save()
    assert sealing.unlock(wren, NEW) is None
    actions.change_password(wren, NEW, "a third long password")
    assert wren.public_key != public, "a new pair: the old one is lost"
    assert sealing.unlock(wren, "a third long password")


def test_a_reset_password_gives_a_new_key_and_ends_all_sessions(
    client: Client, wren: User, stella: User
) -> None:
    private, public = sealing.unlock(wren, WREN_PASSWORD), wren.public_key
    signs_in(client, wren)
    actions.reset_password(wren, NEW, by=stella)
    assert wren.public_key != public
    assert wren.must_change_password
    assert sealing.unlock(wren, NEW) not in {None, private}
    assert sealing.unlock(wren, WREN_PASSWORD) is None
    assert client.get("/desk/").status_code == 302
    assert not Session.objects.exists()
    assert last_entry() == (f"user:{stella.pk}", "reset_password", f"user:{wren.pk}")
    assert second_factor.has_factor(wren), "what they hold in their hand stays"


def test_who_leaves_leaves_no_key_no_session_and_no_factor(
    client: Client, wren: User, stella: User
) -> None:
    other = Client()
    signs_in(client, wren)
    signs_in(other, stella)
    actions.dismiss(wren, by=stella)
    assert (wren.is_active, wren.takes_cases) == (False, False)
    assert wren.public_key is None
    assert wren.locked_key is None
    assert not wren.has_usable_password()
    assert not second_factor.has_factor(wren)
    assert client.get("/desk/").status_code == 302
    assert other.get("/desk/").status_code == 200
    assert Session.objects.count() == 1
    assert last_entry() == (f"user:{stella.pk}", "dismiss", f"user:{wren.pk}")
    assert AuditEntry.objects.filter(subject=f"user:{wren.pk}").count() == 2


def test_a_second_goodbye_is_refused(wren: User, stella: User) -> None:
    actions.dismiss(wren, by=stella)
    with pytest.raises(ValueError, match="left already"):
        actions.dismiss(wren, by=stella)
    with pytest.raises(ValueError, match="has left"):
        actions.reset_second_factor(wren, by=stella)
    with pytest.raises(ValueError, match="has left"):
        actions.reset_password(wren, NEW, by=stella)


def test_nobody_dismisses_themselves_or_the_last_supervisor(
    wren: User, stella: User
) -> None:
    with pytest.raises(ValueError, match="themselves"):
        actions.dismiss(stella, by=stella)
    with pytest.raises(ValueError, match="last supervisor"):
        actions.dismiss(stella, by="operator")
    stella.refresh_from_db()
    assert stella.is_active


def test_of_two_supervisors_who_dismiss_each_other_one_stays(
    stella: User, organisation: Organisation
) -> None:
    noor = actions.hire("noor", NEW, organisation, User.Role.SUPERVISOR)
    actions.dismiss(noor, by=stella)
    with pytest.raises(ValueError, match="dismissed you"):
        actions.dismiss(stella, by=noor)


def test_a_lost_second_factor_is_forgotten_and_the_key_stays(
    client: Client, wren: User, stella: User
) -> None:
    signs_in(client, wren)
    actions.reset_second_factor(wren, by=stella)
    assert not second_factor.has_factor(wren)
    assert client.get("/desk/").status_code == 302
    assert sealing.unlock(wren, WREN_PASSWORD)
    assert last_entry()[1] == "reset_second_factor"


def test_a_recovery_key_is_kept_and_removed_on_record(
    organisation: Organisation,
) -> None:
    _, public = sealing.new_recovery_key()
    actions.set_recovery_key(organisation, public, by="operator")
    organisation.refresh_from_db()
    assert bytes(organisation.recovery_key or b"") == public
    actions.set_recovery_key(organisation, None, by="operator")
    organisation.refresh_from_db()
    assert organisation.recovery_key is None
    verbs = list(AuditEntry.objects.values_list("verb", flat=True))
    assert verbs == ["make_recovery_key", "remove_recovery_key"]


def test_a_session_of_somebody_on_the_way_in_ends_too(
    client: Client, wren: User, stella: User
) -> None:
    second_factor.give_app(wren, APP_SECRET)
    form = {"username": "wren", "password": WREN_PASSWORD}
    assert client.post("/desk/login/", form)["Location"] == "/desk/login/second/"
    assert Session.objects.count() == 1
    actions.dismiss(wren, by=stella)
    assert not Session.objects.exists()
    assert client.get("/desk/login/second/")["Location"] == "/desk/login/"


def test_the_staff_of_another_organisation_decides_nothing_here(
    wren: User, stella: User
) -> None:
    """The last supervisor is counted in one's own organisation."""
    elsewhere = Organisation.objects.create(
        name="Elsewhere", email="e@elsewhere.example"
    )
    actions.hire("noor", NEW, elsewhere, User.Role.SUPERVISOR)
    with pytest.raises(ValueError, match="last supervisor"):
        actions.dismiss(stella, by="operator")
