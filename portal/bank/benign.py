"""Pictures that must never match: logos, blank frames, famous pictures, shared templates.

A banked signal near to one is kept and matches nothing, and an asked one neither. Neither is
forgotten: when the entry goes, the signal matches again.
"""

import threading
import uuid
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _
from numpy.typing import NDArray

import tracker
from portal.accounts.actions import audit
from portal.accounts.models import User
from portal.bank.following import follower, hashes_of
from portal.bank.models import Benign, BenignSignal, Signal
from portal.bank.models import Sequence as Counter
from portal.cases.models import Exhibit

# By type: which entry, and its hashes.
Listed = dict[str, tuple[NDArray[np.uint64], NDArray[np.uint8]]]


class BenignError(Exception):
    """An entry that cannot be, and why, in a plain sentence."""


@dataclass(frozen=True, slots=True)
class Silenced:
    """What an entry would silence: active signals, and exhibits whose whole is among them."""

    signals: int
    exhibits: int


def hash_file(data: bytes) -> list[tracker.Signal]:
    """What stands for a picture on the list: the whole, and what may be cut out of it.

    Its bytes are dropped. Raises BenignError.
    """
    try:
        return list(tracker.hash_picture(tracker.decode(data)))
    except tracker.ImageError as error:
        raise BenignError(str(error)) from None


def silenced_by(signals: Iterable[tracker.Signal]) -> Silenced:
    """What these would silence if they were on the list."""
    found = _active_near(signals)
    wholes = {row.exhibit_id for row in found if row.of == tracker.WHOLE}
    return Silenced(len(found), len(wholes))


@transaction.atomic
def add(
    worker: User,
    signals: Sequence[tracker.Signal],
    *,
    name: str,
    kind: str,  # of Benign.Kind
    reason: str,
) -> Benign:
    """Put a picture on the list, by its signals: in force at once.

    Where it would silence a victim's whole picture it waits for a second person. Raises
    BenignError without a name, a reason or a signal.
    """
    name, reason = name.strip()[:100], reason.strip()[:300]
    if not name or not reason:
        raise BenignError(_("Please write what it is, and why it must never match."))
    if not signals:
        raise BenignError(_("There is nothing to know this picture by."))
    Counter.objects.locked()
    entry = Benign.objects.create(name=name, kind=kind, reason=reason, added_by=worker)
    BenignSignal.objects.bulk_create(
        BenignSignal(benign=entry, type=s.type, value=s.value, version=s.version)
        for s in {(s.type, s.value): s for s in signals}.values()
    )
    found = silenced_by(signals)
    told = f"{reason} ({found.signals} signals, {found.exhibits} exhibits)"
    audit(worker, "add_benign", f"benign:{entry.pk}", told)
    if not found.exhibits:
        _put_in_force(entry)
    entry.refresh_from_db()
    return entry


@transaction.atomic
def approve(entry: Benign, worker: User) -> list[Exhibit]:
    """A second person agrees. Returns the exhibits that nothing looks for any more.

    Raises BenignError for the same person, or when it does not wait for anybody.
    """
    Counter.objects.locked()
    waiting = Benign.objects.waiting().filter(pk=entry.pk).first()
    if waiting is None:
        raise BenignError(_("This entry is not waiting for a second person."))
    if waiting.added_by_id == worker.pk or not worker.is_active:
        raise BenignError(_("Another person than the one who added it must agree."))
    Benign.objects.filter(pk=entry.pk).update(approved_by=worker)
    audit(worker, "approve_benign", f"benign:{entry.pk}", waiting.reason)
    return _put_in_force(waiting)


@transaction.atomic
def remove(entry: Benign, worker: User, reason: str) -> list[Exhibit]:
    """Take a picture off the list. Returns the exhibits that are looked for again.

    Raises BenignError without a reason, or if somebody did.
    """
    if not reason.strip():
        raise BenignError(_("Please write why."))
    Counter.objects.locked()
    now = timezone.now()
    there = Benign.objects.filter(pk=entry.pk, ended_at=None)
    if not there.update(ended_at=now, ended_by=worker):
        raise BenignError(_("Somebody took it off the list already."))
    audit(worker, "remove_benign", f"benign:{entry.pk}", reason)
    _change_stamp()
    mine = list(Signal.objects.filter(benign=entry))
    before = set(unwatched(row.exhibit_id for row in mine))
    others = _near(_read(), mine)
    for row in mine:
        row.benign_id = others.get((row.type, row.value))
    Signal.objects.bulk_update(mine, ["benign"], batch_size=500)
    return list(before - set(unwatched(exhibit.pk for exhibit in before)))


