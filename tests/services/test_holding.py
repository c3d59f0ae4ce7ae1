"""Keys of held copies in a real Redis that keeps nothing."""

import pytest
from pytest_django import Settings

from portal.cases.holding import RedisKeys

pytestmark = pytest.mark.services


@pytest.fixture
def keys(redis: str) -> RedisKeys:
    return RedisKeys(f"{redis}/5")


def test_a_key_is_there_until_it_is_destroyed(keys: RedisKeys) -> None:
    keys.put("a", b"k" * 32)
    assert keys.get("a") == b"k" * 32
    keys.destroy("a")
    keys.destroy("a")
    assert keys.get("a") is None


def test_what_is_old_is_named(keys: RedisKeys, settings: Settings) -> None:
    keys.put("young", b"k" * 32)
    whole = settings.HELD_LIFETIME.total_seconds() * 2
    keys._redis.set(RedisKeys.PREFIX + "old", b"k" * 32, ex=int(whole - 5000))
    assert list(keys.older_than(4000)) == ["old"]
    assert set(keys.older_than(-10)) == {"old", "young"}


def test_a_key_ends_by_itself_should_every_sweep_be_dead(keys: RedisKeys) -> None:
    keys.put("a", b"k" * 32)
    assert keys._redis.ttl(RedisKeys.PREFIX + "a") > 0
