"""From a draft to an answer: who may do what, in which order, and what stays on record."""

import pytest
from django.db import IntegrityError, transaction
from django.utils import translation

from portal.accounts.models import AuditEntry, Organisation, User
from portal.cases.actions import give_consent, revoke_consent, withdraw_case
from portal.cases.events import sentence
from portal.cases.models import Case, Consent
from portal.notices import actions
from portal.notices.actions import NoticeError
from portal.notices.models import Notice
from portal.platforms.models import Platform
from portal.sightings.models import Sighting
from tests.notices.conftest import (
    EU,
    US,
    a_case,
    a_sent,
    a_sighting,
    an_approved,
)

pytestmark = pytest.mark.django_db
State = Notice.State


def told(case: Case) -> list[str]:
    return [event.kind for event in case.events.exclude(kind="received")]


def audited() -> list[str]:
    return [
        entry.verb for entry in AuditEntry.objects.exclude(verb__in=["open", "hire"])
    ]


# -- drafting ----------------------------------------------------------------------------
def test_a_confirmed_copy_gets_a_draft_on_record(
    sighting: Sighting, wren: User, chirp: Platform
) -> None:
    notice = actions.draft(sighting, wren, rule_id=US)
    assert notice.state == State.DRAFT
    assert notice.recipient == chirp
    assert sighting.url in notice.body
    assert told(sighting.case) == ["notice_drafted"]
    assert audited() == ["draft_notice"]


def test_drafting_twice_gives_the_same_notice(
    sighting: Sighting, wren: User, stella: User
) -> None:
    first = actions.draft(sighting, wren, rule_id=US)
    assert actions.draft(sighting, stella, rule_id=US) == first
    assert Notice.objects.get().drafted_by == wren
    assert told(sighting.case) == ["notice_drafted"]


def test_a_closed_notice_does_not_stand_in_the_way_of_a_new_one(
    draft: Notice, wren: User
) -> None:
    actions.cancel(draft, wren, "wrong address")
    again = actions.draft(draft.sighting, wren, rule_id=US)
    assert again.pk != draft.pk
    assert again.reference != draft.reference


def test_the_next_recipient_on_the_ladder_gets_its_own(
    draft: Notice, wren: User
) -> None:
    host = Platform.objects.create(
        name="Rack", kind=Platform.Kind.HOST, in_eu=True, contact="abuse@rack.example"
    )
    notice = actions.draft(draft.sighting, wren, rule_id=EU, recipient=host)
    assert notice.recipient == host


def test_a_rule_that_does_not_bind_the_recipient_is_refused_with_a_reason(
    sighting: Sighting, wren: User
) -> None:
    host = Platform.objects.create(name="Rack", kind=Platform.Kind.HOST, in_us=True)
    with pytest.raises(NoticeError, match="only carry, cache or register"):
        actions.draft(sighting, wren, rule_id=US, recipient=host)


def test_an_unknown_rule_is_refused(sighting: Sighting, wren: User) -> None:
    with pytest.raises(NoticeError, match="no such rule"):
        actions.draft(sighting, wren, rule_id="../../etc/passwd")


@pytest.mark.parametrize(
    "decision", [Sighting.Decision.OPEN, Sighting.Decision.REJECTED]
)
def test_an_unconfirmed_copy_gets_no_notice(
    case: Case, chirp: Platform, wren: User, decision: Sighting.Decision
) -> None:
    sighting = a_sighting(case, chirp, decision=decision)
    with pytest.raises(NoticeError, match="confirmed"):
        actions.draft(sighting, wren, rule_id=US)


def test_a_copy_on_an_unknown_platform_needs_a_recipient(
    case: Case, wren: User, chirp: Platform
) -> None:
    sighting = a_sighting(case, None)
    with pytest.raises(NoticeError, match="which platform"):
        actions.draft(sighting, wren, rule_id=US)
    assert actions.draft(sighting, wren, rule_id=US, recipient=chirp)


def test_without_the_victim_s_consent_nothing_is_drafted(
    chirp: Platform, wren: User
) -> None:
    sighting = a_sighting(a_case(consents=[Consent.Kind.MATCHING]), chirp)
    with pytest.raises(NoticeError, match="did not agree"):
        actions.draft(sighting, wren, rule_id=US)


