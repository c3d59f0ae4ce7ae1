"""Nothing of a case can leave.

Every field of every row about a victim is filled with a value found nowhere else, and every
answer that a machine can get is searched for them.
"""

from __future__ import annotations

import base64
import itertools
import json
import re
import uuid
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from django.apps import apps
from django.db import models

from portal.accounts.models import User
from portal.bank.models import Sequence, Signal
from portal.cases.models import Case, Consent
from portal.exchange.models import ApiKey, Lookup
from portal.exchange.serializers import LookupResults
from portal.sightings.models import Sighting
from tests.exchange.conftest import Answer, Machine, as_json, picture, signals_of

pytestmark = pytest.mark.django_db

MAY_LEAVE = {
    "results",
    "matches",
    "match_id",
    "kind",
    "type",
    "distance",
    "outcome",
    "count",
    "status",
    "scopes",
    "most_questions",
    "most_signals_per_picture",
    "most_bytes",
    "entries",
    "next",
    "cursor",
    "value",
    "version",
    "quality",
    "state",
    "error",
    "detail",
}
ABOUT_VICTIMS = ("cases", "bank", "sightings", "notices")
# What a row must hold for a match to be possible at all, and to be valid.
FIXED: dict[str, Any] = {
    "cases.case.withdrawn_at": None,
    "cases.case.ending": "",
    "cases.case.language": "en",
    "cases.keywrap.holder": "passphrase",
    "cases.keywrap.user": None,
    "cases.hold.approved_by": None,
    "cases.consent.scope": [],
    "bank.benign.approved_by": None,
    "bank.benign.in_force_at": None,
    "bank.signal.benign": None,
    "bank.signal.quarantined_at": None,
    "bank.feed.platform": "platform",
    "bank.told.platform": "platform",
    "bank.told.state": "active",
    "cases.consent.kind": Consent.Kind.SHARING,
    "cases.consent.revoked_at": None,
    "notices.notice.state": "draft",
    "notices.notice.approved_by": None,
    "notices.notice.recipient": "platform",
    "sightings.source.platform": "platform",
    "sightings.sighting.platform": "platform",
}


class Planter:
    """Makes one row of every model, each of its fields a value of its own."""

    def __init__(self, staff: User) -> None:
        self.numbers = itertools.count(880_001)
        self.planted: set[str] = set()
        self.rows: dict[type[models.Model] | None, models.Model] = {User: staff}

    def plant_all(self, **fixed: Any) -> None:
        waiting = [
            model
            for label in ABOUT_VICTIMS
            for model in apps.get_app_config(label).get_models()
        ]
        while waiting:
            model = waiting.pop(0)
            needs = {f.related_model for f in model._meta.concrete_fields}
            if needs & set(waiting):
                waiting.append(model)
                continue
            self.plant(model, **fixed)

    def plant(self, model: type[models.Model], **fixed: Any) -> None:
        row = model()
        for field in model._meta.concrete_fields:
            name = f"{model._meta.label_lower}.{field.name}"
            if field.is_relation:
                related = field.related_model
                value = FIXED[name] if name in FIXED else self.rows.get(related)
                value = fixed.get(value, value) if isinstance(value, str) else value
            else:
                value = fixed.get(name, FIXED.get(name, self))
                value = self.value(field) if value is self else value
            setattr(row, field.name, value)
        row.save(force_insert=True)
        self.rows[model] = row

    def value(self, field: models.Field[Any, Any]) -> Any:
        number = next(self.numbers)
        word = f"plt{number}"
        value: Any = word
        traces = {word}
        match field:
            case models.BooleanField():
                value, traces = True, set()
            case models.UUIDField():
                value = uuid.uuid4()
                traces = {str(value), value.hex}
            case models.PositiveSmallIntegerField():
                value = 20_000 + number % 10_000
                traces = {str(value)}
            case models.IntegerField():
                value, traces = number, {str(number)}
            case models.DateTimeField():
                value = datetime(1931, 1, 1, tzinfo=UTC) + timedelta(days=number % 7000)
                traces = {str(value.date())}
            case models.DateField():
                value = date(1931, 1, 1) + timedelta(days=number % 7000)
                traces = {str(value)}
            case models.BinaryField():
                value = word.encode()
                traces |= {value.hex(), base64.b64encode(value).decode()}
            case models.JSONField():
                value = {word: word}
        self.planted |= traces
        return value