def quiet(type_: str, values: Sequence[str]) -> set[str]:
    """Those of these values that match nothing: near to a benign picture's."""
    asked = [_Asked(type_, value) for value in values]
    return {value for _type, value in _near(_listed(), asked)}


def without(signals: Iterable[tracker.Signal]) -> list[tracker.Signal]:
    """Those of these signals that may match."""
    given = list(signals)
    near = _near(_listed(), given)
    return [signal for signal in given if (signal.type, signal.value) not in near]


def entries_near(signals: Sequence[tracker.Signal]) -> dict[tuple[str, str], int]:
    """By type and value the entry that a signal is near to. Under the counter's lock."""
    return _near(_read(), signals)


def unwatched(exhibits: Iterable[int]) -> list[Exhibit]:
    """Those of these exhibits that nothing looks for by their looks, because of the list."""
    by_looks = Signal.objects.exclude(type="sha256")
    silent = Exhibit.objects.filter(
        pk__in=set(exhibits), signals__in=by_looks.exclude(benign=None)
    )
    heard = by_looks.filter(benign=None).values("exhibit")
    return list(silent.exclude(pk__in=heard).select_related("case").distinct())


@dataclass(frozen=True, slots=True)
class _Asked:
    type: str
    value: str


def _put_in_force(entry: Benign) -> list[Exhibit]:
    """Silence what is near to it. Returns the exhibits that nothing looks for any more."""
    Benign.objects.filter(pk=entry.pk).update(in_force_at=timezone.now())
    _change_stamp()
    signals = [
        tracker.Signal(row.type, row.value, None, row.version)
        for row in entry.signals.all()
    ]
    found = [row for row in _active_near(signals) if row.benign_id is None]
    before = set(unwatched(row.exhibit_id for row in found))
    Signal.objects.filter(pk__in=[row.pk for row in found]).update(benign=entry)
    return [e for e in unwatched(row.exhibit_id for row in found) if e not in before]


def _active_near(signals: Iterable[tracker.Signal]) -> list[Signal]:
    values: dict[str, set[str]] = defaultdict(set)
    for signal in signals:
        values[signal.type].add(signal.value)
    ids = {
        pk
        for type_, asked in values.items()
        for pk in follower(type_).near(list(asked))
    }
    return list(Signal.objects.active().filter(pk__in=ids))


def _reach(type_: str) -> int:
    """How far an entry silences: as far as two signals can be near, whatever the bank."""
    return tracker.radius_of(type_, "near")


def _near(
    listed: Listed,
    asked: Sequence[tracker.Signal] | Sequence[Signal] | Sequence[_Asked],
) -> dict[tuple[str, str], int]:
    """By type and value the nearest entry of the list, of those that are near to one."""
    found = {}
    for type_, (ids, hashes) in listed.items():
        mine = [signal.value for signal in asked if signal.type == type_]
        lims, entries, _bits = tracker.scan(
            ids, hashes, hashes_of(mine, type_), _reach(type_)
        )
        for place, value in enumerate(mine):
            if lims[place] < lims[place + 1]:
                found[type_, value] = int(entries[lims[place]])
    return found


class _Remembered:
    """The list as this process last read it, and the stamp that it had then."""

    def __init__(self) -> None:
        self.lock = threading.Lock()
        self.stamp: uuid.UUID | None = None
        self.listed: Listed = {}


_remembered = _Remembered()


def _listed() -> Listed:
    """The list as it is now; read anew only when it has changed."""
    now = Counter.now()
    stamp = now.benign if now else None
    with _remembered.lock:
        if stamp != _remembered.stamp:
            _remembered.listed = _read()
            _remembered.stamp = stamp
        return _remembered.listed


def _read() -> Listed:
    """The list in force. Entries of an older pipeline are left out: versions never meet."""
    found: dict[str, list[tuple[int, str]]] = defaultdict(list)
    rows = BenignSignal.objects.filter(
        benign__in=Benign.objects.in_force(), type__in=tracker.SIGNALS
    )
    for pk, type_, value, version in rows.values_list(
        "benign", "type", "value", "version"
    ):
        if version == tracker.signal_type(type_).version:
            found[type_].append((pk, value))
    return {
        type_: (
            np.array([pk for pk, _value in pairs], np.uint64),
            hashes_of([value for _pk, value in pairs], type_),
        )
        for type_, pairs in found.items()
    }


def _change_stamp() -> None:
    Counter.objects.update(benign=uuid.uuid4())
