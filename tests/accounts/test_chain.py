"""The audit log notices whatever is done to it. Tampering goes around the models, by SQL."""

import io
import json
from datetime import UTC, datetime
from hashlib import blake2b

import pytest
from django.core.management import CommandError, call_command
from django.db import connection, transaction

from portal.accounts import actions
from portal.accounts.actions import audit, verify_audit
from portal.accounts.chain import ChainError
from portal.accounts.models import AuditEntry, AuditHead, User

pytestmark = pytest.mark.django_db


def tampers(sql: str, *values: str | int | bytes | datetime) -> None:
    with connection.cursor() as cursor:
        cursor.execute(sql, values)


@pytest.fixture
def log() -> list[AuditEntry]:
    return [audit("a task", "open", f"case:{n}", f"reason {n} é") for n in range(1, 8)]


def said(**options: str) -> str:
    out = io.StringIO()
    call_command("verify_audit", stdout=out, **options)
    return out.getvalue()


def broken_at() -> int:
    with pytest.raises(ChainError) as caught:
        verify_audit()
    return caught.value.number


def rehash() -> None:
    """What somebody does who can write to the database and has read our source."""
    before, last = bytes(32), 0
    for entry in AuditEntry.objects.order_by("number"):
        fields = [
            entry.number,
            entry.at.astimezone(UTC).isoformat(timespec="microseconds"),
            entry.user_id,
            entry.actor,
            entry.verb,
            entry.subject,
            entry.reason,
        ]
        text = json.dumps(fields, separators=(",", ":")).encode()
        before = blake2b(
            before + text, digest_size=32, person=b"reclaim-audit"
        ).digest()
        tampers("UPDATE accounts_auditentry SET hash=%s WHERE id=%s", before, entry.pk)
        last = entry.number
    tampers("UPDATE accounts_audithead SET last=%s, hash=%s", last, before)


def test_a_log_as_it_was_written_is_whole(log: list[AuditEntry]) -> None:
    assert said() == f"Entries 7\nHead {bytes(log[-1].hash).hex()}\n"
    assert [entry.number for entry in log] == list(range(1, 8))