def test_a_withdrawn_case_gets_no_draft(sighting: Sighting, wren: User) -> None:
    withdraw_case(Case.objects.get())
    with pytest.raises(NoticeError, match="has ended"):
        actions.draft(sighting, wren, rule_id=US)


def test_staff_without_an_organisation_or_gone_cannot_draft(
    sighting: Sighting, wren: User
) -> None:
    wren.is_active = False
    with pytest.raises(NoticeError, match="Only staff"):
        actions.draft(sighting, wren, rule_id=US)
    wren.is_active, wren.organisation = True, None
    with pytest.raises(NoticeError, match="Only staff"):
        actions.draft(sighting, wren, rule_id=US)


# -- revising ----------------------------------------------------------------------------
def test_a_revision_changes_the_letter_and_its_drafter(
    draft: Notice, stella: User
) -> None:
    revised = actions.revise(draft, stella, elements={"account": "  mallory_2  "})
    assert "Account that published it: mallory_2\n" in revised.body
    assert Notice.objects.get().body == revised.body
    assert Notice.objects.get().drafted_by == stella
    assert "revise_notice" in audited()


def test_an_emptied_element_is_taken_out(draft: Notice, wren: User) -> None:
    revised = actions.revise(draft, wren, elements={"account": " "})
    assert "account" not in revised.elements
    assert "mallory" not in revised.body


@pytest.mark.parametrize("name", ["identity_document", "victim_name", "nonsense"])
def test_what_the_rule_has_no_place_for_is_not_even_kept(
    draft: Notice, wren: User, name: str
) -> None:
    with pytest.raises(NoticeError, match=name):
        actions.revise(draft, wren, elements={name: "secret"})
    assert name not in Notice.objects.get().elements


def test_an_answer_outside_the_choices_is_refused(draft: Notice, wren: User) -> None:
    with pytest.raises(NoticeError, match="yes, no, unknown"):
        actions.revise(draft, wren, elements={"generated_or_altered": "perhaps"})
    revised = actions.revise(draft, wren, elements={"generated_or_altered": "no"})
    assert "Generated or altered: no." in revised.body


def test_a_text_is_bounded_and_holds_nothing_a_database_cannot(
    draft: Notice, wren: User
) -> None:
    with pytest.raises(NoticeError, match="At most 5000"):
        actions.revise(draft, wren, elements={"account": "a" * 5001})
    revised = actions.revise(draft, wren, elements={"account": "mal\x00lory"})
    assert revised.elements["account"] == "mallory"


def test_only_a_draft_can_be_revised(
    sighting: Sighting, wren: User, stella: User
) -> None:
    notice = an_approved(sighting, wren, stella)
    with pytest.raises(NoticeError, match="no longer a draft"):
        actions.revise(notice, wren, elements={"account": "x"})


def test_another_organisation_s_draft_is_not_revised(
    draft: Notice, stella: User
) -> None:
    stella.organisation = Organisation.objects.create(name="Other", email="o@o.example")
    with pytest.raises(NoticeError, match="another organisation"):
        actions.revise(draft, stella, elements={"account": "x"})


# -- approving: two people ---------------------------------------------------------------
def test_a_second_person_approves(draft: Notice, stella: User) -> None:
    notice = actions.approve(draft, stella)
    assert notice.state == State.APPROVED
    assert notice.approved_by == stella
    assert told(notice.case) == ["notice_drafted", "notice_approved"]
    assert audited() == ["draft_notice", "approve_notice"]


def test_nobody_approves_their_own_draft(draft: Notice, wren: User) -> None:
    with pytest.raises(NoticeError, match="Another person"):
        actions.approve(draft, wren)
    assert Notice.objects.get().state == State.DRAFT


def test_nobody_approves_their_own_revision_of_another_s_draft(
    draft: Notice, wren: User, stella: User
) -> None:
    as_wren_wrote_it = Notice.objects.get()
    actions.revise(draft, stella, elements={"account": "x"})
    with pytest.raises(NoticeError, match="Another person"):
        actions.approve(Notice.objects.get(), stella)
    with pytest.raises(NoticeError, match="Read it again"):
        actions.approve(as_wren_wrote_it, stella)
    assert actions.approve(Notice.objects.get(), wren).state == State.APPROVED


