"""A consent to notices reaches the kinds of recipient that the victim named, and no others."""

import pytest
from django.utils import timezone

from portal.accounts.models import User
from portal.cases import actions
from portal.cases.models import Consent
from portal.notices.actions import NoticeError, approve, deliver, draft
from portal.notices.models import Notice
from portal.platforms.models import Platform
from portal.sightings.models import Sighting
from tests.sighted import a_case_of, a_sighting

pytestmark = pytest.mark.django_db
NOTICES = Consent.Kind.NOTICES


@pytest.fixture
def sighting(chirp: Platform) -> Sighting:
    """A confirmed copy of a picture; to whom notices may go is for the test to say."""
    case, confirmed = a_case_of(Consent.Kind.MATCHING), Sighting.Decision.CONFIRMED
    return a_sighting(case, platform=chirp, decision=confirmed)


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
