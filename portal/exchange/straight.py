"""The straight way of a lookup that is in order, as nearly all are.

Sessions, languages and REST framework take several times as long as the index takes to
answer. A machine has no use for the first two; what is not plainly in order is left to the
third, which says what is wrong. Both ways ask the same action, read a signal by the same
field, and answer with the same bytes.
"""

import json
import threading
from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from rest_framework.exceptions import APIException

from portal.exchange import actions, errors
from portal.exchange.authentication import find_key
from portal.exchange.models import ApiKey
from portal.exchange.parsers import read_json
from portal.exchange.serializers import MOST, MOST_SIGNALS, SignalField
from portal.exchange.throttling import KeyThrottle
from portal.middleware import Handler

ACCEPTED = ("", "*/*", "application/json")
HEADERS = {"Allow": "POST, OPTIONS", "Content-Language": "en"}
_SIGNAL = SignalField()
# Lookups of one process at once: it is work for a processor, and more than these would
# wait for each other with the database's lock in their hands.
_turns = threading.BoundedSemaphore(2)


def lookups(get_response: Handler) -> Handler:
    """Answers lookups by hashes behind the middleware that every answer passes."""
    path = reverse("exchange:lookups")

    def handle(request: HttpRequest) -> HttpResponse:
        if request.path_info != path or not _is_plain(request):
            return get_response(request)
        request.get_host()  # refuses a host that is not ours, which is not done before
        try:
            body = request.body  # however slowly it comes, it takes nobody's turn
            with _turns:
                answer = _answer(request, body)
        except Exception as error:  # noqa: BLE001 (told and logged as the other way does)
            problem = errors.answer(error, {})
            return _json(problem.data, problem.status_code)
        return answer or get_response(request)

    return handle


def _answer(request: HttpRequest, body: bytes) -> HttpResponse | None:
    key = find_key(request.headers["Authorization"].encode("latin-1"))
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
    return _json({"results": results})


def _is_plain(request: HttpRequest) -> bool:
    """JSON of a length that may be, by a key, and JSON is wanted back."""
    length = request.headers.get("Content-Length", "")
    return (
        request.method == "POST"
        and request.content_type == "application/json"
        and length.isdecimal()
        and int(length) <= settings.DATA_UPLOAD_MAX_MEMORY_SIZE
        and request.headers.get("Accept", "") in ACCEPTED
        and "Authorization" in request.headers
        and not request.META.get("QUERY_STRING")
    )


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


def _json(data: object, status: int = 200) -> HttpResponse:
    body = json.dumps(data, ensure_ascii=False, separators=(",", ":"))
    answer = HttpResponse(
        body, content_type="application/json", status=status, headers=HEADERS
    )
    answer.headers["Content-Length"] = str(len(answer.content))
    return answer
