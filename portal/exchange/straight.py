"""The straight way of a lookup that is in order, as nearly all are.

Django's handler, its middleware and REST framework take several times as long as the index
takes to answer, and a machine has no use for sessions and languages. What is not plainly in
order is left to them, who say what is wrong. Both ways ask the same action, read a signal by
the same field, and answer with the same bytes.
"""

import json
from collections.abc import Callable, Iterable
from http import HTTPStatus
from io import BytesIO
from queue import SimpleQueue
from typing import TYPE_CHECKING, Any

from django.conf import settings
from django.db import close_old_connections
from django.urls import reverse
from rest_framework.exceptions import APIException

from portal.exchange import actions, errors
from portal.exchange.authentication import find_key
from portal.exchange.models import ApiKey
from portal.exchange.parsers import read_json
from portal.exchange.serializers import MOST, MOST_SIGNALS, SignalField
from portal.exchange.throttling import KeyThrottle

if TYPE_CHECKING:
    from wsgiref.types import StartResponse, WSGIApplication, WSGIEnvironment

Headers = list[tuple[str, str]]
Place = tuple[str, str, str]  # host, and how it was reached: what headers depend on

PLAIN = ("application/json", "application/json; charset=utf-8")
ACCEPTED = ("", "*/*", "application/json")
MOST_PLACES = 64
_SIGNAL = SignalField()
# Who answers takes a turn and gives it back: it is work for a processor, and more than
# two in one process would wait for each other with the database's lock in their hands. A
# queue, because Python's semaphores take as long as a question to the database.
_turns: SimpleQueue[None] = SimpleQueue()
for _ in range(2):
    _turns.put(None)


def straight(portal: "WSGIApplication") -> "WSGIApplication":
    """The portal, with lookups by hashes answered before anything of Django's is asked.

    Which hosts are ours, and which headers an answer carries there, is the portal's to say:
    it answers the first lookup of each host, and its headers are kept for those after.
    """
    path = reverse("exchange:lookups")
    known: dict[Place, Headers] = {}

    def handle(
        environ: "WSGIEnvironment", start_response: "StartResponse"
    ) -> Iterable[bytes]:
        if environ["PATH_INFO"] != path or not _is_plain(environ):
            return portal(environ, start_response)
        place = (
            environ["HTTP_HOST"],
            environ["wsgi.url_scheme"],
            environ.get("HTTP_X_FORWARDED_PROTO", ""),
        )
        headers = known.get(place)
        if headers is None:
            return portal(environ, _learning(known, place, start_response))
        # However slowly it comes, it takes nobody's turn.
        body = environ["wsgi.input"].read(int(environ["CONTENT_LENGTH"]))
        status, told = _told(environ["HTTP_AUTHORIZATION"].encode("latin-1"), body)
        if told is None:
            environ["wsgi.input"] = BytesIO(body)
            return portal(environ, start_response)
        answer = json.dumps(told, ensure_ascii=False, separators=(",", ":")).encode()
        length = ("Content-Length", str(len(answer)))
        start_response(f"{status} {HTTPStatus(status).phrase}", [*headers, length])
        return [answer]

    return handle


def _told(authorization: bytes, body: bytes) -> tuple[int, Any]:
    """Status and answer; None for what is not in order."""
    _turns.get()
    try:
        close_old_connections()  # as Django does for each request
        return HTTPStatus.OK, _answer(authorization, body)
    except Exception as error:  # noqa: BLE001 (told and logged as the other way does)
        problem = errors.answer(error, {})
        return problem.status_code, problem.data
    finally:
        _turns.put(None)


def _answer(authorization: bytes, body: bytes) -> dict[str, Any] | None:
    key = find_key(authorization)
    if key is None or ApiKey.Scope.LOOKUP not in key.scopes:
        return None
    questions = _questions(body)
    if questions is None or not KeyThrottle().allows(key):
        return None
    results = [
        {
            "matches": [
                {
                    "match_id": match.match_id,
                    "kind": match.kind,
                    "type": match.type,
                    "distance": match.distance,
                }
                for match in matches
            ]
        }
        for matches in actions.lookup(key, questions)
    ]
    return {"results": results}


def _is_plain(environ: "WSGIEnvironment") -> bool:
    """JSON of a length that may be, by a key, and JSON is wanted back."""
    length = environ.get("CONTENT_LENGTH", "")
    return (
        environ["REQUEST_METHOD"] == "POST"
        and environ.get("CONTENT_TYPE", "").lower() in PLAIN
        and length.isdecimal()
        and int(length) <= settings.DATA_UPLOAD_MAX_MEMORY_SIZE
        and environ.get("HTTP_ACCEPT", "") in ACCEPTED
        and "HTTP_AUTHORIZATION" in environ
        and "HTTP_HOST" in environ
        and not environ.get("QUERY_STRING")
        and not environ.get("SCRIPT_NAME")
    )


def _learning(
    known: dict[Place, Headers], place: Place, start_response: "StartResponse"
) -> "StartResponse":
    """Keeps the headers of an answer that was given."""

    def start(
        status: str, headers: Headers, exc_info: Any = None
    ) -> Callable[[bytes], object]:
        if status.startswith("200 "):
            if len(known) >= MOST_PLACES:
                known.clear()
            known[place] = [h for h in headers if h[0].lower() != "content-length"]
        return start_response(status, headers, exc_info)

    return start


def _questions(body: bytes) -> list[list[Any]] | None:
    """One list of signals for each result that is due; None if anything is amiss."""
    try:
        ((name, asked),) = read_json(body).items()
        if name not in {"signals", "pictures"} or not _is_list(asked, MOST):
            return None
        lists = [[signal] for signal in asked] if name == "signals" else asked
        if not all(_is_list(signals, MOST_SIGNALS) for signals in lists):
            return None
        read = _SIGNAL.to_internal_value
        return [[read(signal) for signal in signals] for signals in lists]
    except (APIException, AttributeError, ValueError):
        return None


def _is_list(value: object, most: int) -> bool:
    return isinstance(value, list) and 1 <= len(value) <= most
