"""A consent to notices reaches the kinds of recipient that the victim named, and no others."""

import pytest
from django.utils import timezone

import tracker
from portal.accounts.models import User
from portal.bank.actions import deposit
from portal.cases import actions
from portal.cases.models import Consent
from portal.notices.actions import NoticeError, approve, deliver, draft
from portal.notices.models import Notice
from portal.platforms.models import Platform
from portal.sightings.models import Sighting
from tests import telling

pytestmark = pytest.mark.django_db
NOTICES = Consent.Kind.NOTICES


@pytest.fixture
def sighting(chirp: Platform) -> Sighting:
    """A confirmed copy of a picture; to whom notices may go is for the test to say."""
    told = telling.told(pictures=[b"a"], consents=[Consent.Kind.MATCHING])
    report = actions.submit_report(token="amina", told=told).report
    exhibit = report.exhibits.get()
    signal = tracker.Signal("sha256", "9c1e" * 16, None, "1")
    (banked,) = deposit(exhibit, [signal])
    return Sighting.objects.create(
        case=report.case,
        exhibit=exhibit,
        signal=banked,
        platform=chirp,
        key=bytes(32),
        url="https://chirp.example/1",
        media_url="https://chirp.example/1.jpg",
        host="chirp.example",
        found=Sighting.Found.CRAWLED,
        kind=Sighting.Kind.EXACT,
        distance=0,
        decision=Sighting.Decision.CONFIRMED,
    )


def test_a_recipient_that_the_victim_did_not_name_is_refused_in_plain_words(
    sighting: Sighting, wren: User
) -> None:
    actions.give_consent(sighting.case, NOTICES, [Platform.Kind.SEARCH])
    with pytest.raises(
        NoticeError, match="did not agree to requests to such a recipient"
    ):
        draft(sighting, wren, rule_id="us-take-it-down")
    assert not Notice.objects.exists()


@pytest.mark.parametrize("scope", [[], [Platform.Kind.UGC], ["search", "ugc"]])
def test_one_that_they_named_or_everybody_is_written_to(
    sighting: Sighting, wren: User, scope: list[str]
) -> None:
    actions.give_consent(sighting.case, NOTICES, scope)
    assert draft(sighting, wren, rule_id="us-take-it-down").recipient.name == "Chirp"


def test_a_scope_that_shrinks_after_the_draft_stops_the_approval(
    sighting: Sighting, wren: User, stella: User
) -> None:
    actions.give_consent(sighting.case, NOTICES)
    notice = draft(sighting, wren, rule_id="us-take-it-down")
    actions.give_consent(sighting.case, NOTICES, [Platform.Kind.HOST])
    with pytest.raises(
        NoticeError, match="did not agree to requests to such a recipient"
    ):
        approve(notice, stella)


def test_a_scope_that_shrinks_after_the_approval_stops_the_delivery(
    sighting: Sighting, wren: User, stella: User
) -> None:
    actions.give_consent(sighting.case, NOTICES)
    notice = draft(sighting, wren, rule_id="us-take-it-down")
    Notice.objects.filter(pk=notice.pk).update(
        state=Notice.State.APPROVED, approved_by=stella, try_at=timezone.now()
    )
    claimed = Notice.objects.claim(notice.pk)
    assert claimed
    actions.give_consent(sighting.case, NOTICES, [Platform.Kind.HOST])
    deliver(claimed)
    notice.refresh_from_db()
    assert (notice.state, notice.sent_at) == (Notice.State.CANCELLED, None)
