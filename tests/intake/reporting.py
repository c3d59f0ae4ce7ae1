"""A victim at the report's pages, and what their browser sends."""

import json
import re
from collections.abc import Mapping

from django.test import Client

import tracker
from tests import drawing

TOKEN = re.compile(r'name="token"[^>]*value="([^"]+)"')
SHOWN = re.compile(r'id="passphrase"[^>]*>([^<]+)<')
ADDRESS = "https://chirp.example/1"


def a_claim(picture: bytes) -> dict[str, object]:
    """What a device sends of one picture that stays with it: its codes."""
    made = tracker.hash_picture(tracker.decode(picture), whole=True)
    hashed = {signal.type: signal for signal in made}
    pdq = hashed["pdq"]
    return {
        "kind": "picture",
        "sha256": hashed["sha256"].value,
        "pdq": [{"value": pdq.value, "quality": pdq.quality}],
        "frames": [],
    }


def claims_of(*pictures: bytes) -> str:
    drawn = pictures or (drawing.encode(drawing.landscape(1), "JPEG"),)
    return json.dumps([a_claim(picture) for picture in drawn])


def answers(client: Client, **steps: Mapping[str, object]) -> None:
    """Answer these steps, after the age question; each goes on to the next page."""
    told: dict[str, Mapping[str, object]] = {"what": {}, **steps}
    for name, typed in told.items():
        sent = {"adult": "on", **typed} if name == "what" else typed
        answer = client.post(f"/report/{name}/", {**sent, "go": "next"})
        assert answer.status_code == 302, answer.content.decode()


def token_in(client: Client) -> str:
    token = TOKEN.search(client.get("/report/review/").content.decode())
    assert token
    return token[1]


def sends(client: Client, **steps: Mapping[str, object]) -> str:
    """File a report and return its passphrase; with nothing else, one address."""
    answers(client, **(steps or {"where": {"urls": ADDRESS}}))
    answer = client.post("/report/review/", {"token": token_in(client)})
    return passphrase_in(answer.content)


def passphrase_in(page: bytes) -> str:
    shown = SHOWN.search(page.decode())
    assert shown, page.decode()
    return shown[1].strip()
