import pytest
from django.test import Client

from portal.accounts.models import User
from tests.conftest import signs_in


@pytest.fixture
def worker(wren: User) -> Client:
    client = Client()
    signs_in(client, wren)
    return client


@pytest.fixture
def second(stella: User) -> Client:
    client = Client()
    signs_in(client, stella)
    return client
