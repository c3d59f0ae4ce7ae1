import pytest
from django.test import Client
from pytest_django import DjangoCaptureOnCommitCallbacks

from portal.accounts.models import User
from portal.cases.actions import withdraw_case
from portal.notices.models import Notice
from portal.platforms.models import Platform
from tests.desk.scene import a_case, a_copy, a_draft

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("bells")]


@pytest.fixture
def notice(wren: User, chirp: Platform) -> Notice:
    return a_draft(a_copy(a_case()), wren)


def does(client: Client, notice: Notice, step: str, **form: str) -> str:
    """Take a step on the notice, and read the page that follows."""
    answer = client.post(f"/desk/notices/{notice.pk}/{step}/", form, follow=True)
    assert answer.status_code == 200
    notice.refresh_from_db()
    return answer.content.decode()


def test_the_page_shows_the_text_as_it_will_be_sent(
    worker: Client, notice: Notice
) -> None:
    page = worker.get(f"/desk/notices/{notice.pk}/").content.decode()
    assert "TAKE IT DOWN Act" in page
    assert "https://chirp.example/1" in page
    assert "Another person must read and approve it" in page


def test_nobody_approves_a_draft_of_their_own(worker: Client, notice: Notice) -> None:
    page = does(worker, notice, "approve")
    assert "Another person than the drafter must approve" in page
    assert notice.state == Notice.State.DRAFT


def test_a_second_person_sends_it(
    second: Client,
    stella: User,
    notice: Notice,
    django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks,
) -> None:
    assert (
        "I have read it" in second.get(f"/desk/notices/{notice.pk}/").content.decode()
    )
    with django_capture_on_commit_callbacks(execute=True):
        does(second, notice, "approve")
    notice.refresh_from_db()
    assert (notice.state, notice.approved_by) == (Notice.State.SENT, stella)
    page = second.get(f"/desk/notices/{notice.pk}/").content.decode()
    assert "delivered" in page
    assert "Deadline" in page


def test_nobody_approves_words_that_they_did_not_read(
    second: Client, notice: Notice
) -> None:
    page = does(second, notice, "approve", read="something older")
    assert "Read it again" in page
    assert notice.state == Notice.State.DRAFT


def test_whoever_revises_becomes_the_author(
    worker: Client, second: Client, stella: User, notice: Notice
) -> None:
    does(second, notice, "revise", account="@mallory", good_faith="")
    assert notice.drafted_by == stella
    page = second.get(f"/desk/notices/{notice.pk}/").content.decode()
    assert "Missing: statement of good faith" in page
    assert "cannot be sent yet" in does(worker, notice, "approve")
    assert notice.state == Notice.State.DRAFT


@pytest.mark.parametrize("step", ["revise", "cancel", "acknowledge", "refuse"])
def test_a_hidden_sign_is_refused(worker: Client, notice: Notice, step: str) -> None:
    page = does(worker, notice, step, account="\x00", reason="\x00", receipt="\x00")
    assert "hidden sign" in page
    assert notice.state == Notice.State.DRAFT


def test_giving_up_needs_a_reason(worker: Client, notice: Notice) -> None:
    assert "Please write why" in does(worker, notice, "cancel")
    does(worker, notice, "cancel", reason="the copy is gone")
    assert notice.state == Notice.State.CANCELLED


def test_an_answer_is_kept_where_one_is_awaited(
    worker: Client,
    second: Client,
    notice: Notice,
    django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks,
) -> None:
    assert "not waiting for such an answer" in does(
        worker, notice, "acknowledge", receipt="T-1"
    )
    with django_capture_on_commit_callbacks(execute=True):
        does(second, notice, "approve")
    assert "T-1" in does(worker, notice, "acknowledge", receipt="T-1")
    assert notice.state == Notice.State.ACKNOWLEDGED
    does(worker, notice, "refuse", reason="not theirs to remove")
    assert notice.state == Notice.State.REFUSED


def test_a_withdrawn_case_sends_nothing(second: Client, notice: Notice) -> None:
    withdraw_case(notice.case)
    answer = second.post(f"/desk/notices/{notice.pk}/approve/")
    assert answer.status_code == 404
    notice.refresh_from_db()
    assert notice.state == Notice.State.DRAFT


def test_steps_are_taken_by_post_only(worker: Client, notice: Notice) -> None:
    for step in ["approve", "cancel", "acknowledge", "refuse", "revise"]:
        assert worker.get(f"/desk/notices/{notice.pk}/{step}/").status_code == 405