@pytest.fixture
def planter(machine: Machine, wren: User) -> Planter:
    planter = Planter(wren)
    known = signals_of()["pdq"]
    planter.plant_all(
        platform=ApiKey.objects.get().platform,
        **{
            "bank.signal.type": known.type,
            "bank.signal.value": known.value,
            # What the feed exists to give: a signal's own fields.
            "bank.signal.version": known.version,
            "bank.signal.quality": known.quality,
            "bank.signal.seq": 1,
            "bank.signal.box": [0, 0, 1, 1],
            "bank.sequence.id": 1,
            "bank.sequence.last": 1,
        },
    )
    return planter


def every_answer(machine: Machine) -> Iterator[Answer]:
    """One of each kind of answer that the exchange has."""
    known = as_json(signals_of()["pdq"])
    found = machine.posts("lookups", {"signals": [known]})
    yield found
    (match,) = found.json()["results"][0]["matches"]
    yield machine.posts("lookups", {"pictures": [[known], [known]]})
    yield machine.uploads(picture())
    yield machine.uploads(b"no picture")
    yield machine.tells(match["match_id"])
    yield machine.tells(match["match_id"], count=2)
    yield machine.tells("0" * 32)
    yield machine.posts("feedback", {"match_id": 1})
    yield machine.posts("lookups", {"signals": [known | {"value": "X"}]})
    yield machine.posts("lookups", {})
    yield machine.posts("nowhere", {})
    yield machine.client.get("/api/v1/lookups")
    yield machine.client.get("/api/v1/status")
    ApiKey.objects.update(scopes=["feed", "feedback"])
    page = machine.client.get("/api/v1/feed")
    assert len(page.json()["entries"]) == 1
    yield page
    yield machine.client.get("/api/v1/feed?after=0&limit=x")
    withdrawn_at = datetime(1999, 1, 1, tzinfo=UTC)
    Case.objects.update(withdrawn_at=withdrawn_at, ending=Case.Ending.WITHDRAWN)
    yield machine.tells(match["match_id"])
    yield machine.client.get(f"/api/v1/feed?after={page.json()['next']}")
    yield machine.client.get("/api/v1/feed")
    ApiKey.objects.update(scopes=[])
    yield machine.posts("lookups", {"signals": [known]})


def keys_in(value: object) -> set[str]:
    if isinstance(value, dict):
        return set(value) | {key for inner in value.values() for key in keys_in(inner)}
    if isinstance(value, list):
        return {key for inner in value for key in keys_in(inner)}
    return set()


def test_no_value_of_a_case_leaves_in_any_answer(
    machine: Machine, planter: Planter
) -> None:
    assert len(planter.planted) > 100
    assert {Case, Signal, Sighting, Sequence} <= set(planter.rows)
    answers = list(every_answer(machine))
    assert Lookup.objects.earliest("pk").matched == 1
    for answer in answers:
        text = answer.content.decode() + json.dumps(dict(answer.headers))
        # Match ids and cursors hold digits by chance.
        text = re.sub('"([0-9a-f]{32}|[0-9a-f]{48})"', "", text)
        leaked = {value for value in planter.planted if value in text}
        assert leaked == set()


def test_only_named_fields_leave_in_any_answer(
    machine: Machine, planter: Planter
) -> None:
    assert planter.planted
    for answer in every_answer(machine):
        assert keys_in(answer.json()) <= MAY_LEAVE


def test_a_field_that_an_action_adds_does_not_leave_by_itself() -> None:
    extra = {"match_id": "a", "kind": "near", "type": "pdq", "distance": 1, "case": 7}
    shown = LookupResults({"results": [{"matches": [extra], "reference": "R-1"}]}).data
    assert keys_in(json.loads(json.dumps(shown))) <= MAY_LEAVE
