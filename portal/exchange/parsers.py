"""Reads JSON from strangers: UTF-8, of bounded length and depth, and nothing else."""

import json
from collections.abc import Mapping
from typing import Any, NoReturn

from django.conf import settings
from rest_framework.exceptions import ParseError
from rest_framework.parsers import BaseParser

from portal.exchange.errors import TooLarge


def read_json(body: bytes) -> Any:
    """What a body says. Raises ParseError."""
    try:
        return json.loads(body.decode("utf-8"), parse_constant=_refuse)
    except (ValueError, RecursionError):
        raise ParseError from None


class BoundedJSONParser(BaseParser):
    """JSON, no longer than a form may be.

    REST framework's own parser follows the body's charset, even into codecs that unpack,
    breaks on deep nesting, and is bounded by the limit of an upload only.
    """

    media_type = "application/json"

    def parse(
        self,
        stream: Any,
        media_type: str | None = None,
        parser_context: Mapping[str, Any] | None = None,
    ) -> Any:
        del media_type, parser_context
        most = settings.DATA_UPLOAD_MAX_MEMORY_SIZE
        body = stream.read(most + 1)
        if len(body) > most:
            raise TooLarge
        return read_json(body)


def _refuse(constant: str) -> NoReturn:
    """NaN and Infinity are no JSON (RFC 8259, section 6)."""
    raise ValueError(constant)
