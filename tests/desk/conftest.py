import pytest
from django.test import Client

from portal.accounts.models import User


@pytest.fixture
def worker(wren: User) -> Client:
    client = Client()
    client.force_login(wren)
    return client


@pytest.fixture
def second(stella: User) -> Client:
    client = Client()
    client.force_login(stella)
    return client
