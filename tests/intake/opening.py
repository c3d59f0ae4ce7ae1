"""A victim with an open case, in few words for tests."""

import secrets

from django.test import Client

from portal.cases.actions import Told, submit_report
from portal.cases.models import Case, Consent
from tests.telling import told


def a_token() -> str:
    return secrets.token_urlsafe()


def a_case(said: Told | None = None, language: str = "en") -> tuple[Case, str]:
    """A case as a report opens it, and its passphrase."""
    said = said or told(
        urls=["https://chirp.example/1"], consents=[Consent.Kind.MATCHING]
    )
    receipt = submit_report(token=a_token(), told=said, language=language)
    assert receipt.passphrase
    return receipt.report.case, receipt.passphrase


def enters(client: Client, passphrase: str) -> int:
    return client.post("/case/", {"passphrase": passphrase}).status_code


def an_open_case(
    client: Client, said: Told | None = None, language: str = "en"
) -> Case:
    """A case that is open in `client`."""
    case, passphrase = a_case(said, language)
    assert enters(client, passphrase) == 302
    return case


def page_of(client: Client, path: str) -> str:
    answer = client.get(path)
    assert answer.status_code == 200, (path, answer.status_code)
    return answer.content.decode()
