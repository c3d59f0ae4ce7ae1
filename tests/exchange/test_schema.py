import json
import re
from pathlib import Path

import pytest
import yaml
from django.core.management import call_command
from django.test import Client

from portal.exchange.reading import marked, operations
from portal.exchange.schema import document

ROOT = Path(__file__).resolve().parents[2]
SNAPSHOT = ROOT / "docs" / "api" / "openapi.yaml"


def test_the_schema_in_the_documents_is_the_one_we_serve(tmp_path: Path) -> None:
    """To renew it: python manage.py spectacular --file docs/api/openapi.yaml."""
    made = tmp_path / "openapi.json"
    call_command(
        "spectacular",
        file=str(made),
        format="openapi-json",
        validate=True,
        fail_on_warn=True,
    )
    assert json.loads(made.read_bytes()) == yaml.safe_load(SNAPSHOT.read_bytes())


@pytest.mark.parametrize("query", ["", "?format=json", "?lang=../x&version=%0d%0aX:1"])
def test_the_schema_is_served_as_json(query: str) -> None:
    answer = Client().get(f"/api/schema/{query}")
    assert answer.status_code == 200
    assert json.loads(answer.content)["paths"].keys() == document()["paths"].keys()


def test_the_schema_is_served_as_yaml() -> None:
    answer = Client().get("/api/schema/?format=yaml")
    assert yaml.safe_load(answer.content)["openapi"].startswith("3.")


def test_the_schema_is_english_for_everybody() -> None:
    document.cache_clear()
    answer = Client().get("/api/schema/", headers={"accept-language": "ko"})
    assert json.loads(answer.content) == document()
    assert "blocked in some countries" in json.dumps(document())


def test_the_page_shows_every_operation_field_and_failure() -> None:
    page = Client().get("/api/docs/").content.decode()
    for operation in operations(document()):
        assert f'id="{operation.name}"' in page
        assert operation.path in page
        for body in operation.bodies:
            for field in body.fields:
                assert field.name in page
    assert "results[].matches[].match_id" in page
    assert "Retry-After" in page


def test_the_page_runs_no_script_and_has_no_style_of_its_own() -> None:
    page = Client().get("/api/docs/").content.decode()
    block = page[page.index("<article") : page.index("</article>")]
    assert not re.search(
        r"<script|<style|\sstyle=|\son\w+=|https?://(?!testserver)", block
    )


def test_text_for_the_page_is_escaped() -> None:
    assert marked("<b> `<i>`") == "&lt;b&gt; <code>&lt;i&gt;</code>"
