"""Nothing leaves the desk in bulk: no page, no file and no command holds two cases."""

from importlib import import_module
from pathlib import Path
from pkgutil import iter_modules

import pytest
from django.apps import apps
from django.db import transaction
from django.test import Client
from django.urls import URLPattern

from portal.accounts.models import User
from portal.cases.models import Case
from portal.desk.urls import urlpatterns
from portal.platforms.models import Platform
from portal.sightings.freezing import freeze
from tests.conftest import signs_in
from tests.desk.scene import a_case, a_copy, a_draft

pytestmark = pytest.mark.django_db


def test_no_address_answers_with_more_than_one_case(
    wren: User, stella: User, chirp: Platform
) -> None:
    machine = Client()
    for seed, name in enumerate(["amina", "ben"], start=1):
        a_draft(a_copy(a_case(name, seed=seed), f"/{name}/1", seed=seed), wren)
    freeze(Case.objects.earliest("pk"), wren, "to have something to download")
    for pattern in urlpatterns:
        signs_in(machine, stella)  # one of them is the way out
        with transaction.atomic():  # one address changes nothing for the next
            answers_with_one_case_at_most(machine, pattern)
            transaction.set_rollback(True)


def answers_with_one_case_at_most(machine: Client, pattern: URLPattern) -> None:
    path = "/desk/" + str(pattern.pattern).replace("<int:pk>", "1")
    form = {"reason": "curiosity", "q": "%", "page": "all", "format": "csv"}
    form["locale"] = "en"
    for answer in (machine.get(path, form), machine.post(path, form)):
        body = answer.getvalue().decode(errors="replace")
        told = [name for name in ("amina", "ben") if f"/{name}/1" in body]
        assert len(told) < 2, pattern.name
        if answer.has_header("Content-Disposition"):
            assert pattern.name in {"referral", "forensic"}
            assert "/ben/1" not in body
            assert pattern.name == "referral" or "/amina/1" in body, "it can be read"
        elif answer.status_code == 200:
            assert answer["Content-Type"].startswith("text/html"), pattern.name


def test_no_command_of_ours_writes_cases_out() -> None:
    offered = {
        name
        for app in apps.get_app_configs()
        if app.name.startswith("portal.")
        for name in commands_of(app.name)
    }
    assert offered
    assert not [
        name for name in offered if any(verb in name for verb in ("dump", "export"))
    ]


def commands_of(app: str) -> list[str]:
    try:
        package = import_module(f"{app}.management.commands")
    except ModuleNotFoundError:
        return []
    return [
        module.name for module in iter_modules([str(Path(p)) for p in package.__path__])
    ]
