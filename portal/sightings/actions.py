"""Writes of the sightings app: what a report sets going, and what looking finds."""

import math
import time
from dataclasses import dataclass
from hashlib import blake2b

from django.db import transaction
from django.db.models import F
from django.utils import timezone

import tracker
from portal.accounts.actions import audit
from portal.accounts.models import User
from portal.bank import actions as bank
from portal.bank import benign
from portal.bank.models import Signal
from portal.cases import evidence, points
from portal.cases.actions import record_event
from portal.cases.models import Case, Consent, Exhibit, Report, coarse_now
from portal.platforms.models import Host, host_of
from portal.sightings import claimed, reasons
from portal.sightings.frames import best_per_place, pictures_in
from portal.sightings.models import Alert, LookBack, Observation, Sighting, Source
from portal.sightings.remembering import Question, begin, remember, steps

MAX_ATTEMPTS = 3  # readings of one exhibit, if the first ones killed their worker
LOOKS_FOR = 5  # seconds a report looks back at once; the rest is a task of its own


@dataclass(frozen=True, slots=True)
class Read:
    """What the bank keeps of an exhibit, and what the memory is asked with."""

    kept: tuple[tracker.Signal, ...]
    asked: tuple[tracker.Signal, ...]
    picture: tracker.Picture | None = None


def process_report(report: Report) -> None:
    """Read, hash and bank a report's exhibits, and look back over what was seen before.

    Then no key on the server opens them: what was held for this is destroyed. A memory too
    large to be looked through at once leaves a LookBack for a worker to go on with.
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
    for look in LookBack.objects.stranded().filter(exhibit__report=report):
        if mine := LookBack.objects.claim(look.pk):
            look_back(mine, seconds=LOOKS_FOR)


def read_exhibit(exhibit: Exhibit) -> None:
    """Hash one exhibit and bank its signals; what cannot be read is refused and dropped.

    Raises EvidenceAwayError where the store does not answer: nothing is dropped for that.
    """
    if exhibit.attempts >= MAX_ATTEMPTS:
        refuse_exhibit(exhibit, "too_hard")
        return
    try:
        read = _read(exhibit)
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
        bank.deposit(exhibit, read.kept)
        if read.picture and exhibit.case.consents_to(Consent.Kind.POINTS):
            points.keep(exhibit, tracker.points_of(read.picture).to_bytes())
    with transaction.atomic():
        if not exhibit.case.is_still_active():
            return
        begin(exhibit, benign.without(read.asked))
        Exhibit.objects.filter(pk=exhibit.pk).update(state=Exhibit.State.HASHED)
        _announce_reading(exhibit)


def release_exhibit(exhibit: Exhibit) -> None:
    """Destroy the copy that was held for reading."""
    evidence.release(exhibit.held_as)
    Exhibit.objects.filter(pk=exhibit.pk).update(held_as="")


def _read(exhibit: Exhibit) -> Read:
    """Of a hash-only exhibit, all is what the victim's own device has made."""
    if not exhibit.held_as:
        if not exhibit.claims:
            raise evidence.EvidenceError("There is nothing left to read.")
        return Read(*claimed.signals_of(exhibit.claims))
    data = evidence.open_held(
        exhibit.held_as, actor="task:process_report", reason="automatic processing"
    )
    Exhibit.objects.filter(pk=exhibit.pk).update(attempts=F("attempts") + 1)
    media = tracker.decode_media(data)
    if isinstance(media, tracker.Picture):
        kept, asked = tracker.hash_picture(media), tracker.recall_picture(media)
        return Read(kept, asked, media)
    return Read(tracker.hash_video(media).all, tracker.recall_video(media))


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


def look_back(look: LookBack, seconds: float = math.inf) -> None:
    """Match one exhibit against the memory of everything crawled, from where it came to.

    Each step commits what it found together with how far it is. After so many seconds the
    row is given back, for another worker to go on.
    """
    until, exhibit = time.monotonic() + seconds, look.exhibit
    question = Question(look.signals(), look.upto - look.after)
    for reached, found in steps(question, look.reached, look.upto):
        with transaction.atomic():
            if not exhibit.case.is_still_active():
                break
            if not look.come_to(reached):
                return
            signals = {signal.type: signal for signal in exhibit.signals.whole()}
            frames = Signal.objects.frames_of([exhibit.pk])[exhibit.pk]
            for observation, match, asked in best_per_place(found, frames):
                _record_remembered(observation, signals[match.type], match, asked)
        if reached < look.upto and time.monotonic() > until:
            LookBack.objects.filter(pk=look.pk).update(claimed_at=None)
            return
    look.delete()


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
    hits = bank.recognise(media)
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
        defaults=_facts(hit.signal, hit.type, hit.kind, hit.distance)
        | {
            "reason": reasons.of_hit(hit),
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


def raise_alert(case: Case, kind: Alert.Kind, subject: str) -> None:
    Alert.objects.get_or_create(case=case, kind=kind, subject=subject)


def _record_remembered(
    observation: Observation,
    signal: Signal,
    match: tracker.Match,
    asked: tracker.Signal,
) -> Sighting:
    sighting, is_new = Sighting.objects.get_or_create(
        case=signal.case,
        key=_key(observation.url, observation.media_url),
        defaults=_facts(signal, match.type, match.kind, match.distance)
        | {
            "reason": reasons.of_memory(asked),
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


def _facts(signal: Signal, type_: str, kind: str, distance: int) -> dict[str, object]:
    return {
        "exhibit": signal.exhibit,
        "signal": signal,
        "matched_type": type_,
        "kind": kind,
        "distance": distance,
    }


def _announce_reading(exhibit: Exhibit) -> None:
    """Tell the victim that we watch; or that we do not, and the desk, where nothing matches."""
    if benign.unwatched([exhibit.pk]):
        record_event(exhibit.case, "not_watched", once=f"read:{exhibit.pk}")
        raise_alert(exhibit.case, Alert.Kind.UNWATCHED, f"exhibit:{exhibit.pk}")
    else:
        record_event(exhibit.case, "read", once=f"read:{exhibit.pk}")


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
