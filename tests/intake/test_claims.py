import contextlib
import json
from base64 import urlsafe_b64encode
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

import tracker
from portal.cases.regions import unpack
from portal.intake import claims
from portal.intake.claims import PIPELINE, Claim, ClaimError, Hash, parse_claims
from portal.intake.telling import signals_of
from tracker.images import SMALL
from tracker.signals.base import LEAST_QUALITY

DIGEST = "0f" * 32


def a_hash(**over: Any) -> dict[str, Any]:
    return {"value": "a1" * 32, "quality": 90} | over


def a_picture(**over: Any) -> dict[str, Any]:
    whole = {"name": None, "sha256": DIGEST, "pdq": [a_hash()], "kind": "picture"}
    return whole | {"frames": []} | over


def a_video(**over: Any) -> dict[str, Any]:
    return a_picture(kind="video", pdq=[], frames=[a_hash()]) | over


def packed(*numbers: int, quality: int = 90) -> str:
    records = (bytes([n, quality]) + bytes([n]) * 64 for n in numbers)
    return urlsafe_b64encode(b"".join(records)).decode()


def with_parts(**over: Any) -> dict[str, Any]:
    return a_picture(shape=[512, 384], regions=packed(7, 1)) | over


def parsed(*items: object) -> list[Claim]:
    return parse_claims(json.dumps(items))


def test_what_the_page_sends_is_understood() -> None:
    forms = [a_hash(value=f"{n:064x}") for n in range(8)]
    picture, video = parsed(a_picture(pdq=forms), a_video(sha256=None))
    assert picture.sha256 == DIGEST
    assert [form.value for form in picture.pdq] == [form["value"] for form in forms]
    assert picture.frames == ()
    assert video == Claim("video", None, (), (Hash("a1" * 32, 90),))


def test_parts_of_a_picture_are_kept_as_they_came() -> None:
    (claim,) = parsed(with_parts())
    assert claim.shape == (512, 384)
    first, second = unpack(claim.regions)
    assert (first.number, first.quality, first.upright) == (7, 90, "07" * 32)
    assert second.mirrored == "01" * 32
    (told,) = [one for one in signals_of(claim) if "regions" in one]
    assert told["regions"] == claim.regions


@pytest.mark.parametrize("text", ["", "  \n", "[]"])
def test_no_picture_is_no_mistake(text: str) -> None:
    assert parse_claims(text) == []


def test_the_same_claim_twice_is_one() -> None:
    assert len(parsed(a_picture(), a_picture(), a_picture(sha256=None))) == 2


@pytest.mark.parametrize(
    "item",
    [
        7,
        None,
        [],
        {},
        a_picture(name="me on the beach.jpg"),
        a_picture(name=""),
        a_picture(bytes="AAAA"),
        a_picture(kind="model"),
        a_picture(kind=None),
        a_picture(kind=["picture"]),
        a_picture(sha256=DIGEST.upper()),
        a_picture(sha256=DIGEST[:-1]),
        a_picture(sha256=DIGEST + "\n"),
        a_picture(sha256=7),
        a_picture(pdq=[]),
        a_picture(pdq=None),
        a_picture(pdq="a1" * 32),
        a_picture(pdq=[a_hash()] * 9),
        a_picture(frames=[a_hash()]),
        a_picture(pdq=[a_hash(value="g" * 64)]),
        a_picture(pdq=[a_hash(value="a" * 63)]),
        a_picture(pdq=[a_hash(value="a" * 64 + "\n")]),
        a_picture(pdq=[a_hash(value=None)]),
        a_picture(pdq=[a_hash(quality=101)]),
        a_picture(pdq=[a_hash(quality=-1)]),
        a_picture(pdq=[a_hash(quality=90.0)]),
        a_picture(pdq=[a_hash(quality=True)]),
        a_picture(pdq=[a_hash(quality="90")]),
        a_picture(pdq=[a_hash(note="x")]),
        a_picture(pdq=[{"value": "a1" * 32}]),
        with_parts(regions=""),
        with_parts(regions=None),
        with_parts(regions=7),
        with_parts(regions=["A" * 88]),
        with_parts(regions=packed(1)[:-1]),
        with_parts(regions=packed(1)[:-1] + "\n"),
        with_parts(regions=packed(1)[:-1] + "+"),
        with_parts(regions=packed(1)[:-1] + "="),
        with_parts(regions=packed(1) + "\n"),
        with_parts(regions=packed(0)),
        with_parts(regions=packed(1, 2, 1)),
        with_parts(regions=packed(1, quality=101)),
        with_parts(shape=None),
        with_parts(shape=[512]),
        with_parts(shape=[0, 384]),
        with_parts(shape=[513, 384]),
        with_parts(shape=[512, 384.0]),
        with_parts(shape=[True, 384]),
        with_parts(shape="ab"),
        a_picture(shape=[512, 384]),
        a_picture(regions=packed(1)),
        a_video(shape=[512, 384], regions=packed(1)),
        a_video(frames=[]),
        a_video(frames=[a_hash()] * 61),
        a_video(pdq=[a_hash()]),
    ],
)
def test_anything_else_is_refused_in_plain_words(item: object) -> None:
    with pytest.raises(ClaimError, match="did not arrive whole"):
        parsed(item)


@pytest.mark.parametrize(
    "text",
    ["{", "null", "7", '"x"', "{}", "[" * 9000, "\x00", "[NaN]", "[1e999]", "\ud800"],
)
def test_what_is_no_list_is_refused(text: str) -> None:
    with pytest.raises(ClaimError, match="did not arrive whole"):
        parse_claims(text)


def test_more_than_ten_are_counted_for_the_person() -> None:
    with pytest.raises(ClaimError, match=r"You chose 11 pictures\. We can take 10"):
        parsed(*[a_picture()] * 11)


def test_a_long_text_is_refused_before_it_is_read() -> None:
    with pytest.raises(ClaimError, match="too long"):
        parse_claims("[" + " " * claims.LONGEST + "]")


def test_a_plain_picture_is_refused_with_its_reason() -> None:
    assert parsed(a_picture(pdq=[a_hash(quality=50)]))
    with pytest.raises(ClaimError, match="too plain to recognise"):
        parsed(a_picture(pdq=[a_hash(quality=49)]))
    with pytest.raises(ClaimError, match="too plain to recognise"):
        parsed(a_video(frames=[a_hash(), a_hash(quality=0)]))
    with pytest.raises(ClaimError, match="too plain to recognise"):
        parsed(with_parts(regions=packed(1, quality=49)))


def test_the_least_quality_is_the_trackers() -> None:
    assert (claims.LEAST_QUALITY, claims.SMALL) == (LEAST_QUALITY, SMALL)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
)


@given(st.text() | JSON.map(json.dumps))
def test_nothing_that_a_stranger_writes_is_a_surprise(text: str) -> None:
    with contextlib.suppress(ClaimError):
        assert isinstance(parse_claims(text), list)


def test_the_device_makes_what_the_tracker_makes() -> None:
    """A new version of either is a new pipeline: check them against each other again."""
    for name, version in PIPELINE.items():
        assert tracker.signal_type(name).version == version
