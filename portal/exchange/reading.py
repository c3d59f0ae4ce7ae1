"""Turns the OpenAPI schema into what a page can show: no script, our own design, one truth.

Swagger UI runs under our content security policy, but not past an accessibility checker;
Redoc does not run at all.
"""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString

Schema = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Field:
    """One value in a body: `name` is its path, e.g. "results[].matches[].kind"."""

    name: str
    type: str
    optional: bool
    about: SafeString


@dataclass(frozen=True, slots=True)
class Body:
    """What is sent or comes back, in one media type."""

    media_type: str
    fields: list[Field]
    example: str  # JSON, or empty


@dataclass(frozen=True, slots=True)
class Answer:
    status: str
    about: SafeString
    bodies: list[Body]


@dataclass(frozen=True, slots=True)
class Operation:
    name: str
    method: str
    path: str
    summary: str
    about: SafeString
    bodies: list[Body]
    answers: list[Answer]
    failures: list[Answer]


def operations(document: Schema) -> list[Operation]:
    """All operations of an OpenAPI 3 document, in its order."""
    return [
        _operation(path, method, each, document)
        for path, methods in document["paths"].items()
        for method, each in methods.items()
    ]


def marked(text: str) -> SafeString:
    """Text with its `code` as code, and all else escaped.

    >>> marked("wait as `Retry-After` says")
    'wait as <code>Retry-After</code> says'
    """
    parts = text.split("`")
    forms = ("{}", "<code>{}</code>")
    return format_html_join(
        "", "{}", ((format_html(forms[at % 2], part),) for at, part in enumerate(parts))
    )


def _operation(path: str, method: str, each: Schema, document: Schema) -> Operation:
    answers = [
        Answer(status, marked(answer["description"]), _bodies(answer, document))
        for status, answer in sorted(each["responses"].items())
    ]
    return Operation(
        name=each["operationId"],
        method=method.upper(),
        path=path,
        summary=each["summary"],
        about=marked(each["description"]),
        bodies=_bodies(each.get("requestBody", {}), document),
        answers=[answer for answer in answers if answer.status < "400"],
        failures=[answer for answer in answers if answer.status >= "400"],
    )


def _bodies(holder: Schema, document: Schema) -> list[Body]:
    return [
        Body(media_type, list(_fields(held["schema"], document)), _example(held))
        for media_type, held in holder.get("content", {}).items()
    ]


def _example(held: Schema) -> str:
    for example in held.get("examples", {}).values():
        return json.dumps(example["value"], indent=2)
    return ""


def _fields(schema: Schema, document: Schema, path: str = "") -> Iterator[Field]:
    schema = _resolved(schema, document)
    for name, inner in schema.get("properties", {}).items():
        optional = name not in schema.get("required", [])
        yield from _field(inner, document, f"{path}{name}", optional=optional)


def _field(
    schema: Schema, document: Schema, name: str, *, optional: bool
) -> Iterator[Field]:
    about = schema.get("description", "")
    schema = _resolved(schema, document)
    if schema["type"] == "array":
        yield from _field(schema["items"], document, f"{name}[]", optional=optional)
    elif schema["type"] == "object":
        yield from _fields(schema, document, f"{name}.")
    else:
        choices = ", ".join(f"`{choice}`" for choice in schema.get("enum", []))
        yield Field(name, schema["type"], optional, marked(choices or about))


def _resolved(schema: Schema, document: Schema) -> Schema:
    name = schema.get("$ref", "").rpartition("/")[2]
    if not name:
        return schema
    found: Schema = document["components"]["schemas"][name]
    return found
