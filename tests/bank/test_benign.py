import numpy as np
import pytest
from django.db import IntegrityError, transaction
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

import tracker
from portal.accounts.models import AuditEntry, User
from portal.bank import benign
from portal.bank.actions import deposit, lookup, lookup_picture
from portal.bank.benign import BenignError, Silenced
from portal.bank.following import hashes_of
from portal.bank.models import Benign, BenignSignal, Signal
from portal.cases.actions import submit_report, withdraw_case
from portal.cases.models import Exhibit
from tests import drawing
from tests.telling import told

pytestmark = pytest.mark.django_db
WHY = {"name": "a banner", "kind": Benign.Kind.LOGO, "reason": "on every page there"}


def picture(seed: int, quality: int = 88) -> bytes:
    return drawing.encode(drawing.landscape(seed), "JPEG", quality=quality)


def banked(seed: int, token: str = "amina") -> Exhibit:
    report = submit_report(token=token, told=told(pictures=[b"sealed"])).report
    exhibit = report.exhibits.get()
    deposit(exhibit, tracker.hash_picture(tracker.decode(picture(seed))))
    return exhibit


def moved(value: str, bits: int) -> str:
    """A value so many bits away, spread over all of it."""
    flipped = sum(1 << (place * 256 // bits) for place in range(bits)) if bits else 0
    return f"{int(value, 16) ^ flipped:064x}"


def listed(worker: User, seed: int) -> Benign:
    entry = benign.add(worker, benign.hash_file(picture(seed)), **WHY)
    entry.refresh_from_db()
    return entry


def test_what_is_listed_matches_nothing_however_it_was_saved(wren: User) -> None:
    listed(wren, 1)
    exhibit = banked(1)
    assert exhibit.signals.exists(), "it is kept"
    assert not exhibit.signals.filter(benign=None).exists()
    assert lookup_picture(picture(1)) == []
    assert lookup_picture(picture(1, 60)) == []
    assert benign.unwatched([exhibit.pk]) == [exhibit]


def test_others_match_as_before(wren: User) -> None:
    listed(wren, 1)
    exhibit = banked(2)
    (hit,) = lookup_picture(picture(2, 60))
    assert hit.signal.exhibit == exhibit
    assert benign.unwatched([exhibit.pk]) == []


def test_what_is_asked_near_to_a_listed_one_matches_nothing_banked_beyond(
    wren: User,
) -> None:
    value = "9c1e" * 16
    exhibit = banked(3)
    deposit(exhibit, [tracker.Signal("pdq", moved(value, 40), 100, "pdq/1")])
    asked = [[tracker.Signal("pdq", moved(value, 20), 100, "pdq/1")]]
    assert lookup(asked)[0], "forty from the list, twenty from the question"
    entry = benign.add(wren, [tracker.Signal("pdq", value, 100, "pdq/1")], **WHY)
    assert not Signal.objects.filter(benign=entry).exists()
    assert lookup(asked) == [[]]
    assert lookup([[tracker.Signal("pdq", moved(value, 40), 100, "pdq/1")]])[0]


@given(bits=st.integers(0, 60))
def test_an_entry_reaches_as_far_as_near_and_no_further(bits: int) -> None:
    hashes = hashes_of(["9c1e" * 16], "pdq")
    listed_ = {"pdq": (np.array([7], np.uint64), hashes)}
    asked = tracker.Signal("pdq", moved("9c1e" * 16, bits), 100, "pdq/1")
    assert bool(benign._near(listed_, [asked])) == (bits <= 31)


def test_what_would_silence_a_victims_whole_picture_waits_for_a_second_person(
    wren: User, stella: User
) -> None:
    exhibit = banked(1)
    signals = benign.hash_file(picture(1))
    found = benign.silenced_by(signals)
    assert found == Silenced(exhibit.signals.count(), 1)
    entry = listed(wren, 1)
    assert entry.in_force_at is None
    assert lookup_picture(picture(1)), "nothing is silenced yet"
    with pytest.raises(BenignError, match="Another person"):
        benign.approve(entry, wren)
    assert benign.approve(entry, stella) == [exhibit]
    assert lookup_picture(picture(1)) == []
    with pytest.raises(BenignError, match="not waiting"):
        benign.approve(entry, stella)
    verbs = list(AuditEntry.objects.values_list("verb", flat=True))
    assert verbs[-2:] == ["add_benign", "approve_benign"]


def test_the_database_itself_wants_two_people_and_a_reason(wren: User) -> None:
    for wrong in ({"approved_by": wren}, {"reason": ""}):
        values = WHY | {"added_by": wren} | wrong
        with pytest.raises(IntegrityError), transaction.atomic():
            Benign.objects.create(**values)


def test_withdrawn_cases_are_silenced_by_nothing_and_counted_nowhere(
    wren: User,
) -> None:
    withdraw_case(banked(1).case)
    assert benign.silenced_by(benign.hash_file(picture(1))) == Silenced(0, 0)
    assert listed(wren, 1).in_force_at


def test_off_the_list_it_matches_again(wren: User, stella: User) -> None:
    entry = listed(wren, 1)
    exhibit = banked(1)
    with pytest.raises(BenignError, match="why"):
        benign.remove(entry, stella, " ")
    assert benign.remove(entry, stella, "it was her picture after all") == [exhibit]
    assert lookup_picture(picture(1, 60))
    with pytest.raises(BenignError, match="already"):
        benign.remove(entry, stella, "again")


def test_what_another_entry_still_covers_stays_silent(wren: User, stella: User) -> None:
    first, second = listed(wren, 1), listed(stella, 1)
    exhibit = banked(1)
    for entry, again in ((first, []), (second, [exhibit])):
        assert benign.remove(entry, stella, "listed twice") == again
        assert bool(lookup_picture(picture(1))) == bool(again)


def test_an_entry_of_an_older_pipeline_counts_no_more(wren: User) -> None:
    listed(wren, 1)
    BenignSignal.objects.update(version="pdq/0")
    exhibit = banked(1)
    assert not exhibit.signals.exclude(benign=None).exists()


def test_an_entry_needs_a_name_a_reason_and_a_signal(wren: User) -> None:
    signals = benign.hash_file(picture(1))
    for wrong in ({"name": " "}, {"reason": ""}):
        with pytest.raises(BenignError):
            benign.add(wren, signals, **WHY | wrong)
    with pytest.raises(BenignError):
        benign.add(wren, [], **WHY)
    assert not Benign.objects.exists()
    with pytest.raises(BenignError):
        benign.hash_file(b"no picture")


@pytest.mark.parametrize(
    "drawn",
    [
        Image.new("RGB", (640, 480), "white"),
        Image.new("RGB", (640, 480), "black"),
        Image.linear_gradient("L").convert("RGB").resize((640, 480)),
        Image.linear_gradient("L").rotate(90).convert("RGB").resize((480, 640)),
    ],
    ids=["white", "black", "gradient", "sideways gradient"],
)
def test_blank_frames_and_gradients_need_no_entry_they_are_too_plain(
    drawn: Image.Image,
) -> None:
    made = benign.hash_file(drawing.encode(drawn, "PNG"))
    assert [signal.type for signal in made] == ["sha256"]
