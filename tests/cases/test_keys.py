"""Who holds a case's key, how it is given and taken, and that nobody else has one."""

import pytest
from nacl.public import PrivateKey

from portal.accounts import sealing
from portal.accounts.actions import reset_password
from portal.accounts.models import AuditEntry, Organisation, User
from portal.cases import evidence, keys
from portal.cases.actions import open_case, submit_report
from portal.cases.models import Case, KeyWrap
from tests.telling import told

pytestmark = pytest.mark.django_db
WREN, STELLA = "wren's long password", "stella's long password"
PICTURE = b"the bytes of a benign picture"


def a_case() -> Case:
    return submit_report(token="once", told=told(pictures=[PICTURE])).report.case


def held_by(worker: User, password: str, case: Case) -> keys.CaseKey:
    return keys.key_of_worker(case, worker, sealing.unlock(worker, password))


def opens(key: keys.CaseKey) -> bool:
    exhibit = key.case.exhibits.get()
    return evidence.open_exhibit(key, exhibit, reason="to compare") == PICTURE


def test_every_worker_on_duty_can_open_a_new_case(wren: User, stella: User) -> None:
    User.objects.filter(pk=stella.pk).update(takes_cases=False)
    case = a_case()
    assert opens(held_by(wren, WREN, case))
    assert list(Case.objects.visible_to(wren)) == [case]
    assert not Case.objects.visible_to(stella).exists()
    with pytest.raises(keys.LockedError, match="not yours"):
        held_by(stella, STELLA, case)


def test_the_passphrase_opens_the_case_and_the_portal_alone_does_not() -> None:
    receipt = submit_report(token="once", told=told(pictures=[PICTURE]))
    assert receipt.passphrase
    found = open_case(receipt.passphrase)
    assert found
    assert found[1]
    assert opens(found[1])
    assert {wrap.holder for wrap in KeyWrap.objects.all()} == {"passphrase"}
    with pytest.raises(keys.LockedError):
        keys.key_of_victim(receipt.report.case, bytes(32))


def test_a_case_is_granted_once_and_revoked_with_a_reason(
    wren: User, stella: User
) -> None:
    User.objects.filter(pk=stella.pk).update(takes_cases=False)
    case = a_case()
    for _ in range(2):
        keys.grant(held_by(wren, WREN, case), stella)
    assert opens(held_by(stella, STELLA, case))
    keys.revoke(case, wren, by=stella, reason="on leave")
    assert not Case.objects.visible_to(wren).exists()
    with pytest.raises(keys.LockedError, match="somebody else"):
        keys.revoke(case, stella, by=stella, reason="on leave too")
    assert case.wraps.filter(user=stella).exists()
    assert AuditEntry.objects.filter(verb="grant").count() == 2


def test_who_knows_the_victim_is_kept_out_for_good(wren: User, stella: User) -> None:
    case = a_case()
    keys.exclude(case, wren)
    assert not Case.objects.visible_to(wren).exists()
    with pytest.raises(keys.LockedError, match="knows the victim"):
        keys.grant(held_by(stella, STELLA, case), wren)
    with pytest.raises(keys.LockedError, match="not yours"):
        held_by(wren, WREN, case)


def test_after_a_password_reset_a_colleague_grants_again(
    wren: User, stella: User
) -> None:
    case = a_case()
    reset_password(wren, "another long password", by=stella)
    wren.refresh_from_db()
    with pytest.raises(keys.LockedError, match="renewed"):
        held_by(wren, "another long password", case)
    keys.grant(held_by(stella, STELLA, case), wren)
    assert opens(held_by(wren, "another long password", case))


def test_a_worker_without_keys_or_place_is_given_nothing(
    wren: User, organisation: Organisation
) -> None:
    case = a_case()
    keyless = User.objects.create_user("keyless", organisation=organisation)
    gone = User.objects.create_user("gone", is_active=False)
    for worker in (keyless, gone):
        with pytest.raises(keys.LockedError, match="cannot be given"):
            keys.grant(held_by(wren, WREN, case), worker)


def test_the_printed_key_is_off_until_asked_for(organisation: Organisation) -> None:
    case = a_case()
    private = PrivateKey.generate()
    with pytest.raises(keys.LockedError):
        keys.key_of_recovery(case, bytes(private))
    organisation.recovery_key = bytes(private.public_key)
    organisation.save()
    late = submit_report(token="late", told=told(pictures=[PICTURE])).report.case
    assert opens(keys.key_of_recovery(late, bytes(private)))
    with pytest.raises(keys.LockedError):
        keys.key_of_recovery(late, bytes(PrivateKey.generate()))


def test_a_wrap_of_another_version_is_refused_in_words(wren: User) -> None:
    case = a_case()
    wrap = case.wraps.get(user=wren)
    wrap.sealed = b"\x09" + bytes(wrap.sealed)[1:]
    wrap.save()
    with pytest.raises(keys.LockedError, match="another version"):
        held_by(wren, WREN, case)


def test_without_its_wraps_a_case_is_noise_to_everybody(wren: User) -> None:
    receipt = submit_report(token="once", told=told(pictures=[PICTURE]))
    case = receipt.report.case
    keys.shred(case)
    assert receipt.passphrase
    assert open_case(receipt.passphrase) == (case, None)
    with pytest.raises(keys.LockedError):
        held_by(wren, WREN, case)
