"""The documents name what there is. A new source, channel, rule or setting is written down."""

import re
from pathlib import Path

import pytest
from django.conf import settings

import tracker
from portal.notices.channels import CHANNELS
from portal.platforms.rules import all_rules

ROOT = Path(__file__).resolve().parent.parent
GUIDE = (ROOT / "docs/guides/operating.md").read_text("utf-8")
EXAMPLE = (ROOT / "deploy/production.env.example").read_text("utf-8")
SETTINGS = (ROOT / "portal/settings.py").read_text("utf-8")
NAMES = sorted(set(re.findall(r"env\.\w+\(\s*\"([A-Z_]+)\"", SETTINGS)))
TEXTS = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *ROOT.glob("docs/**/*.md")]


@pytest.mark.parametrize("name", NAMES)
def test_every_setting_is_explained(name: str) -> None:
    assert re.search(rf"\b{name}\b", GUIDE + EXAMPLE)


@pytest.mark.parametrize("kind", tracker.SOURCES)
def test_every_source_is_explained(kind: str) -> None:
    assert f"| `{kind}` |" in GUIDE


@pytest.mark.parametrize("type_", tracker.SIGNALS)
def test_every_signal_is_explained(type_: str) -> None:
    assert f"`{type_}`" in GUIDE


@pytest.mark.parametrize("channel", CHANNELS)
def test_every_channel_is_explained(channel: str) -> None:
    assert f"`{channel}`" in GUIDE


@pytest.mark.parametrize("rule", [rule.id for rule in all_rules()])
def test_every_rule_is_explained(rule: str) -> None:
    assert f"| `{rule}` |" in GUIDE


def test_every_queue_is_explained() -> None:
    for route in settings.CELERY_TASK_ROUTES.values():
        assert f"| `{route['queue']}` |" in GUIDE


@pytest.mark.parametrize("text", TEXTS, ids=lambda path: str(path.relative_to(ROOT)))
def test_every_link_within_the_repository_leads_somewhere(text: Path) -> None:
    for target in re.findall(r"\]\((?!https?:|#)([^)#]+)\)", text.read_text("utf-8")):
        assert (text.parent / target).exists(), target
