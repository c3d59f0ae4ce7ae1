"""What the OpenAPI schema says beyond the types: how to authenticate, examples, failures."""

from collections.abc import Mapping
from functools import cache
from typing import Any

import yaml
from django.utils import translation
from drf_spectacular.extensions import OpenApiAuthenticationExtension
from drf_spectacular.generators import SchemaGenerator
from drf_spectacular.utils import OpenApiExample, OpenApiResponse
from rest_framework.renderers import BaseRenderer

from portal.exchange.serializers import (
    FeedbackGiven,
    FeedbackTaken,
    FeedPage,
    FeedQuestion,
    LookupQuestions,
    LookupResults,
    Problem,
    Status,
)


# The base class registers whoever inherits, in a method without types.
class KeyScheme(OpenApiAuthenticationExtension):
    target_class = "portal.exchange.authentication.KeyAuthentication"
    name = "key"

    def get_security_definition(self, auto_schema: Any) -> dict[str, str]:
        del auto_schema
        return {
            "type": "http",
            "scheme": "bearer",
            "description": "rk_<prefix>_<secret>, given to a platform by two people.",
        }


FAILURES = {
    400: "The question cannot be asked: `malformed`, `not_a_signal` (its place is named), "
    "`one_question`, `nothing_asked`, `too_many`, `invalid`, `bad_cursor`, or why a file is "
    "no picture.",
    401: "`no_key` or `bad_key`.",
    403: "`wrong_scope`: the key may not do this.",
    404: "`unknown_match`: no match of this platform has this id, or not any longer.",
    410: "`cursor_lost`: start again without a cursor, and forget what does not come again.",
    413: "`too_large`.",
    415: "`unsupported_media_type`.",
    429: "`throttled`: wait as many seconds as `Retry-After` says.",
    503: "`away`: the bank cannot answer now, which does not mean that nothing matches.",
}


def _failures(*statuses: int) -> dict[int, OpenApiResponse]:
    return {
        status: OpenApiResponse(Problem, description=FAILURES[status])
        for status in statuses
    }


def _cursor(place: int) -> str:
    return f"{place:016x}" + "5b1f0c2e9d8a4763" * 2


_PDQ = "a8f6" * 16
_MATCH = {
    "match_id": "5b1f0c2e9d8a47634c1be0f7a2d95e10",
    "kind": "near",
    "type": "pdq",
    "distance": 12,
}

LOOKUPS: dict[str, Any] = {
    "operation_id": "lookup",
    "summary": "Ask whether pictures are known",
    "description": (
        "Send hashes as `signals`, each a question of its own, or as `pictures`, each the "
        "list of one picture's signals; or upload one picture, which is hashed and "
        "forgotten. Results come in the order asked. Only exact and near matches are told, "
        "and only of pictures whose owner agreed to share. Keep the `match_id`: it is how "
        "you tell us what you did. Needs the scope `lookup`."
    ),
    "request": {
        "application/json": LookupQuestions,
        "multipart/form-data": {
            "type": "object",
            "required": ["picture"],
            "properties": {"picture": {"type": "string", "format": "binary"}},
        },
    },
    "responses": {
        200: LookupResults,
        **_failures(400, 401, 403, 413, 415, 429, 503),
    },
    "examples": [
        OpenApiExample(
            "One signal",
            value={"signals": [{"type": "pdq", "value": _PDQ}]},
            request_only=True,
            media_type="application/json",
        ),
        OpenApiExample(
            "One match",
            value={"results": [{"matches": [_MATCH]}]},
            response_only=True,
            status_codes=["200"],
        ),
    ],
}
FEED: dict[str, Any] = {
    "operation_id": "feed",
    "summary": "Read the signals to watch for, and what to forget again",
    "description": (
        "Entries in the order in which they changed, each signal once, as it is now. Ask "
        "with the `next` of the last answer: that says that all before it has arrived, and "
        "the person whose picture it is sees when you were told to forget it and when you "
        "confirmed. A signal that is `withdrawn` is to be forgotten at once; keep its value "
        "only if another entry of yours has the same. Only signals whose owner agreed to "
        "share with you are here. Needs the scope `feed`."
    ),
    "parameters": [FeedQuestion],
    "responses": {200: FeedPage, **_failures(400, 401, 403, 410, 429)},
    "examples": [
        OpenApiExample(
            "One to watch for, one to forget",
            value={
                "entries": [
                    {
                        "cursor": _cursor(7),
                        "match_id": _MATCH["match_id"],
                        "type": "pdq",
                        "value": _PDQ,
                        "version": "pdq-1",
                        "quality": 100,
                        "state": "active",
                    },
                    {
                        "cursor": _cursor(8),
                        "match_id": "0e4d7b9c5a1f4c7e8b2d6a3f1c0e9d8b",
                        "type": "sha256",
                        "value": "9c1e" * 16,
                        "version": "sha256-1",
                        "quality": None,
                        "state": "withdrawn",
                    },
                ],
                "next": _cursor(8),
            },
            response_only=True,
            status_codes=["200"],
        ),
    ],
}
FEEDBACK: dict[str, Any] = {
    "operation_id": "feedback",
    "summary": "Tell what you did about a match",
    "description": (
        "The person whose picture it is sees it on their timeline: which step, never whose. "
        "Telling the same outcome again corrects its count. Needs the scope `feedback`."
    ),
    "request": {"application/json": FeedbackGiven},
    "responses": {
        201: OpenApiResponse(FeedbackTaken, description="Taken down."),
        200: OpenApiResponse(
            FeedbackTaken, description="Known; the count is corrected."
        ),
        **_failures(400, 401, 403, 404, 413, 415, 429),
    },
    "examples": [
        OpenApiExample(
            "Removed three copies",
            value={"match_id": _MATCH["match_id"], "outcome": "removed", "count": 3},
            request_only=True,
            media_type="application/json",
        ),
    ],
}
STATUS: dict[str, Any] = {
    "operation_id": "status",
    "summary": "Ask whether we answer, what your key may do, and the limits",
    "description": "Needs no key. With one, its scopes are listed.",
    "responses": {200: Status, **_failures(401, 429)},
}


@cache
def document() -> dict[str, Any]:
    """The whole schema, in English. It changes with the code only, so it is made once."""
    generator: Any = SchemaGenerator
    with translation.override("en"):
        made: dict[str, Any] = generator().get_schema(request=None, public=True)
    return made


class YamlRenderer(BaseRenderer):
    """YAML by the dumper in Python: the one in C fails in a process that is traced."""

    media_type = "application/vnd.oai.openapi"
    format = "yaml"

    def render(
        self,
        data: Any,
        accepted_media_type: str | None = None,
        renderer_context: Mapping[str, Any] | None = None,
    ) -> str:
        del accepted_media_type, renderer_context
        return yaml.safe_dump(data, sort_keys=False, allow_unicode=True)
