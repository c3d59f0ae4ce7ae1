"""What every engine of the index keeps: published generations answer as brute force does."""

import threading
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from unittest.mock import patch

import numpy as np
import pytest

from tests.truth import BITS, LARGEST, Truth, as_pairs, assert_true, some, turned
from tracker import Generations, IndexAwayError, IndexFormatError, generations
from tracker.flat import Hashes, Ids

VERSION = "pdq/1"


@pytest.fixture(params=["file", "milvus"])
def engine(
    request: pytest.FixtureRequest, tmp_path: Path
) -> Callable[[str, str], Generations]:
    """Opens the generations of a bank and a version, as each process does for itself."""
    is_file = request.param == "file"
    url = f"file://{tmp_path}" if is_file else request.getfixturevalue("lite")
    return lambda bank, version: generations(url, bank, version, BITS)


@pytest.fixture
def bank() -> str:
    return str(uuid.uuid4())


@pytest.fixture
def published(engine: Callable[[str, str], Generations], bank: str) -> Generations:
    return engine(bank, VERSION)


def test_it_answers_as_brute_force_does_at_every_radius(published: Generations) -> None:
    truth, hashes = Truth(), some(20)
    near = [turned(hashes[0], bits) for bits in (0, 1, 30, 31, 32, 51, 52, 53)]
    truth.deposit(np.concatenate([hashes, hashes[:5], np.array(near)]))
    truth.ids[3] = LARGEST
    published.publish(truth)
    queries = np.concatenate([hashes[:4], some(2, seed=9)])
    for radius in (0, 31, 52, 256):
        assert_true(published, truth, queries, radius)


def test_nothing_is_published_until_something_is(published: Generations) -> None:
    assert published.newest(Truth().known) is None


def test_a_bank_of_one_hash_works_and_no_question_has_no_answer(
    published: Generations,
) -> None:
    truth = Truth()
    truth.deposit(some(1))
    published.publish(truth)
    assert_true(published, truth, some(1))
    assert_true(published, truth, some(0))


def test_a_bank_of_which_all_is_withdrawn_finds_nothing(published: Generations) -> None:
    truth = Truth()
    truth.deposit(some(1))
    truth.gone = set(truth.ids)
    published.publish(truth)
    assert_true(published, truth, some(1))


def test_the_nearest_are_told_where_there_are_more_than_wanted(
    published: Generations,
) -> None:
    truth, middle = Truth(), some(1)
    truth.deposit(np.array([turned(middle[0], bits) for bits in range(40, 0, -1)]))
    published.publish(truth)
    newest = published.newest(truth.known)
    assert newest
    (found,) = as_pairs(newest.search(middle, 52, 6))
    assert found == truth.neighbours(middle.tobytes(), 52)[:6]


def test_each_publication_reaches_further_and_drops_what_was_withdrawn(
    published: Generations,
) -> None:
    truth, hashes = Truth(), some(30)
    truth.deposit(hashes[:20])
    published.publish(truth)
    before = published.newest(truth.known)
    assert before
    assert before.seq == 20
    assert published.newest(truth.known) is before
    truth.gone = {1, 5}
    truth.deposit(hashes[20:])
    published.publish(truth)
    after = published.newest(truth.known)
    assert after
    assert after.seq == 30
    assert_true(published, truth, hashes)


def test_what_was_withdrawn_is_counted_and_published_away(
    published: Generations,
) -> None:
    truth = Truth()
    assert published.excess(truth) == 0
    truth.deposit(some(9))
    published.publish(truth)
    assert published.excess(truth) == 0
    truth.gone = {2, 9}  # the last one, too
    assert published.excess(truth) == 2
    published.publish(truth)
    assert published.excess(truth) == 0
    newest = published.newest(truth.known)
    assert newest
    assert as_pairs(newest.search(some(9)[[1, 8]], 0, 5)) == [[], []]


def test_another_reader_finds_what_was_published(
    engine: Callable[[str, str], Generations], bank: str
) -> None:
    truth = Truth()
    truth.deposit(some(10))
    engine(bank, VERSION).publish(truth)
    assert_true(engine(bank, VERSION), truth, some(10))


def test_other_banks_and_other_versions_are_never_read(
    engine: Callable[[str, str], Generations], bank: str
) -> None:
    truth = Truth()
    truth.deposit(some(3))
    engine(bank, VERSION).publish(truth)
    assert engine(str(uuid.uuid4()), VERSION).newest(truth.known) is None
    assert engine(bank, "pdq/2").newest(truth.known) is None


def test_what_another_life_of_the_database_published_is_replaced(
    published: Generations,
) -> None:
    """A backup was restored: numbers are given out again, for other rows."""
    lost, truth = Truth(), Truth()
    lost.deposit(some(12))
    published.publish(lost)
    truth.deposit(some(9, seed=5))
    assert published.newest(truth.known) is None
    published.publish(truth)
    assert_true(published, truth, np.concatenate([some(12), some(9, seed=5)]))


def test_a_publisher_that_dies_half_way_loses_nothing(published: Generations) -> None:
    truth, hashes = Truth(), some(40)
    truth.deposit(hashes[:10])
    published.publish(truth)
    truth.deposit(hashes[10:])

    def dies(after: int) -> Iterator[tuple[Ids, Hashes]]:
        yield next(Truth.active(truth, after))
        raise OSError(28, "No space left on device")

    with patch.object(truth, "active", dies), pytest.raises(OSError, match="No space"):
        published.publish(truth)
    newest = published.newest(truth.known)
    assert newest
    assert newest.seq == 10
    published.publish(truth)
    assert_true(published, truth, hashes)


