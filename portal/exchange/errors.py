"""Every failure as {"error": code, "detail": sentence}: never a page, never a traceback."""

import logging
from typing import Any

from django.core.exceptions import RequestDataTooBig, SuspiciousOperation
from django.http import UnreadablePostError
from rest_framework import exceptions
from rest_framework.response import Response
from rest_framework.views import exception_handler

from portal.bank.actions import BankAwayError, BankError
from portal.exchange.actions import ExchangeError

logger = logging.getLogger(__name__)

# REST framework's code: ours, and what it means.
SENTENCES = {
    "not_authenticated": (
        "no_key",
        'Send your key as "Authorization: Bearer rk_...".',
    ),
    "authentication_failed": ("bad_key", "This key is not in force."),
    "permission_denied": ("wrong_scope", "This key may not do that."),
    "throttled": ("throttled", "Too many requests. Wait as Retry-After says."),
    "parse_error": ("malformed", "The body cannot be read as what it says it is."),
    "unsupported_media_type": (
        "unsupported_media_type",
        "Send application/json, or multipart/form-data where a picture is taken.",
    ),
    "method_not_allowed": ("method_not_allowed", "This address has another method."),
    "not_acceptable": ("not_acceptable", "We answer in JSON only."),
    "not_found": ("not_found", "There is nothing at this address."),
}
STATUSES = {"unknown_match": 404, "cursor_lost": 410, "too_large": 413, "away": 503}


class TooLarge(exceptions.APIException):
    """A body longer than it may be, found while reading it."""

    status_code = 413
    default_code = "too_large"
    default_detail = "The body is too large."


def answer(error: Exception, context: dict[str, Any]) -> Response:
    """What the asking machine is told about `error`. Only ids and places are logged."""
    if isinstance(error, ExchangeError | BankError):
        return _problem(error.code, str(error))
    if isinstance(error, BankAwayError):
        logger.error("the bank is away", exc_info=error)
        return _problem("away", "The bank cannot answer now. Ask again later.")
    if isinstance(error, exceptions.ValidationError):
        place, leaf = _first(error.detail)
        return _problem(*_named(place, leaf))
    if isinstance(error, RequestDataTooBig):
        error = TooLarge()
    if isinstance(error, SuspiciousOperation | UnreadablePostError):
        return _problem(*SENTENCES["parse_error"])
    response = exception_handler(error, context)
    if response is None:
        logger.error("exchange failed", exc_info=error)
        response = Response(status=500)
        code, sentence = "failed", "Something broke on our side. Try again later."
    else:
        code = response.data["detail"].code
        code, sentence = SENTENCES.get(code, (code, str(response.data["detail"])))
    response.data = {"error": code, "detail": sentence}
    return response


def _problem(code: str, sentence: str) -> Response:
    status = STATUSES.get(code, 400)
    return Response({"error": code, "detail": sentence}, status=status)


def _first(detail: Any, place: str = "") -> tuple[str, exceptions.ErrorDetail]:
    """The first thing wrong, and where: ("pictures[0][2]", "A pdq signal is ...")."""
    if isinstance(detail, dict):
        name, inner = next(iter(detail.items()))
        if isinstance(name, int):
            return _first(inner, f"{place}[{name}]")
        return _first(inner, "" if name == "non_field_errors" else name)
    if isinstance(detail, list):
        return _first(detail[0], place)
    return place, detail


def _named(place: str, leaf: exceptions.ErrorDetail) -> tuple[str, str]:
    known = {"not_a_signal", "too_many", "nothing_asked", "one_question", "too_large"}
    code = leaf.code if leaf.code in known else "invalid"
    return code, f"{place}: {leaf}" if place else str(leaf)
