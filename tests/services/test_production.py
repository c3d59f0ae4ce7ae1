"""The house on production's parts: PostgreSQL, Redis, RabbitMQ, an S3 store."""

import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.services.conftest import BUCKET, ROOT, running

pytestmark = [pytest.mark.services, pytest.mark.slow]

# What asks the database much; what is pure, or tears at the embedded profile's own files,
# stays out.
SUITES = (
    "tests/accounts/test_chain.py tests/cases/test_actions.py tests/cases/test_keys.py "
    "tests/cases/test_evidence.py tests/cases/test_retention.py "
    "tests/cases/test_tombstones.py tests/bank/test_bank.py tests/bank/test_benign.py "
    "tests/bank/test_flooding.py tests/bank/test_index.py "
    "tests/sightings/test_at_one_moment.py tests/sightings/test_ending.py "
    "tests/sightings/test_flooding.py tests/sightings/test_looking_back.py "
    "tests/sightings/test_processing.py tests/sightings/test_rechecking.py "
    "tests/notices/test_actions.py "
    "tests/notices/test_delivering.py tests/exchange/test_lookups.py "
    "tests/exchange/test_feedback.py tests/journeys/test_report_to_notice.py "
    "tests/journeys/test_crawl_to_sighting.py tests/journeys/test_lookup.py "
    "tests/journeys/test_withdrawal.py tests/services/test_concurrency.py "
    "tests/services/test_feed_at_once.py tests/exchange/test_feed.py "
    "tests/services/test_withdrawal_everywhere.py"
)
GUARDS = "--import-mode=importlib --disable-socket --allow-hosts=127.0.0.1,::1"

SUBMIT = """
import django
django.setup()
from django.db import transaction
from demo.edits import encode
from demo.pictures import draw
from portal.cases.actions import Told, submit_report
from portal.cases.models import Consent
from portal.celery import ring_on_commit
from portal.sightings.tasks import process_report
with transaction.atomic():
    report = submit_report(
        token="t" * 43,
        told=Told(pictures=[encode(draw(1))], consents={Consent.Kind.MATCHING: ()}),
    ).report
    ring_on_commit(process_report, report.pk)
"""
PROCESSED = """
import django
django.setup()
from portal.bank.models import Signal
from portal.cases.models import Report
print(Report.objects.exclude(processed_at=None).count(), Signal.objects.whole().count())
"""


def python(environment: dict[str, str], *arguments: str) -> str:
    ended = subprocess.run(
        [sys.executable, *arguments],
        cwd=ROOT,
        env=environment,
        capture_output=True,
        text=True,
        timeout=600,
        check=False,
    )
    assert ended.returncode == 0, ended.stdout[-5000:] + ended.stderr[-5000:]
    return ended.stdout


def test_the_main_journeys_and_rules_hold_on_productions_parts(
    production: dict[str, str],
) -> None:
    options = ["-o", "addopts=", "-q", "-p", "no:cacheprovider", *GUARDS.split()]
    said = python(production, "-m", "pytest", *options, *SUITES.split())
    closing = said.strip().splitlines()[-1]
    assert " passed" in closing
    assert "failed" not in closing


@pytest.mark.parametrize("broker", ["redis", "rabbitmq"])
def test_a_bell_is_heard_over_a_real_broker(
    production: dict[str, str],
    broker: str,
    request: pytest.FixtureRequest,
    tmp_path: Path,
) -> None:
    """No scheduler runs, so that only the bell can have been heard."""
    if broker == "rabbitmq":
        production["BROKER_URL"] = request.getfixturevalue("rabbitmq")
    python(production, "manage.py", "migrate", "--verbosity", "0")
    python(production, "manage.py", "flush", "--noinput", "--verbosity", "0")
    log = tmp_path / "server.log"
    programs = "-m celery --app portal worker --pool threads --loglevel INFO"
    worker = [sys.executable, *programs.split(), "--queues", "default,detect"]
    environment = production | {"PYTHONPATH": str(ROOT)}
    with running(
        worker, lambda: " ready." in log.read_text("utf-8"), tmp_path, environment
    ):
        python(production, "-c", SUBMIT)
        deadline = time.monotonic() + 30
        while (told := python(production, "-c", PROCESSED).split()) != ["1", "3"]:
            assert time.monotonic() < deadline, (told, log.read_text("utf-8"))


def test_evidence_on_s3_is_sealed(production: dict[str, str]) -> None:
    python(production, "manage.py", "migrate", "--verbosity", "0")
    kept = python(production, "-c", KEEP).split()
    assert kept == ["opened", "held", "released", "sealed", "gone"]


KEEP = f"""
import boto3, django
django.setup()
from django.conf import settings
from django.core.files.storage import storages
from portal.cases import evidence
from portal.cases.actions import Told, open_case, submit_report, withdraw_case
words = b"the victim's own words " * 50
receipt = submit_report(token="k" * 43, told=Told(pictures=[words]))
case = receipt.report.case
exhibit = case.exhibits.get()
_, key = open_case(receipt.passphrase)
data = evidence.open_exhibit(key, exhibit, reason="a test")
print("opened" if data == words else "differs")
held = evidence.open_held(exhibit.held_as, actor="task:test", reason="a test")
print("held" if held == words else "differs")
evidence.release(exhibit.held_as)
try:
    evidence.open_held(exhibit.held_as, actor="task:test", reason="a test")
except evidence.EvidenceError as error:
    print("released" if "destroyed" in str(error) else "differs")
options = settings.STORAGES["evidence"]["OPTIONS"]
store = boto3.client("s3", endpoint_url=options["endpoint_url"])
name = options["location"] + "/" + exhibit.stored_as
body = store.get_object(Bucket="{BUCKET}", Key=name)["Body"].read()
print("clear" if b"victim" in body else "sealed")
withdraw_case(case)
print("there" if storages["evidence"].exists(exhibit.stored_as) else "gone")
"""
