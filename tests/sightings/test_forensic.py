"""The forensic report of a copy: whole, signed, the same each time, and without a picture."""

import io
import json
import subprocess
import sys
import zipfile
from dataclasses import asdict
from pathlib import Path
from types import SimpleNamespace

import pytest
from nacl.signing import SigningKey
from pypdf import PdfReader
from pytest_django import Settings

import detector
from detector.report.fonts import FONTS
from portal.accounts.models import AuditEntry, User
from portal.cases import evidence
from portal.platforms.models import Platform
from portal.sightings import forensic, saying
from portal.sightings.checked import CheckedVideo
from portal.sightings.models import Assessment, Sighting
from tests import drawing
from tests.desk.scene import a_case, a_copy, key_in_hand

VERIFIER = Path(__file__).resolve().parents[2] / "deploy" / "verify_report.py"

pytestmark = [
    pytest.mark.django_db,
    pytest.mark.skipif(not FONTS.is_dir(), reason="no front-end packages"),
]


@pytest.fixture(autouse=True)
def own_key(settings: Settings, tmp_path: Path) -> Path:
    settings.FORENSIC_KEY = tmp_path / "secrets" / "forensic.key"
    return tmp_path / "secrets" / "forensic.key"


@pytest.fixture
def copy(wren: User, chirp: Platform) -> Sighting:
    return a_copy(a_case())  # sealed to whoever works here by then


def files_of(copy: Sighting, worker: User, locale: str = "en") -> dict[str, bytes]:
    assessment = Assessment.objects.get(sighting=copy)
    packed = forensic.written(
        copy, assessment, worker, reason="the court", locale=locale
    )
    with zipfile.ZipFile(io.BytesIO(packed)) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def text_of(pdf: bytes) -> str:
    pages = PdfReader(io.BytesIO(pdf)).pages
    return " ".join(" ".join(page.extract_text() for page in pages).split())


def test_it_tells_what_was_found_where_and_who_held_it(
    copy: Sighting, wren: User
) -> None:
    files = files_of(copy, wren)
    page, paper = files["report.html"].decode(), text_of(files["report.pdf"])

    for words in (
        copy.sha256,
        f"{copy.case.reference} / {copy.pk}",
        "Who held the file",
        "https://chirp.example/1.jpg",
        "Examined by this program. No person looked at it for this.",
        "What was not tested",
        "Trained models",
    ):
        assert words in page
        assert words.replace(" ", "") in paper.replace(" ", "")
    assert "Opened by worker" not in page
    assert "<img" not in page
    assert not any(
        page.images for page in PdfReader(io.BytesIO(files["report.pdf"])).pages
    )


def test_whoever_opened_the_copy_is_told_by_number(copy: Sighting, wren: User) -> None:
    key = key_in_hand(copy.case, wren)
    evidence.open_stored(key, copy.captured_as, reason="to see it")
    evidence.open_unseen(key, copy.captured_as, reason="for the program")

    page = files_of(copy, wren)["report.html"].decode()

    assert f"Opened by worker {wren.pk}." in page
    assert f"Opened for the program by worker {wren.pk}, who did not see" in page
    assert wren.username not in page


def test_where_no_copy_was_kept_it_says_so(copy: Sighting, wren: User) -> None:
    copy.captured_as = ""
    copy.save()

    page = files_of(copy, wren)["report.html"].decode()

    assert "Found at https://chirp.example/1.jpg." in page
    assert "sealed" not in page


