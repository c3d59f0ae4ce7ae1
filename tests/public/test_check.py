import pytest
from django.apps import apps
from django.core.files.storage import FileSystemStorage
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from PIL.PngImagePlugin import PngInfo
from pytest_django import Settings

import detector
from detector.explain import TEXTS
from portal.public import words
from tests import drawing
from tracker.images import _SENTENCES

pytestmark = pytest.mark.django_db


def page(
    data: bytes | None = None, client: Client | None = None, *, adult: bool = True
) -> str:
    form: dict[str, object] = {"adult": "on"} if adult else {}
    if data is not None:
        form["picture"] = SimpleUploadedFile("x.jpg", data, "image/jpeg")
    answer = (client or Client()).post("/check/", form)
    assert answer.status_code == 200
    return answer.getvalue().decode()


def a_photo() -> bytes:
    return drawing.encode(drawing.landscape(1), "JPEG", quality=90)


def a_png_with(name: str, text: str) -> bytes:
    note = PngInfo()
    note.add_itxt(name, text)
    return drawing.encode(drawing.landscape(1), "PNG", pnginfo=note)


SETTINGS = "Steps: 20, Sampler: Euler a, CFG scale: 7, Seed: 1, Size: 640x480"
DECLARED = """<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF
 xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#"><rdf:Description
 xmlns:Iptc4xmpExt="http://iptc.org/std/Iptc4xmpExt/2008-02-29/"
 Iptc4xmpExt:DigitalSourceType="http://cv.iptc.org/newscodes/digitalsourcetype/trainedAlgorithmicMedia"
 /></rdf:RDF></x:xmpmeta>"""


def rows() -> dict[str, int]:
    return {
        model._meta.label: model._default_manager.count()
        for model in apps.get_models()
        if model._meta.app_label in {"cases", "bank", "sightings", "accounts"}
    }


def test_the_empty_form_says_what_it_can_and_cannot_tell() -> None:
    shown = Client().get("/check/").content.decode()
    assert "It cannot prove that a picture is real" in shown
    assert 'type="file"' in shown


def test_a_picture_without_signs_is_not_called_real() -> None:
    shown = page(a_photo())
    assert "no sign" in shown
    assert "does not mean that it is real" in shown
    assert "What we did not test" in shown


def test_what_a_file_says_of_itself_is_told_as_just_that() -> None:
    shown = page(a_png_with("XML:com.adobe.xmp", DECLARED))
    assert "The file itself says that AI made or changed it" in shown


def test_a_generators_settings_are_a_strong_sign_with_its_reason() -> None:
    shown = page(a_png_with("parameters", f"a lighthouse\n{SETTINGS}"))
    assert "strong signs that the picture was made or changed" in shown
    assert "not a proof" in shown
    assert "Settings of an AI image generator" in shown


def test_what_a_file_says_cannot_become_markup() -> None:
    evil = f"<script>alert(1)</script>\n{SETTINGS}"
    assert "<script>alert" not in page(a_png_with("parameters", evil))


def test_every_finding_and_strength_of_the_detector_has_words() -> None:
    assert set(words.FINDINGS) == set(detector.FINDINGS)
    assert set(words.STRENGTHS) == set(detector.STRENGTHS)


@pytest.fixture
def stored(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    names: list[str] = []

    def save(_: object, name: str, *__: object, **___: object) -> str:
        names.append(name)
        return name

    monkeypatch.setattr(FileSystemStorage, "save", save)
    return names


def test_nothing_of_a_checked_picture_is_kept(stored: list[str]) -> None:
    before = rows()
    client = Client()
    page(a_photo(), client)
    assert rows() == before
    assert stored == []
    assert "sessionid" not in client.cookies


def test_without_the_statement_about_age_nothing_is_checked() -> None:
    shown = page(a_photo(), adult=False)
    assert "everybody is an adult" in shown
    assert "Nothing was checked yet" in shown
    assert "/report/young/" in shown


def test_without_a_picture_the_page_asks_for_one() -> None:
    assert "Please choose a picture" in page()


@pytest.mark.parametrize(
    "data", [b"", b"not a picture", a_photo()[:3000]], ids=["empty", "text", "torn"]
)
def test_a_file_that_is_no_picture_is_refused_in_a_sentence(data: bytes) -> None:
    shown = page(data)
    assert "Nothing was checked" in shown
    assert "We kept nothing." in shown
    assert "Traceback" not in shown


def test_a_picture_that_is_too_large_is_refused(settings: Settings) -> None:
    settings.MAX_UPLOAD_BYTES = 1000
    assert "larger than" in page(a_photo())


def test_the_form_cannot_be_sent_from_another_site() -> None:
    client = Client(enforce_csrf_checks=True)
    assert client.post("/check/", {"adult": "on"}).status_code == 403


def test_every_kind_of_evidence_has_words_for_everybody() -> None:
    assert words.KINDS.keys() == {code.split(".")[0] for code in TEXTS}


@pytest.mark.parametrize("code", _SENTENCES)
def test_every_refusal_of_a_file_has_words(code: str) -> None:
    assert str(words.REFUSALS[code])
