"""What every answer of the portal carries, whatever was asked and whoever asked it."""

from collections.abc import Callable

import pytest
from django.conf import LazySettings
from django.http import HttpResponseBase
from django.test import Client

from portal.accounts.models import User
from portal.middleware import OFF
from tests.portal.pages import open_a_case, routes

pytestmark = pytest.mark.django_db

# The snapshot. A change here is a change of what we promise.
EXPECTED = {
    "Cache-Control": "no-store",
    "Content-Security-Policy": (
        "default-src 'none'; script-src 'self'; worker-src 'self'; style-src 'self'; "
        "img-src 'self' data: blob:; media-src blob:; font-src 'self'; "
        "connect-src 'self'; manifest-src 'self'; object-src 'none'; "
        "form-action 'self'; frame-ancestors 'none'; base-uri 'none'; "
        "require-trusted-types-for 'script'; trusted-types default"
    ),
    "Cross-Origin-Embedder-Policy": "require-corp",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Origin-Agent-Cluster": "?1",
    "Permissions-Policy": (
        "accelerometer=(), ambient-light-sensor=(), bluetooth=(), browsing-topics=(), "
        "camera=(), captured-surface-control=(), clipboard-read=(), "
        "compute-pressure=(), digital-credentials-get=(), display-capture=(), "
        "document-domain=(), encrypted-media=(), fullscreen=(), gamepad=(), "
        "geolocation=(), gyroscope=(), hid=(), identity-credentials-get=(), "
        "idle-detection=(), interest-cohort=(), keyboard-map=(), language-detector=(), "
        "language-model=(), local-fonts=(), local-network-access=(), magnetometer=(), "
        "microphone=(), midi=(), notifications=(), on-device-speech-recognition=(), "
        "otp-credentials=(), payment=(), picture-in-picture=(), "
        "private-state-token-issuance=(), private-state-token-redemption=(), push=(), "
        "screen-wake-lock=(), serial=(), speaker-selection=(), storage-access=(), "
        "summarizer=(), sync-xhr=(), translator=(), unload=(), usb=(), web-share=(), "
        "window-management=(), xr-spatial-tracking=(), clipboard-write=(self), "
        "publickey-credentials-create=(self), publickey-credentials-get=(self)"
    ),
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "X-DNS-Prefetch-Control": "off",
    "X-Frame-Options": "DENY",
    "X-Permitted-Cross-Domain-Policies": "none",
    "X-Robots-Tag": "noindex, nofollow, noarchive",
}
# What GlobaLeaks sends with its pages (backend/globaleaks/rest/api.py, read in 2026). Its
# X-Check-Tor is left out: to answer it, a server must look at the visitor's address.
GLOBALEAKS = {
    "Cache-Control": {"no-store"},
    "Cross-Origin-Embedder-Policy": {"require-corp"},
    "Cross-Origin-Opener-Policy": {"same-origin"},
    "Cross-Origin-Resource-Policy": {"same-origin"},
    "Referrer-Policy": {"no-referrer"},
    "X-Content-Type-Options": {"nosniff"},
    "X-Robots-Tag": {"noindex"},
    "Content-Security-Policy": {
        "default-src 'none'",
        "base-uri 'none'",
        "frame-ancestors 'none'",
        "script-src 'self'",
        "connect-src 'self'",
        "require-trusted-types-for 'script'",
    },
}
# It allows itself idle detection as well; we do not.
GLOBALEAKS_OFF = (
    "accelerometer ambient-light-sensor bluetooth camera clipboard-read document-domain "
    "display-capture fullscreen geolocation gyroscope keyboard-map local-fonts "
    "magnetometer microphone midi notifications payment push screen-wake-lock serial "
    "speaker-selection usb web-share xr-spatial-tracking"
)
YEAR = 31_536_000


def snapshot(answer: HttpResponseBase) -> dict[str, str]:
    told = {name: answer.headers.get(name, "") for name in EXPECTED}
    if "no-store" in told["Cache-Control"].split(", "):
        told["Cache-Control"] = "no-store"  # Django adds weaker words on some pages
    return told


def get(path: str, *, secure: bool = False) -> HttpResponseBase:
    """A newcomer's answer, read to its end: a static file is closed then."""
    answer = Client().get(path, secure=secure)
    b"".join(answer)
    return answer


