"""A victim at the report form, and what their browser sends."""

import re

from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from tests import drawing

TOKEN = re.compile(r'name="token"[^>]*value="([^"]+)"')
SHOWN = re.compile(r'id="passphrase"[^>]*>([^<]+)<')


def a_picture(name: str = "p.jpg", data: bytes | None = None) -> SimpleUploadedFile:
    drawn = drawing.encode(drawing.landscape(1), "JPEG") if data is None else data
    return SimpleUploadedFile(name, drawn, "image/jpeg")


def a_form(client: Client, **over: object) -> dict[str, object]:
    """What a filled form sends: one address, everything else left alone."""
    token = TOKEN.search(client.get("/report/adult/").content.decode())
    assert token
    return {"token": token[1], "adult": "on", "urls": "https://chirp.example/1"} | over


def passphrase_in(page: bytes) -> str:
    shown = SHOWN.search(page.decode())
    assert shown, page.decode()
    return shown[1].strip()