def test_a_log_longer_than_a_page_is_walked_whole(
    log: list[AuditEntry], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(actions, "AT_ONCE", 3)
    assert said().startswith("Entries 7")
    tampers("DELETE FROM accounts_auditentry WHERE number=7")
    assert broken_at() == 7


def test_an_empty_log_is_whole() -> None:
    assert said() == f"Entries 0\nHead {'00' * 32}\n"
    assert said(head="00" * 32).startswith("Entries 0")


def test_the_first_entries_hash_can_be_made_by_hand(wren: User) -> None:
    entry = AuditEntry.objects.get(verb="hire")
    at = entry.at.strftime("%Y-%m-%dT%H:%M:%S.%f+00:00")
    text = f'[1,"{at}",null,"operator","hire","user:{wren.pk}","as worker"]'
    digest = blake2b(bytes(32) + text.encode(), digest_size=32, person=b"reclaim-audit")
    assert bytes(entry.hash) == digest.digest()


@pytest.mark.parametrize(
    ("change", "value"),
    [
        ("reason=%s", "a better reason"),
        ("actor=%s", "user:99"),
        ("verb=%s", "closed"),
        ("subject=%s", "case:99"),
        ("at=%s", datetime(2020, 1, 1, tzinfo=UTC)),
    ],
)
def test_an_altered_entry_is_found(
    log: list[AuditEntry], change: str, value: str | datetime
) -> None:
    tampers("UPDATE accounts_auditentry SET " + change + " WHERE number=4", value)  # noqa: S608 (ours)
    assert broken_at() == 4


def test_an_entry_given_to_another_worker_is_found(
    log: list[AuditEntry], wren: User
) -> None:
    tampers("UPDATE accounts_auditentry SET user_id=%s WHERE number=4", wren.pk)
    assert broken_at() == 4


def test_a_removed_entry_is_found(log: list[AuditEntry]) -> None:
    tampers("DELETE FROM accounts_auditentry WHERE number=3")
    assert broken_at() == 3


def test_a_removed_entry_is_found_after_renumbering(log: list[AuditEntry]) -> None:
    tampers("DELETE FROM accounts_auditentry WHERE number=3")
    for number in range(4, 8):
        tampers(
            "UPDATE accounts_auditentry SET number=%s WHERE number=%s",
            number - 1,
            number,
        )
    assert broken_at() == 3


def test_an_inserted_entry_is_found(log: list[AuditEntry]) -> None:
    for number in range(7, 3, -1):
        tampers(
            "UPDATE accounts_auditentry SET number=%s WHERE number=%s",
            number + 1,
            number,
        )
    forged = AuditEntry(number=4, hash=bytes(32), at=log[3].at, actor="x", verb="open")
    forged.subject, forged.reason = "case:1", "never was"
    forged.save(force_insert=True)
    assert broken_at() == 4


def test_two_exchanged_entries_are_found(log: list[AuditEntry]) -> None:
    for number, place in ((2, 99), (5, 2), (99, 5)):
        tampers(
            "UPDATE accounts_auditentry SET number=%s WHERE number=%s", place, number
        )
    assert broken_at() == 2


def test_a_cut_tail_is_found(log: list[AuditEntry]) -> None:
    tampers("DELETE FROM accounts_auditentry WHERE number>5")
    assert broken_at() == 6


def test_a_cut_tail_with_a_forged_head_is_found_by_who_kept_a_head(
    log: list[AuditEntry],
) -> None:
    kept = bytes(log[-1].hash).hex()
    tampers("DELETE FROM accounts_auditentry WHERE number>5")
    rehash()
    assert said().startswith("Entries 5"), "by itself it looks whole"
    with pytest.raises(CommandError, match="rewritten"):
        said(head=kept)


def test_a_rewritten_chain_is_found_by_who_kept_a_head(log: list[AuditEntry]) -> None:
    kept = bytes(log[4].hash).hex()
    tampers("UPDATE accounts_auditentry SET reason='nothing' WHERE number=2")
    rehash()
    assert said().startswith("Entries 7"), "by itself it looks whole"
    with pytest.raises(CommandError, match="rewritten"):
        said(head=kept)


def test_a_kept_head_is_found_in_a_log_that_went_on(log: list[AuditEntry]) -> None:
    kept = bytes(log[-1].hash).hex()
    audit("a task", "open", "case:9", "later")
    assert said(head=kept).startswith("Entries 8")


@pytest.mark.parametrize("head", ["", "zz", "00", "00" * 33])
def test_what_is_no_head_is_refused(log: list[AuditEntry], head: str) -> None:
    with pytest.raises(CommandError, match="64 hexadecimal digits"):
        said(head=head)


def test_the_command_names_the_first_bad_entry(log: list[AuditEntry]) -> None:
    tampers("UPDATE accounts_auditentry SET reason='nothing' WHERE number>4")
    out = io.StringIO()
    with pytest.raises(
        CommandError, match="Entry 5 is not as it was written"
    ) as caught:
        call_command("verify_audit", stdout=out)
    assert caught.value.returncode == 1
    assert out.getvalue() == "Broken at 5\n"


def test_code_can_neither_change_nor_shorten_the_log(log: list[AuditEntry]) -> None:
    with pytest.raises(TypeError):
        AuditEntry.objects.update(reason="nothing")
    with pytest.raises(TypeError):
        AuditEntry.objects.filter(number=1).delete()
    with pytest.raises(TypeError):
        log[0].delete()
    assert said().startswith("Entries 7")


def test_nothing_is_added_without_a_reason(log: list[AuditEntry]) -> None:
    with pytest.raises(ValueError, match="reason"):
        audit("a task", "open", "case:1", "  ")
    assert AuditHead.objects.get().last == 7


@pytest.mark.django_db(transaction=True)
def test_a_rolled_back_entry_leaves_no_gap() -> None:
    with transaction.atomic():
        audit("a task", "open", "case:1", "never happened")
        transaction.set_rollback(True)
    audit("a task", "open", "case:2", "happened")
    assert said().startswith("Entries 1")