def test_every_address_carries_them_for_everybody(stella: User) -> None:
    victim, staff = Client(), Client()
    open_a_case(victim)
    staff.force_login(stella)
    for route in routes():
        for who in (Client(), victim, staff):
            assert snapshot(who.get(route.path)) == EXPECTED, route
            assert snapshot(who.post(route.path)) == EXPECTED, route


def too_large(client: Client, path: str) -> HttpResponseBase:
    return client.generic("POST", path, b"", CONTENT_LENGTH=str(10**9))


def from_elsewhere(client: Client, path: str) -> HttpResponseBase:
    client.handler.enforce_csrf_checks = True
    return client.post(path, headers={"Origin": "null"})


ODD: dict[str, tuple[int, Callable[[Client], HttpResponseBase]]] = {
    "no such page": (404, lambda client: client.get("/nothing/here/")),
    "no such file": (404, lambda client: client.get("/static/nothing.css")),
    "no such address for machines": (404, lambda client: client.get("/api/nothing")),
    "a host that is not ours": (
        400,
        lambda client: client.get("/", headers={"Host": "mallory.example"}),
    ),
    "too many fields": (
        400,
        lambda client: client.post("/case/", {f"x{n}": "" for n in range(2000)}),
    ),
    "a form from elsewhere": (
        403,
        lambda client: from_elsewhere(client, "/case/"),
    ),
    "a method that is not ours": (405, lambda client: client.put("/")),
    "far too much": (413, lambda client: too_large(client, "/case/")),
    "far too much of a machine": (
        413,
        lambda client: too_large(client, "/api/v1/lookups"),
    ),
    "a slash forgotten": (301, lambda client: client.get("/case")),
    "a failure of ours": (500, lambda client: client.get("/fails/")),
}


@pytest.mark.parametrize("what", ODD)
def test_odd_answers_carry_them_too(settings: LazySettings, what: str) -> None:
    settings.ROOT_URLCONF = "tests.portal.broken"
    status, ask = ODD[what]
    answer = ask(Client(raise_request_exception=False))
    assert answer.status_code == status
    assert snapshot(answer) == EXPECTED


def test_only_static_files_may_be_kept_by_a_browser() -> None:
    answer = get("/static/css/base.css")
    assert answer.status_code == 200
    assert snapshot(answer) == EXPECTED | {"Cache-Control": "max-age=60, public"}


def test_over_https_only_https_is_spoken_from_then_on(settings: LazySettings) -> None:
    settings.SECURE_SSL_REDIRECT = True
    settings.SECURE_HSTS_SECONDS = YEAR
    settings.SECURE_HSTS_INCLUDE_SUBDOMAINS = True
    turned = Client().get("/case/")
    assert turned.status_code == 301
    assert turned["Location"] == "https://testserver/case/"
    assert snapshot(turned) == EXPECTED
    for path in ("/case/", "/static/css/base.css", "/nothing/"):
        told = get(path, secure=True)["Strict-Transport-Security"]
        assert told == f"max-age={YEAR}; includeSubDomains"


def test_it_is_no_less_than_globaleaks_sends() -> None:
    for name, wanted in GLOBALEAKS.items():
        assert wanted <= set(EXPECTED[name].replace(", ", "; ").split("; ")), name
    assert EXPECTED["X-Frame-Options"].lower() == "deny"
    assert set(GLOBALEAKS_OFF.split()) < set(OFF.split())


def test_no_answer_says_what_it_was_made_by() -> None:
    for path in ("/", "/static/css/base.css", "/api/v1/status", "/nothing/"):
        told = set(get(path).headers)
        assert not {"Server", "Via", "X-Powered-By"} & told


def test_the_onion_address_is_told_where_there_is_one(settings: LazySettings) -> None:
    assert "Onion-Location" not in Client().get("/guide/").headers
    settings.ONION_LOCATION = f"http://{'a' * 56}.onion"
    settings.ALLOWED_HOSTS = ["*"]
    told = Client().get("/guide/?a=1")["Onion-Location"]
    assert told == f"http://{'a' * 56}.onion/guide/?a=1"
    inside = Client().get("/guide/", headers={"Host": f"{'a' * 56}.onion"})
    assert inside.status_code == 200
    assert "Onion-Location" not in inside.headers


def test_the_storage_of_the_browser_is_emptied_on_the_way_out() -> None:
    # Never "cache" on the fast way out: a browser walks through all it holds for that.
    assert Client().get("/exit/")["Clear-Site-Data"] == '"storage"'
    assert Client().post("/case/leave/")["Clear-Site-Data"] == '"cache", "storage"'
