import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from uuid import UUID

import pytest
from django.conf import settings
from django.db import connection
from PIL import Image

import tracker
from portal.bank import actions, following
from portal.bank.actions import deposit, lookup, lookup_picture
from portal.bank.models import Sequence, Signal
from portal.bank.tasks import publish_index
from portal.cases.actions import submit_report, withdraw_case
from portal.cases.models import Exhibit
from tests import drawing
from tests.telling import told
from tracker.generations import KEPT, Files

pytestmark = pytest.mark.django_db


def an_exhibit(token: str = "amina") -> Exhibit:
    return submit_report(
        token=token, told=told(pictures=[b"sealed"])
    ).report.exhibits.get()


def banked(seed: int, token: str = "amina") -> tuple[Exhibit, bytes]:
    data = drawing.encode(drawing.landscape(seed), "JPEG")
    exhibit = an_exhibit(token)
    deposit(exhibit, tracker.hash_picture(tracker.decode(data)))
    return exhibit, data


def folder_of(bank: UUID) -> Path:
    files = following.generations(bank, "pdq")
    assert isinstance(files, Files)
    return files.folder


def published(bank: UUID) -> list[Path]:
    return [path for path in folder_of(bank).iterdir() if path.name.isdecimal()]


def test_a_deposit_is_found_again_as_exact() -> None:
    exhibit, data = banked(1)
    (hit,) = lookup_picture(data)
    assert (hit.signal.exhibit, hit.kind, hit.distance) == (exhibit, "exact", 0)


def test_re_posts_are_found_and_other_pictures_are_not() -> None:
    exhibit, data = banked(1)
    picture = tracker.decode(data).image
    for copy in (
        drawing.recompress(picture, 40),
        drawing.resize(picture, 0.5),
        drawing.mirror(picture),
    ):
        (hit,) = lookup_picture(drawing.encode(copy, "JPEG"))
        assert (hit.signal.exhibit, hit.kind) == (exhibit, "near")
    for seed in range(2, 12):
        assert lookup_picture(drawing.encode(drawing.landscape(seed), "JPEG")) == []


@pytest.mark.parametrize("edit", [drawing.crop, drawing.border])
def test_what_is_cut_out_or_framed_is_one_hit_told_by_the_signal_of_the_whole(
    edit: Callable[[Image.Image, float], Image.Image],
) -> None:
    exhibit, data = banked(1)
    copy = drawing.encode(edit(tracker.decode(data).image, 0.3), "JPEG")
    (hit,) = lookup_picture(copy)
    assert (hit.signal.exhibit, hit.signal.of) == (exhibit, "whole")
    assert hit.signal.type == "pdq"
    agreeing = {hit.copy.of, hit.reported.of}
    assert agreeing != {"whole"}, "it knows which parts agree all the same"


def test_parts_of_equal_value_are_banked_once_and_the_first_one_stays() -> None:
    given = [
        tracker.Signal("pdq", "9c1e" * 16, quality, "pdq/1", of)
        for quality, of in ((90, "whole"), (80, "region 1"), (90, "region 2"))
    ]
    (kept,) = deposit(an_exhibit(), given)
    assert (kept.of, kept.quality) == ("whole", 90)


def test_depositing_twice_banks_once() -> None:
    exhibit, data = banked(1)
    count = Signal.objects.count()
    assert deposit(exhibit, tracker.hash_picture(tracker.decode(data))) == []
    assert Signal.objects.count() == count


def test_numbers_are_given_out_without_gaps() -> None:
    banked(1)
    banked(2, "ben")
    count = Signal.objects.count()
    numbers = list(Signal.objects.order_by("seq").values_list("seq", flat=True))
    assert numbers == list(range(1, count + 1))
    assert Sequence.objects.get().last == count


def test_a_withdrawn_case_is_never_matched_again() -> None:
    exhibit, data = banked(1)
    following.publish("pdq")
    assert lookup_picture(data)
    withdraw_case(exhibit.case)
    assert lookup_picture(data) == []


