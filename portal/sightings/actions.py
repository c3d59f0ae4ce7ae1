"""Writes of the sightings app: what a report sets going, and what looking finds."""

from collections.abc import Iterable
from hashlib import blake2b
from typing import Any

from django.conf import settings
from django.db import transaction
from django.db.models import F
from django.utils import timezone

import tracker
from portal.accounts.actions import audit
from portal.accounts.models import User
from portal.bank import actions as bank
from portal.bank.models import Signal
from portal.cases import evidence
from portal.cases.actions import record_event
from portal.cases.models import Case, Consent, Exhibit, Report, coarse_now
from portal.platforms.models import Host, host_of
from portal.sightings.frames import best_per_place, pictures_in
from portal.sightings.models import Alert, Observation, Sighting, Source
from portal.sightings.remembering import remember, remembered

MAX_ATTEMPTS = 3  # readings of one exhibit, if the first ones killed their worker


def process_report(report: Report) -> None:
    """Read, hash and bank a report's exhibits, and look back over what was seen before.

    Afterwards no key on the server opens them: what was held for this is destroyed.
    """
    for exhibit in report.exhibits.filter(state=Exhibit.State.RECEIVED):
        if report.case.is_still_active():
            read_exhibit(exhibit)
    for exhibit in report.exhibits.exclude(held_as=""):
        release_exhibit(exhibit)
    # The claim goes with its work: it would tell to the second when the report came.
    Report.objects.filter(pk=report.pk).update(
        processed_at=coarse_now(), claimed_at=None
    )


def read_exhibit(exhibit: Exhibit) -> None:
    """Hash one exhibit and bank its signals; what cannot be read is refused and dropped.

    Raises EvidenceAwayError where the store does not answer: nothing is dropped for that.
    """
    if exhibit.attempts >= MAX_ATTEMPTS:
        refuse_exhibit(exhibit, "too_hard")
        return
    try:
        kept, asked = _signals_of(exhibit)
    except evidence.EvidenceAwayError:
        raise
    except (
        tracker.ImageError,
        tracker.VideoError,
        tracker.SignalError,
        evidence.EvidenceError,
    ) as error:
        refuse_exhibit(exhibit, getattr(error, "code", "unopened"))
        return
    # Two writes, the bank's first: a picture crawled between them is remembered and then
    # looked up (handle_find), so that one of us always sees the other.
    with transaction.atomic():
        if not exhibit.case.is_still_active():
            return
        bank.deposit(exhibit, kept)
    with transaction.atomic():
        if not exhibit.case.is_still_active():
            return
        look_back(exhibit, asked)
        Exhibit.objects.filter(pk=exhibit.pk).update(state=Exhibit.State.HASHED)
        record_event(exhibit.case, "read", once=f"read:{exhibit.pk}")


def release_exhibit(exhibit: Exhibit) -> None:
    """Destroy the copy that was held for reading."""
    evidence.release(exhibit.held_as)
    Exhibit.objects.filter(pk=exhibit.pk).update(held_as="")


def _signals_of(
    exhibit: Exhibit,
) -> tuple[tuple[tracker.Signal, ...], tuple[tracker.Signal, ...]]:
    """What the bank keeps of an exhibit, and what the memory is asked with.

    Of a hash-only exhibit, both are what the victim's own device has made.
    """
    if not exhibit.held_as:
        if not exhibit.claims:
            raise evidence.EvidenceError("There is nothing left to read.")
        upright = [claim for claim in exhibit.claims if not claim.get("turned")]
        return _claimed(upright), _claimed(exhibit.claims)
    data = evidence.open_held(
        exhibit.held_as, actor="task:process_report", reason="automatic processing"
    )
    Exhibit.objects.filter(pk=exhibit.pk).update(attempts=F("attempts") + 1)
    media = tracker.decode_media(data)
    if isinstance(media, tracker.Picture):
        return tracker.hash_picture(media), tracker.recall_picture(media)
    return tracker.hash_video(media).all, tracker.recall_video(media)


def _claimed(claims: Iterable[dict[str, Any]]) -> tuple[tracker.Signal, ...]:
    """Signals as the victim's device made them. Raises tracker.SignalError."""
    return tuple(
        tracker.parse_signal(
            claim["type"], claim["value"], claim["quality"], claim.get("version")
        )
        for claim in claims
    )


@transaction.atomic
def refuse_exhibit(exhibit: Exhibit, code: str) -> None:
    """Keep nothing of a file that is no picture and no video, and say so."""
    if not exhibit.case.is_still_active():
        return  # its copy went with the case: it is not at fault
    name, held = exhibit.stored_as, exhibit.held_as
    Exhibit.objects.filter(pk=exhibit.pk).update(
        state=Exhibit.State.REFUSED, refusal=code, stored_as="", held_as=""
    )
    record_event(exhibit.case, "unreadable", once=f"unreadable:{exhibit.pk}")
    transaction.on_commit(lambda: evidence.release(held), robust=True)
    transaction.on_commit(lambda: evidence.discard(name), robust=True)


def look_back(exhibit: Exhibit, asked: Iterable[tracker.Signal]) -> list[Sighting]:
    """Match one exhibit against the memory of everything crawled."""
    signals = {signal.type: signal for signal in exhibit.signals.whole()}
    frames = Signal.objects.frames_of([exhibit.pk])[exhibit.pk]
    found = []
    for observation, match in best_per_place(remembered(asked), frames):
        hit = bank.Hit(signals[match.type], match.kind, match.distance)
        found.append(_record_remembered(observation, hit))
    return found


