"""Walking through the desk's door as a browser does."""

import re
import time
from base64 import b32encode

from django.test import Client

from portal.accounts import second_factor
from portal.accounts.models import User
from tests.conftest import APP_SECRET, PASSWORDS

SECRET = re.compile(r'<code class="url">([A-Z2-7]+)</code>')
CODES = re.compile(r"<li><code>(\d+)</code></li>")
SECOND = "/desk/login/second/"


def gives_password(client: Client, name: str = "wren", password: str = "") -> str:
    """Where the door leads next."""
    form = {"username": name, "password": password or PASSWORDS[name]}
    answer = client.post("/desk/login/", form)
    assert answer.status_code == 302, answer.content.decode()
    return str(answer["Location"])


def code(secret: str = APP_SECRET, ahead: float = 0) -> str:
    return second_factor.code_of(secret, time.time() + ahead)


def logs_in(client: Client, user: User) -> None:
    """All the way, with an app that the user has already."""
    assert gives_password(client, user.username) == SECOND
    assert client.post(SECOND, {"code": code()})["Location"] == "/desk/"


def sets_up_app(client: Client, **more: str) -> tuple[str, list[str]]:
    """The app's secret and the recovery codes, as the pages show them."""
    found = SECRET.search(client.get("/desk/me/app/").content.decode())
    assert found
    form = {"code": code(found[1]), **more}
    answer = client.post("/desk/me/app/", form)
    assert answer.status_code == 200
    return found[1], CODES.findall(answer.content.decode())


def a_secret() -> str:
    return b32encode(b"another phone's secr").decode()
