"""What a victim does in the demo: the report's steps, filled as a person would fill them.

Their device is played by the tracker: it makes the codes of a picture that it keeps.
"""

import json
from collections.abc import Mapping

import tracker
from demo.browser import Browser
from demo.places import DemoError

CONSENTS = ["matching", "sharing", "notices", "evidence", "check"]
Answers = Mapping[str, str | list[str]]


def file_report(victim: Browser, picture: bytes, urls: str) -> str:
    """File a hash-only report and return the passphrase. Raises DemoError."""
    steps: dict[str, Answers] = {
        "what": {"kinds": ["real_picture"]},
        "where": {"urls": urls},
        "picture": {"claims": codes_of(picture)},
        "fears": {"details": "Somebody posts this picture again and again."},
        "allow": {"consents": CONSENTS},
        "reach": {"channel": "none"},
    }
    for name, answers in steps.items():
        path = f"/report/{name}/"
        page = victim.send(victim.open(path), path, {**answers, "go": "next"})
        if page.url == path:
            raise DemoError(
                f"The step “{name}” was not taken: {page.said('//*[@role]')}"
            )
    received = victim.send(victim.open("/report/review/"), "/report/review/", {})
    if passphrase := received.said("//output[@id='passphrase']"):
        return passphrase
    raise DemoError(f"The report was not taken (answer {received.status}).")


def upload_picture(victim: Browser, passphrase: str, picture: bytes) -> None:
    """The second step that nobody has to take: the picture itself, into the open case.

    Raises DemoError.
    """
    opened = victim.send(victim.open("/case/"), "/case/", {"passphrase": passphrase})
    if opened.url != "/case/status/":
        raise DemoError("The passphrase did not open the case.")
    path = "/case/upload/"
    agreed = victim.send(victim.open(path), path, {"adult": "on", "keep": "on"})
    files = [("pictures", ("picture.jpg", picture, "image/jpeg"))]
    if victim.send(agreed, path, {"send": "1"}, files).said("//*[@role='alert']"):
        raise DemoError("The picture was not taken.")


def codes_of(picture: bytes) -> str:
    """The field `claims`, as the page of the third step writes it."""
    hashed = tracker.hash_picture(tracker.decode(picture), whole=True)
    made = {signal.type: signal for signal in hashed}
    pdq = made["pdq"]
    claim = {
        "kind": "picture",
        "sha256": made["sha256"].value,
        "pdq": [{"value": pdq.value, "quality": pdq.quality}],
    }
    return json.dumps([claim])
