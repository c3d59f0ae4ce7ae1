import pytest
from django.test import Client

from tests.portal.pages import Page, crawl, open_a_case


@pytest.fixture
def newcomers_pages(db: None) -> dict[str, Page]:
    return crawl(Client())


@pytest.fixture
def victim(client: Client, db: None) -> Client:
    """Somebody whose case is open."""
    open_a_case(client)
    return client


@pytest.fixture
def pages(victim: Client) -> dict[str, Page]:
    """What newcomers and victims see, together."""
    return crawl(Client()) | crawl(victim)