def test_of_a_video_the_frames_that_matter_are_told(copy: Sighting, wren: User) -> None:
    given = detector.ModelOpinion("told", 0.96, 24.0, (12.0, 31.0), weights="cd" * 32)
    answers = SimpleNamespace(opinion=lambda _: given)
    frames = [(float(at), drawing.landscape(1, (160, 120))) for at in range(8)]
    opinion = detector.assess_frames(frames, models=(answers,))
    kept = json.loads(json.dumps(saying.video_rows(CheckedVideo(**asdict(opinion)))))
    Assessment.objects.filter(sighting=copy).update(**kept)

    files = files_of(copy, wren)
    page = files["report.html"].decode()

    assert saying.as_said(Assessment.objects.get()).gaps == opinion.gaps
    for words in (
        "Examination of a video",
        "Some signs that AI made or altered this video.",
        "Decided by: Trained model.",
        "Frame 5 of those examined, at 0:04.0",
        "cd" * 32,
        copy.sha256,
    ):
        assert words in page
        assert words.replace(" ", "") in text_of(files["report.pdf"]).replace(" ", "")
    assert files == files_of(copy, wren)


def test_of_a_video_without_a_sign_it_says_so(copy: Sighting, wren: User) -> None:
    frames = [(float(at), drawing.landscape(1, (160, 120))) for at in range(8)]
    opinion = detector.assess_frames(frames, models=())
    kept = json.loads(json.dumps(saying.video_rows(CheckedVideo(**asdict(opinion)))))
    Assessment.objects.filter(sighting=copy).update(**kept)

    page = files_of(copy, wren)["report.html"].decode()

    assert "Examination of a video" in page
    assert "No frame shows a sign." in page


def test_the_same_facts_are_the_same_bytes(copy: Sighting, wren: User) -> None:
    assert files_of(copy, wren) == files_of(copy, wren)


@pytest.mark.parametrize(
    ("locale", "words"),
    [("zh-hans", "文件由谁保管"), ("ko", "파일을 보관한 사람")],
)
def test_it_speaks_the_courts_language(
    copy: Sighting, wren: User, locale: str, words: str
) -> None:
    assert words in text_of(files_of(copy, wren, locale)["report.pdf"])


def test_signatures_are_valid_without_a_network(
    copy: Sighting, wren: User, own_key: Path, tmp_path: Path
) -> None:
    for name, content in files_of(copy, wren).items():
        (tmp_path / name).write_bytes(content)
    public = bytes(SigningKey(bytes.fromhex(own_key.read_text())).verify_key).hex()

    for name in ("report.pdf", "report.html"):
        command = [sys.executable, str(VERIFIER), str(tmp_path / name), "--key", public]
        told = subprocess.run(command, capture_output=True, text=True, check=False)
        assert told.returncode == 0, told.stderr
    assert own_key.stat().st_mode & 0o077 == 0


def test_what_a_page_says_cannot_become_markup(copy: Sighting, wren: User) -> None:
    copy.media_url = "https://chirp.example/<script>alert(1)</script>\u202e.jpg"
    copy.save()

    page = files_of(copy, wren)["report.html"].decode()

    assert "<script" not in page
    assert "\u202e" not in page


def test_it_goes_on_record_with_its_reason(copy: Sighting, wren: User) -> None:
    files_of(copy, wren)

    entry = AuditEntry.objects.latest("number")
    assert (entry.user, entry.verb, entry.reason) == (wren, "export", "the court")
    assert entry.subject == f"case:{copy.case_id} report:{copy.pk}"


def test_another_versions_assessment_is_not_told_with_todays_error_rates(
    copy: Sighting, wren: User
) -> None:
    Assessment.objects.filter(sighting=copy).update(version="0.0.1")
    before = AuditEntry.objects.count()

    with pytest.raises(forensic.ForensicError, match="Another version"):
        files_of(copy, wren)

    assert AuditEntry.objects.count() == before


def test_a_key_that_others_can_read_signs_nothing(
    copy: Sighting, wren: User, own_key: Path
) -> None:
    files_of(copy, wren)
    own_key.chmod(0o644)

    with pytest.raises(forensic.ForensicError, match="Others can read the key file"):
        files_of(copy, wren)


def test_without_a_reason_there_is_none(copy: Sighting, wren: User) -> None:
    assessment = Assessment.objects.get(sighting=copy)

    with pytest.raises(ValueError, match="reason"):
        forensic.written(copy, assessment, wren, reason=" ", locale="en")
