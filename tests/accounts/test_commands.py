import io
import re
from itertools import pairwise

import pytest
from django.core.management import CommandError, call_command
from nacl.public import PrivateKey

from portal.accounts import asking, sealing, second_factor
from portal.accounts.models import AuditEntry, Organisation, User
from tests.conftest import APP_SECRET, WREN_PASSWORD

pytestmark = pytest.mark.django_db
NEW = "another long password"


@pytest.fixture
def types(monkeypatch: pytest.MonkeyPatch) -> None:
    """Somebody writes the password into standard input."""
    monkeypatch.setattr("sys.stdin", io.StringIO(f"{NEW}\r\n"))


def does(command: str, *words: str, **options: object) -> str:
    out = io.StringIO()
    call_command(command, *words, stdout=out, stderr=io.StringIO(), **options)
    return out.getvalue()


def test_the_first_supervisor_is_hired_from_the_command_line(
    types: None, db: None
) -> None:
    does(
        "hire",
        "noor",
        organisation="Beacon",
        email="d@beacon.example",
        role="supervisor",
    )
    noor = User.objects.get()
    assert noor.is_supervisor
    assert noor.must_change_password
    assert noor.organisation == Organisation.objects.get(name="Beacon")
    assert sealing.unlock(noor, NEW)
    assert NEW not in str(AuditEntry.objects.values())


def test_an_unknown_organisation_is_not_made_by_a_typing_error(
    types: None, organisation: Organisation
) -> None:
    with pytest.raises(CommandError, match="There are: Lantern"):
        does("hire", "noor", organisation="Lantren")
    does("hire", "noor", organisation="Lantern")
    assert Organisation.objects.count() == 1


def test_a_bad_password_is_refused_in_words(
    organisation: Organisation, monkeypatch: pytest.MonkeyPatch
) -> None:
    for typed in ["", "short\n", "\udc80" * 20]:
        monkeypatch.setattr("sys.stdin", io.StringIO(typed))
        with pytest.raises(CommandError):
            does("hire", "noor", organisation="Lantern")
    assert not User.objects.exists()


def test_a_password_is_asked_for_twice_at_a_terminal(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    typed = iter([NEW, NEW, NEW, "a slip of the hand"])
    monkeypatch.setattr("sys.stdin.isatty", lambda: True, raising=False)
    monkeypatch.setattr(asking, "getpass", lambda _: next(typed))
    assert asking.ask_password("Password") == NEW
    with pytest.raises(CommandError, match="two different"):
        asking.ask_password("Password")


def test_a_forgotten_password_is_reset(types: None, wren: User) -> None:
    second_factor.give_app(wren, APP_SECRET)
    does("reset_password", "wren")
    wren.refresh_from_db()
    assert wren.must_change_password
    assert sealing.unlock(wren, NEW)
    assert sealing.unlock(wren, WREN_PASSWORD) is None
    assert second_factor.has_factor(wren)


def test_a_lost_phone_is_forgotten_on_request(types: None, wren: User) -> None:
    second_factor.give_app(wren, APP_SECRET)
    does("reset_password", "wren", second_factor=True)
    assert not second_factor.has_factor(wren)


def test_nobody_unknown_is_reset(types: None, wren: User) -> None:
    with pytest.raises(CommandError, match="Nobody"):
        does("reset_password", "wern")
    User.objects.update(is_active=False)
    with pytest.raises(CommandError, match="has left"):
        does("reset_password", "wren")


def test_a_recovery_key_is_printed_once_and_removed(organisation: Organisation) -> None:
    words = does("recovery_key").strip()
    organisation.refresh_from_db()
    private = sealing.from_words(words)
    assert bytes(PrivateKey(private).public_key) == bytes(
        organisation.recovery_key or b""
    )
    with pytest.raises(CommandError, match="one already"):
        does("recovery_key")
    assert does("recovery_key", off=True) == ""
    organisation.refresh_from_db()
    assert organisation.recovery_key is None
    with pytest.raises(CommandError, match="no recovery key"):
        does("recovery_key", off=True)
    # By chance one of the words is a column's name, such as "actor", but not two in a row.
    kept = " ".join(re.findall("[a-z]+", str(AuditEntry.objects.values())))
    assert [pair for pair in pairwise(words.split()) if " ".join(pair) in kept] == []


def test_the_organisation_is_named_where_there_are_several(
    organisation: Organisation,
) -> None:
    other = Organisation.objects.create(name="Beacon", email="d@beacon.example")
    with pytest.raises(CommandError, match=r"'Lantern', 'Beacon'|'Beacon', 'Lantern'"):
        does("recovery_key")
    with pytest.raises(CommandError, match="There are"):
        does("recovery_key", organisation="Nowhere")
    does("recovery_key", organisation="Beacon")
    other.refresh_from_db()
    organisation.refresh_from_db()
    assert other.recovery_key
    assert organisation.recovery_key is None


def test_the_operator_is_told_to_name_an_organisation_where_there_is_none(
    db: None,
) -> None:
    with pytest.raises(CommandError, match="none"):
        does("recovery_key")