def handle_find(
    find: tracker.Find, *, found: Sighting.Found, source: Source | None = None
) -> list[Sighting]:
    """Decode, hash and look up a picture or video; remember its hashes only.

    Its bytes are kept, sealed, only where a signal matches and the victim agreed.
    """
    try:
        media = tracker.decode_media(find.media.body)
    except (tracker.ImageError, tracker.VideoError):
        return []
    # Before it asks: a report that is being read meanwhile finds it here (read_exhibit).
    for shown, picture in pictures_in(media):
        key = _key(find.url, find.media.url + shown)
        remember(find, picture, key=key, source=source)
    hits = bank.lookup_media(media)
    with transaction.atomic():
        return [record(find, media, hit, found=found, source=source) for hit in hits]


@transaction.atomic
def record(
    find: tracker.Find,
    media: tracker.Picture | tracker.Video,
    hit: bank.Hit,
    *,
    found: Sighting.Found,
    source: Source | None = None,
) -> Sighting:
    """Put a copy on record, once for each case and place, and capture it as evidence."""
    sighting, is_new = Sighting.objects.get_or_create(
        case=hit.signal.case,
        key=_key(find.url, find.media.url),
        defaults=_facts(hit)
        | {
            "source": source,
            "found": found,
            "url": find.url,
            "media_url": find.media.url,
            "host": host_of(find.url),
            "platform": Host.objects.of(find.url),
            "account": find.account[:200],
            "posted_at": find.posted_at,
            "sha256": media.sha256,
            "size": media.size,
            "width": media.width,
            "height": media.height,
        },
    )
    if is_new:
        _announce(sighting)
    capture(sighting, find.media.body)
    return sighting


def capture(sighting: Sighting, body: bytes) -> None:
    """Keep a sealed copy as evidence, if the victim agreed and there is none yet.

    One more is held for the detector, if they agreed to that, until it has looked.
    """
    if sighting.captured_as or not _allows(sighting, Consent.Kind.EVIDENCE):
        return
    sighting.captured_as = evidence.store(sighting.case, body)
    if _allows(sighting, Consent.Kind.CHECK):
        sighting.held_as = evidence.hold(body)
    sighting.save(update_fields=["captured_as", "held_as"])


@transaction.atomic
def decide(sighting: Sighting, worker: User, *, confirmed: bool) -> bool:
    """A case worker says whether it is the picture. False if somebody did already."""
    decision = Sighting.Decision.CONFIRMED if confirmed else Sighting.Decision.REJECTED
    changed = Sighting.objects.filter(
        pk=sighting.pk, decision=Sighting.Decision.OPEN
    ).update(decision=decision, decided_by=worker, decided_at=timezone.now())
    if changed:
        audit(worker, decision, f"sighting:{sighting.pk}", "case worker's decision")
        event = "copy_confirmed" if confirmed else "copy_rejected"
        record_event(sighting.case, event, host=sighting.host)
    return bool(changed)


def forget_observations() -> int:
    """Retention: the hash-only memory ends after its time."""
    limit = timezone.now() - settings.OBSERVATION_LIFETIME
    return Observation.objects.filter(seen_at__lt=limit).delete()[0]


def raise_alert(case: Case, kind: Alert.Kind, subject: str) -> None:
    Alert.objects.get_or_create(case=case, kind=kind, subject=subject)


def _record_remembered(observation: Observation, hit: bank.Hit) -> Sighting:
    sighting, is_new = Sighting.objects.get_or_create(
        case=hit.signal.case,
        key=_key(observation.url, observation.media_url),
        defaults=_facts(hit)
        | {
            "source": observation.source,
            "found": Sighting.Found.REMEMBERED,
            "url": observation.url,
            "media_url": observation.media_url,
            "host": host_of(observation.url),
            "platform": Host.objects.of(observation.url),
            "account": observation.account,
            "posted_at": observation.posted_at,
            "seen_at": observation.seen_at,
            "sha256": observation.sha256,
            "size": observation.size,
            "width": observation.width,
            "height": observation.height,
            "next_check_at": timezone.now(),  # is it still there? And may be captured then
        },
    )
    if is_new:
        _announce(sighting)
    return sighting


def _facts(hit: bank.Hit) -> dict[str, object]:
    return {
        "exhibit": hit.signal.exhibit,
        "signal": hit.signal,
        "kind": hit.kind,
        "distance": hit.distance,
        "matched_type": hit.signal.type,
    }


def _announce(sighting: Sighting) -> None:
    """Tell the victim and the desk. A possible copy waits for a person's decision."""
    if sighting.kind != Sighting.Kind.POSSIBLE:
        record_event(
            sighting.case, "copy_found", once=f"copy:{sighting.pk}", host=sighting.host
        )
    others = sighting.case.sightings.exclude(pk=sighting.pk)
    if not others.exists():
        raise_alert(sighting.case, Alert.Kind.FIRST_COPY, "case")
    elif not others.filter(host=sighting.host).exists():
        raise_alert(sighting.case, Alert.Kind.NEW_HOST, f"host:{sighting.host}"[:100])


def _allows(sighting: Sighting, kind: Consent.Kind) -> bool:
    return Case.objects.consenting(kind).filter(pk=sighting.case_id).exists()


def _key(url: str, media_url: str) -> bytes:
    return blake2b(f"{url}\n{media_url}".encode(), digest_size=32).digest()