def test_the_database_refuses_one_person_in_both_roles(
    draft: Notice, wren: User, stella: User
) -> None:
    row = Notice.objects.filter(pk=draft.pk)
    for change in (
        {"approved_by": wren},
        {"approved_by": wren, "state": State.APPROVED},
        {"state": State.APPROVED},
        {"state": State.SENT},
        {"drafted_by": stella, "approved_by": stella},
    ):
        with pytest.raises(IntegrityError), transaction.atomic():
            row.update(**change)


def test_what_was_changed_meanwhile_must_be_read_again(
    draft: Notice, wren: User, stella: User
) -> None:
    as_read = Notice.objects.get()
    actions.revise(draft, wren, elements={"account": "somebody_else"})
    with pytest.raises(NoticeError, match="Read it again"):
        actions.approve(as_read, stella)
    assert Notice.objects.get().state == State.DRAFT


def test_an_invalid_notice_is_refused_with_its_problems(
    draft: Notice, wren: User, stella: User
) -> None:
    notice = actions.revise(draft, wren, elements={"contact": "", "good_faith": ""})
    with pytest.raises(NoticeError) as refused:
        actions.approve(notice, stella)
    assert {problem.element for problem in refused.value.problems} == {
        "contact",
        "good_faith",
    }


def test_approving_twice_is_refused(draft: Notice, stella: User) -> None:
    actions.approve(draft, stella)
    with pytest.raises(NoticeError):
        actions.approve(Notice.objects.get(), stella)


def test_a_consent_taken_back_stops_the_approval(draft: Notice, stella: User) -> None:
    revoke_consent(draft.case, Consent.Kind.NOTICES)
    with pytest.raises(NoticeError, match="did not agree"):
        actions.approve(draft, stella)


# -- cancelling and answers --------------------------------------------------------------
def test_a_notice_not_yet_on_its_way_can_be_cancelled(
    sighting: Sighting, wren: User, stella: User
) -> None:
    notice = an_approved(sighting, wren, stella)
    assert actions.cancel(notice, wren, "duplicate").state == State.CANCELLED
    assert told(sighting.case)[-1] == "notice_cancelled"
    assert AuditEntry.objects.get(verb="cancel_notice").reason == "duplicate"


def test_a_cancellation_needs_a_reason(draft: Notice, wren: User) -> None:
    with pytest.raises(NoticeError, match="why"):
        actions.cancel(draft, wren, "  ")


def test_what_a_worker_process_holds_cannot_be_cancelled(
    sighting: Sighting, wren: User, stella: User
) -> None:
    notice = Notice.objects.claim(an_approved(sighting, wren, stella).pk)
    assert notice
    with pytest.raises(NoticeError, match="on its way"):
        actions.cancel(notice, wren, "too late")


def test_a_receipt_and_then_a_refusal_are_kept(
    sighting: Sighting, wren: User, stella: User, outbox: object
) -> None:
    notice = a_sent(sighting, wren, stella)
    actions.acknowledge(notice, wren, "ticket 7")
    assert (notice.state, notice.answer) == (State.ACKNOWLEDGED, "ticket 7")
    actions.refuse(notice, wren, "they see no violation" * 50)
    assert notice.state == State.REFUSED
    assert len(notice.answer) == 300
    assert told(sighting.case)[-2:] == ["notice_acknowledged", "notice_refused"]
    assert audited()[-2:] == ["acknowledged_notice", "refused_notice"]


def test_a_draft_has_no_answer(draft: Notice, wren: User) -> None:
    with pytest.raises(NoticeError, match="not waiting"):
        actions.acknowledge(draft, wren, "ticket 7")
    with pytest.raises(NoticeError, match="why"):
        actions.refuse(draft, wren, "")


def test_every_step_is_a_sentence_in_the_victim_s_language(
    sighting: Sighting, wren: User, stella: User, outbox: object
) -> None:
    actions.acknowledge(a_sent(sighting, wren, stella), wren, "ticket 7")
    for language in ("en", "zh-hans", "ko"):
        with translation.override(language):
            for event in sighting.case.events.exclude(kind="received"):
                assert "Chirp" in sentence(event)


def test_a_consent_given_again_allows_a_new_draft(draft: Notice, wren: User) -> None:
    revoke_consent(draft.case, Consent.Kind.NOTICES)
    give_consent(draft.case, Consent.Kind.NOTICES)
    assert actions.draft(draft.sighting, wren, rule_id=US) == draft
