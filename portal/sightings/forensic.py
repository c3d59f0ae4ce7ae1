"""The forensic report of one copy, from what is on record: nothing is opened for it.

It holds no picture. It tells where a copy was found, what the detector said of it and why,
how often the methods err, and who has held the file since.
"""

import io
import zipfile
from collections.abc import Iterator
from contextlib import suppress
from datetime import UTC, datetime
from typing import Final

from django.conf import settings
from django.utils.translation import gettext as _
from nacl.signing import SigningKey

from detector import VERSION, TrustError, explain, report
from detector.assessment import Phrase
from detector.report.signing import SUFFIX, read_key
from portal.accounts.actions import audit
from portal.accounts.models import AuditEntry, User
from portal.sightings import assessing, saying
from portal.sightings.models import Assessment, Sighting

# The earliest that a ZIP can say, so that the same facts are the same bytes.
_EARLIEST: Final = (1980, 1, 1, 0, 0, 0)


class ForensicError(Exception):
    """The report cannot be written, and why."""


def written(
    sighting: Sighting,
    assessment: Assessment,
    worker: User,
    *,
    reason: str,
    locale: str,
) -> bytes:
    """The report as PDF and HTML, each with its signature, in a ZIP; on record first.

    Raises ForensicError, and ValueError without a reason.
    """
    try:
        _require_this_version(assessment)
        key = _signing_key()
        document = report.compose(_examined(sighting, assessment), locale)
        files = {
            "report.pdf": report.pdf(document),
            "report.html": report.html(document).encode(),
        }
    except (report.FontError, report.KeyFileError, TrustError) as error:
        raise ForensicError(str(error)) from None
    except (LookupError, ValueError, TypeError, AttributeError):  # see checked.py
        raise ForensicError(_other_version()) from None
    audit(worker, "export", f"case:{sighting.case_id} report:{sighting.pk}", reason)
    return _packed(files, key)


def _require_this_version(assessment: Assessment) -> None:
    """Versions, models and error rates are told as they are now, so they must be the same."""
    if assessment.version != VERSION:
        raise ForensicError(_other_version())


def _other_version() -> str:
    return _("Another version of the program looked at it. Let it look again first.")


def _signing_key() -> SigningKey:
    """The key that signs our reports, made when it is asked for first."""
    path = settings.FORENSIC_KEY
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        with suppress(report.KeyFileError):  # another process may have been first
            report.make_key(path)
    return read_key(path)


def _examined(sighting: Sighting, assessment: Assessment) -> report.Examined:
    case, trust = sighting.case, assessing.trusted()
    return report.Examined(
        exhibit=report.Exhibit(
            sha256=sighting.sha256,
            size=sighting.size,
            width=sighting.width,
            height=sighting.height,
            format="",
        ),
        assessment=saying.as_said(assessment),
        trust=trust.sha256 if trust else "",
        examined_at=assessment.at.astimezone(UTC).isoformat(timespec="seconds"),
        reference=f"{case.reference} / {sighting.pk}",
        custody=tuple(_custody(sighting, assessment)),
    )


def _custody(
    sighting: Sighting, assessment: Assessment
) -> Iterator[tuple[str, Phrase]]:
    """Who held the copy, the earliest first: from the audit log, workers by number."""
    code = "report.custody.found" if sighting.captured_as else "report.custody.passed"
    found = {"code": code, "url": explain.quote(sighting.media_url)}
    told: list[tuple[datetime, Phrase]] = [
        (sighting.seen_at, found),
        (assessment.at, {"code": "report.custody.examined"}),
    ]
    kept = f"case:{sighting.case_id} %s:{sighting.captured_as}"
    codes = {kept % "evidence": "opened", kept % "unseen": "unseen"}
    entries = AuditEntry.objects.filter(verb="open", user__isnull=False)
    for entry in entries.filter(subject__in=codes) if sighting.captured_as else ():
        code = f"report.custody.{codes[entry.subject]}"
        told.append((entry.at, {"code": code, "worker": str(entry.user_id)}))
    for at, phrase in sorted(told, key=lambda one: one[0]):
        yield f"{at.astimezone(UTC):%Y-%m-%d %H:%M:%S}", phrase


def _packed(files: dict[str, bytes], key: SigningKey) -> bytes:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        for name, content in files.items():
            archive.writestr(zipfile.ZipInfo(name, _EARLIEST), content)
            signature = zipfile.ZipInfo(name + SUFFIX, _EARLIEST)
            archive.writestr(signature, report.sign(content, key))
    return packed.getvalue()