def test_two_publishers_at_once_leave_one_whole_generation(
    engine: Callable[[str, str], Generations], bank: str
) -> None:
    truth, failed = Truth(), []
    truth.deposit(some(30))
    engine(bank, VERSION).publish(truth)

    def publish() -> None:
        try:
            engine(bank, VERSION).publish(truth)
        except Exception as error:  # noqa: BLE001 (whatever it is, the test tells)
            failed.append(error)

    truth.deposit(some(5, seed=4))
    threads = [threading.Thread(target=publish) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    # Milvus-lite turns a second client away now and then: that publisher comes again.
    assert all(isinstance(error, IndexAwayError) for error in failed), failed
    engine(bank, VERSION).publish(truth)
    assert_true(engine(bank, VERSION), truth, some(30))


def test_a_milvus_that_is_away_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    milvus = pytest.importorskip("tracker.milvus")
    monkeypatch.setattr(milvus, "SECONDS", 0.2)
    away = generations("milvus://somebody:secret@127.0.0.1:1/x", "bank", VERSION, BITS)
    truth = Truth()
    truth.deposit(some(1))
    with pytest.raises(IndexAwayError, match="does not answer") as error:
        away.newest(truth.known)
    assert "secret" not in str(error.value)
    with pytest.raises(IndexAwayError):
        away.publish(truth)


def test_a_collection_that_is_dropped_is_no_empty_answer(lite: str, bank: str) -> None:
    from pymilvus import MilvusClient  # noqa: PLC0415 (an optional extra)

    truth, published = Truth(), generations(lite, bank, VERSION, BITS)
    truth.deposit(some(4))
    published.publish(truth)
    newest = published.newest(truth.known)
    assert newest
    client = MilvusClient(lite.removeprefix("milvus-lite://"))
    client.drop_collection(getattr(published, "collection"))  # noqa: B009
    with pytest.raises(IndexAwayError):
        newest.search(some(1), 31, 10)
    assert published.newest(truth.known) is None
    published.publish(truth)
    assert_true(published, truth, some(4))


def test_rows_that_milvus_lost_are_noticed_and_published_again(
    lite: str, bank: str
) -> None:
    from pymilvus import MilvusClient  # noqa: PLC0415 (an optional extra)

    truth, published = Truth(), generations(lite, bank, VERSION, BITS)
    truth.deposit(some(6))
    published.publish(truth)
    client = MilvusClient(lite.removeprefix("milvus-lite://"))
    client.delete(getattr(published, "collection"), ids=[3])  # noqa: B009
    assert published.excess(truth) is None
    published.publish(truth)
    assert_true(published, truth, some(6))


def test_a_publisher_whose_rows_another_dropped_does_not_say_that_all_are_there(
    lite: str, bank: str
) -> None:
    from pymilvus import MilvusClient  # noqa: PLC0415 (an optional extra)

    truth, published = Truth(), generations(lite, bank, VERSION, BITS)
    truth.deposit(some(20))
    rows = truth.active
    client = MilvusClient(lite.removeprefix("milvus-lite://"))

    def dropped_half_way(after: int) -> Iterator[tuple[Ids, Hashes]]:
        for place, chunk in enumerate(rows(after)):
            yield chunk
            if place == 1:
                client.delete(getattr(published, "collection"), ids=[1, 2])  # noqa: B009

    with patch.object(truth, "active", dropped_half_way), pytest.raises(IndexAwayError):
        published.publish(truth)
    assert published.newest(truth.known) is None
    published.publish(truth)
    assert_true(published, truth, some(20))


def test_more_equal_hashes_than_milvus_tells_are_seen_to_be_more(
    lite: str, bank: str
) -> None:
    milvus = pytest.importorskip("tracker.milvus")
    truth, published = Truth(chunk=5_000), generations(lite, bank, VERSION, BITS)
    truth.deposit(np.zeros((milvus.MOST + 9, BITS // 8), np.uint8))
    published.publish(truth)
    newest = published.newest(truth.known)
    assert newest
    lims, _, _ = newest.search(np.zeros((1, 32), np.uint8), 31, milvus.MOST)
    assert lims.tolist() == [0, milvus.MOST]


def test_a_url_of_no_engine_is_refused() -> None:
    with pytest.raises(ValueError, match="'mongodb'"):
        generations("mongodb://127.0.0.1", "bank", VERSION, BITS)


def test_a_torn_file_falls_back_to_the_one_before(tmp_path: Path, bank: str) -> None:
    truth = Truth()
    files: Any = generations(f"file://{tmp_path}", bank, VERSION, BITS)
    for start in (0, 10):
        truth.deposit(some(20)[start : start + 10])
        path = files.publish(truth)
    newest = files.newest(truth.known)
    with path.open("r+b") as file:
        file.truncate(100)
    with pytest.raises(IndexFormatError):
        newest.search(some(1), 31, 10)
    assert files.excess(truth) is None
    files.forget(newest)
    assert files.newest(truth.known).seq == 10
    files.publish(truth)
    assert_true(files, truth, some(20))
