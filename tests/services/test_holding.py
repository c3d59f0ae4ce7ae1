"""Keys of held copies in a real Redis that keeps nothing."""

from datetime import UTC, datetime, timedelta

import pytest
import time_machine

from portal.cases.holding import RedisKeys

pytestmark = pytest.mark.services


@pytest.fixture
def keys(redis: str) -> RedisKeys:
    store = RedisKeys(f"{redis}/5")
    store._redis.flushdb()
    return store


def test_a_key_is_there_until_it_is_destroyed(keys: RedisKeys) -> None:
    keys.put("a", b"k" * 32)
    assert keys.get("a") == b"k" * 32
    keys.destroy("a")
    keys.destroy("a")
    assert keys.get("a") is None


def test_what_is_old_is_named(keys: RedisKeys) -> None:
    with time_machine.travel(datetime.now(UTC) - timedelta(hours=2)):
        keys.put("old", b"k" * 32)
    keys.put("young", b"k" * 32)
    assert list(keys.older_than(3600)) == ["old"]
    assert set(keys.older_than(-10)) == {"old", "young"}


def test_a_key_ends_by_itself_should_every_sweep_be_dead(keys: RedisKeys) -> None:
    keys.put("a", b"k" * 32)
    assert keys._redis.ttl("reclaim:held:a") > 0


def test_a_lasting_key_ends_with_its_case_alone(keys: RedisKeys, redis: str) -> None:
    lasting = RedisKeys(f"{redis}/5", lasting=True)
    lasting.put("a", b"l" * 32)
    assert lasting._redis.ttl("reclaim:lasting:a") == -1
    assert keys.get("a") is None
    assert list(keys.older_than(-10)) == []
    lasting.destroy("a")
    assert lasting.get("a") is None