def test_a_generation_and_its_tail_answer_together(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    _, first = banked(1)
    settings_after = settings.INDEX_PUBLISH_AFTER
    monkeypatch.setattr(settings, "INDEX_PUBLISH_AFTER", 1)
    publish_index()
    monkeypatch.setattr(settings, "INDEX_PUBLISH_AFTER", settings_after)
    bank = Sequence.objects.get().bank
    assert len(published(bank)) == 1
    _, second = banked(2, "ben")
    assert following.tail_length("pdq") > 1
    assert lookup_picture(first)
    assert lookup_picture(second)


def test_old_generations_are_cleared_away() -> None:
    bank = None
    for seed in range(4):
        banked(seed, f"token {seed}")
        following.publish("pdq")
    bank = Sequence.objects.get().bank
    assert len(published(bank)) == KEPT


def test_a_torn_generation_is_refused_and_the_tail_serves() -> None:
    _, data = banked(1)
    bank = Sequence.objects.get().bank
    torn = folder_of(bank) / f"{99:020d}"
    torn.parent.mkdir(parents=True)
    torn.write_bytes(b"torn")
    assert lookup_picture(data)


def test_a_torn_generation_is_published_anew() -> None:
    _, data = banked(1)
    path = following.publish("pdq")
    assert path
    path.write_bytes(path.read_bytes()[:-1])
    assert lookup_picture(data)
    assert following.publish("pdq") == path
    assert len(tracker.Index.open(path)) == Signal.objects.filter(type="pdq").count()


def test_who_asks_for_near_ones_is_told_of_no_possible_one() -> None:
    exhibit, data = banked(1)
    (signal,) = tracker.ask_picture(tracker.decode(data))[1:2]
    bits = bytearray.fromhex(signal.value)
    for place in range(0, 40 * 6, 6):  # forty bits away
        bits[place // 8] ^= 1 << (place % 8)
    asked = [[tracker.Signal(signal.type, bits.hex(), 100, signal.version)]]
    (hit,) = lookup(asked)[0]
    assert (hit.signal.exhibit, hit.kind, hit.distance) == (exhibit, "possible", 40)
    assert lookup(asked, "near") == [[]]


def test_what_is_no_picture_is_a_plain_error() -> None:
    with pytest.raises(actions.BankError) as error:
        lookup_picture(b"not a picture")
    assert error.value.code == "unsupported"


@pytest.mark.parametrize(
    ("type_", "value"), [("pdq", "AB" * 32), ("pdq", "ab"), ("md5", "ab")]
)
def test_what_is_no_signal_is_a_plain_error(type_: str, value: str) -> None:
    with pytest.raises(actions.BankError):
        actions.parse_signal(type_, value)


def test_many_questions_are_answered_in_their_order() -> None:
    _, first = banked(1)
    _, second = banked(2, "ben")
    asked = [tracker.ask_picture(tracker.decode(data)) for data in (second, first)]
    answers = lookup([asked[0], [], asked[1]])
    assert [len(hits) for hits in answers] == [1, 0, 1]


ASK = """
import os, sys
import django
django.setup()
from portal.bank.actions import lookup, parse_signal
for line in sys.stdin:
    print(len(lookup([[parse_signal("pdq", line.strip())]])[0]), flush=True)
"""


@pytest.mark.django_db(transaction=True)
def test_another_process_sees_a_deposit_and_a_withdrawal_on_its_next_lookup() -> None:
    at = connection.settings_dict
    url = "postgresql://{USER}:{PASSWORD}@{HOST}:{PORT}/{NAME}"
    url = "sqlite:///{NAME}" if connection.vendor == "sqlite" else url
    environment = os.environ | {
        "DATABASE_URL": url.format_map(at),
        "DJANGO_SETTINGS_MODULE": "portal.settings",
    }
    with subprocess.Popen(
        [sys.executable, "-c", ASK],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        env=environment,
    ) as other:
        assert other.stdin
        assert other.stdout

        def matches(value: str) -> int:
            assert other.stdin
            assert other.stdout
            other.stdin.write(value + "\n")
            other.stdin.flush()
            return int(other.stdout.readline())

        assert matches("00" * 32) == 0
        exhibit, _ = banked(1)
        value = exhibit.signals.whole().get(type="pdq").value
        assert matches(value) == 1
        withdraw_case(exhibit.case)
        assert matches(value) == 0
        other.stdin.close()
