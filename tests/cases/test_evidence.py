"""The one door: what it asks before it opens, and what it says when it cannot."""

from pathlib import Path

import pytest
from django.core.files.base import ContentFile
from django.core.files.storage import storages

from portal.accounts import sealing
from portal.accounts.models import AuditEntry, User
from portal.cases import evidence, keys
from portal.cases.actions import submit_report
from portal.cases.holding import FileKeys, held_keys
from portal.cases.models import Exhibit
from tests.telling import told

pytestmark = pytest.mark.django_db
PICTURE = b"the bytes of a benign picture"


@pytest.fixture
def exhibit(wren: User) -> Exhibit:
    tells = told(pictures=[PICTURE], details="my own words")
    return submit_report(token="once", told=tells).report.exhibits.get()


@pytest.fixture
def key(wren: User, exhibit: Exhibit) -> keys.CaseKey:
    private = sealing.unlock(wren, "wren's long password")
    return keys.key_of_worker(exhibit.case, wren, private)


def overwrite(name: str, data: bytes) -> None:
    storages["evidence"].delete(name)
    assert storages["evidence"].save(name, ContentFile(data)) == name


def test_opening_an_exhibit_records_who_and_why_first(
    wren: User, exhibit: Exhibit, key: keys.CaseKey
) -> None:
    assert evidence.open_exhibit(key, exhibit, reason="to compare") == PICTURE
    entry = AuditEntry.objects.filter(verb="open").get()
    assert (entry.user, entry.reason) == (wren, "to compare")


@pytest.mark.parametrize("reason", ["", "   "])
def test_nothing_is_opened_for_no_reason(
    exhibit: Exhibit, key: keys.CaseKey, reason: str
) -> None:
    with pytest.raises(ValueError, match="reason"):
        evidence.open_exhibit(key, exhibit, reason=reason)
    with pytest.raises(ValueError, match="reason"):
        evidence.open_held(exhibit.held_as, actor="task:x", reason=reason)


def test_an_exhibit_of_hashes_only_has_nothing_to_open(
    exhibit: Exhibit, key: keys.CaseKey
) -> None:
    bare = Exhibit(case=exhibit.case, report=exhibit.report)
    with pytest.raises(evidence.EvidenceError, match="hashes only"):
        evidence.open_exhibit(key, bare, reason="to compare")


def test_lost_and_damaged_evidence_is_a_plain_error(
    exhibit: Exhibit, key: keys.CaseKey
) -> None:
    with storages["evidence"].open(exhibit.stored_as) as kept:
        sealed = kept.read()
    for damaged, words in [
        (sealed[:-1] + b"?", "damaged"),
        (b"\x07" + sealed[1:], "another version"),
        (b"", "nothing to read"),
    ]:
        overwrite(exhibit.stored_as, damaged)
        with pytest.raises(evidence.EvidenceError, match=words):
            evidence.open_exhibit(key, exhibit, reason="to compare")
    evidence.discard(exhibit.stored_as)
    evidence.discard(exhibit.stored_as)
    with pytest.raises(evidence.EvidenceError, match="no longer there"):
        evidence.open_exhibit(key, exhibit, reason="to compare")


def test_a_held_copy_opens_until_it_is_released(exhibit: Exhibit) -> None:
    name = exhibit.held_as
    assert evidence.open_held(name, actor="task:x", reason="to read") == PICTURE
    with storages["evidence"].open(name) as kept:
        sealed = kept.read()
    overwrite(name, sealed[:-1] + b"?")
    with pytest.raises(evidence.EvidenceError, match="damaged"):
        evidence.open_held(name, actor="task:x", reason="to read")
    evidence.release(name)
    evidence.release(name)
    overwrite(name, sealed)  # a thief kept a copy
    with pytest.raises(evidence.EvidenceError, match="destroyed"):
        evidence.open_held(name, actor="task:x", reason="to read")


def test_a_held_key_is_overwritten_before_its_file_goes(tmp_path: Path) -> None:
    store = FileKeys(f"file://{tmp_path}/held")
    store.put("a", b"k" * 32)
    (tmp_path / "held" / "b").hardlink_to(tmp_path / "held" / "a")
    assert list(store.older_than(0)) or list(store.older_than(-1))
    store.destroy("a")
    assert store.get("a") is None
    assert store.get("b") == bytes(32)  # another name of the same blocks
    store.destroy("a")


def test_the_keys_of_held_copies_are_not_in_the_database(exhibit: Exhibit) -> None:
    key = held_keys().get(exhibit.held_as.replace("/", "-"))
    assert key
    row = Exhibit.objects.filter(pk=exhibit.pk).values().get()
    assert key not in repr(row).encode()
