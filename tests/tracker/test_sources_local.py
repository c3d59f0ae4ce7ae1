"""Sources that read files of this machine: folders and WARC files."""

import gzip
import os
import zlib
from pathlib import Path
from typing import Any

import pytest

from tests.loopback_sites import picture, recording, warc_record, warc_response
from tracker.sources import Batch, Find, SourceError, build

JPEG = "Content-Type: image/jpeg"
URL = "http://album.example/a.jpg"


def folder(path: Path, checkpoint: str | None = None, **config: Any) -> list[Batch]:
    return list(build("folder", {"folder": str(path), **config}).batches(checkpoint))


def warc(
    path: Path, records: bytes, checkpoint: str | None = None, **config: Any
) -> list[Batch]:
    (path / "a.warc").write_bytes(records)
    asked = {"folder": str(path), "path": "a.warc", **config}
    return list(build("warc", asked).batches(checkpoint))


def finds(batches: list[Batch]) -> list[Find]:
    return [find for batch in batches for find in batch.finds]


def code_of(kind: str, config: dict[str, object]) -> str:
    with pytest.raises(SourceError) as caught:
        list(build(kind, config).batches(None))
    return caught.value.code


def test_pictures_come_in_the_order_of_their_paths(tmp_path: Path) -> None:
    for name in ("b.jpg", "a/z.jpg", "a/ü 1.jpg", "a-1.jpg"):
        place = tmp_path / name
        place.parent.mkdir(exist_ok=True)
        place.write_bytes(picture(len(name)))
    found = finds(folder(tmp_path))
    assert [find.url for find in found] == [
        "file:a/z.jpg",
        "file:a/%C3%BC%201.jpg",
        "file:a-1.jpg",
        "file:b.jpg",
    ]
    assert str(tmp_path) not in "".join(find.media.url for find in found)


def test_only_pictures_within_the_limit_are_taken(tmp_path: Path) -> None:
    (tmp_path / "a.jpg").write_bytes(b"no picture")
    (tmp_path / "b.txt").write_bytes(picture(1))
    (tmp_path / "c.jpg").write_bytes(picture(2) + b"x" * 9000)
    (tmp_path / "d.jpg").write_bytes(b"")
    (find,) = finds(folder(tmp_path, max_bytes=5000))
    assert (find.url, find.media.content_type) == ("file:b.txt", "image/jpeg")


def test_nothing_outside_the_folder_is_read(tmp_path: Path) -> None:
    outside, inside = tmp_path / "outside", tmp_path / "inside"
    outside.mkdir()
    inside.mkdir()
    (outside / "secret.jpg").write_bytes(picture(1))
    (inside / "mine.jpg").write_bytes(picture(2))
    (inside / "file.jpg").symlink_to(outside / "secret.jpg")
    (inside / "dir").symlink_to(outside)
    (inside / "loop.jpg").symlink_to("loop.jpg")
    (inside / "kept.jpg").symlink_to("mine.jpg")
    os.mkfifo(inside / "pipe.jpg")
    found = finds(folder(inside))
    assert [find.url for find in found] == ["file:kept.jpg", "file:mine.jpg"]
    assert {find.media.body for find in found} == {picture(2)}


def test_a_file_that_may_not_be_read_is_passed_over(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "a.jpg").write_bytes(picture(1))

    def refuse(*args: object) -> None:
        raise PermissionError

    monkeypatch.setattr(Path, "open", refuse)
    assert finds(folder(tmp_path)) == []


@pytest.mark.parametrize("place", ["missing", "file", "", "relative", "a\0b"])
def test_a_folder_that_is_none_is_refused(tmp_path: Path, place: str) -> None:
    (tmp_path / "file").write_text("x")
    given = place if place in {"", "relative"} else f"{tmp_path}/{place}"
    assert code_of("folder", {"folder": given}) == "folder"


@pytest.mark.parametrize(
    "path", ["../a.warc", "/etc/hostname", "missing", "", ".", "link", "a\0b"]
)
def test_a_warc_file_outside_its_folder_is_refused(tmp_path: Path, path: str) -> None:
    (tmp_path / "a.warc").write_bytes(b"")
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "link").symlink_to(tmp_path / "a.warc")
    assert code_of("warc", {"folder": f"{tmp_path}/in", "path": path}) == "folder"


@pytest.mark.parametrize("packed", [True, False])
def test_each_picture_knows_the_page_that_asked_for_it(
    tmp_path: Path, *, packed: bool
) -> None:
    records = recording(4)
    data = b"".join(gzip.compress(r) if packed else r for r in records)
    found = finds(warc(tmp_path, data))
    assert [(find.url, find.media.url) for find in found] == [
        (f"http://album.example/{n}", f"http://album.example/{n}.jpg") for n in range(4)
    ]
    assert {str(find.posted_at) for find in found} == {"2026-02-03 04:05:06+00:00"}


def test_a_picture_without_a_request_stands_alone(tmp_path: Path) -> None:
    (find,) = finds(warc(tmp_path, warc_response(URL, picture(1), JPEG)))
    assert find.url == find.media.url == URL


def test_a_record_may_name_where_it_refers_to(tmp_path: Path) -> None:
    http = b"HTTP/1.1 200 OK\r\n\r\n" + picture(1)
    page = "http://album.example/page"
    record = warc_record("response", URL, http, WARC_Refers_To_Target_URI=page)
    (find,) = finds(warc(tmp_path, record))
    assert find.url == page


def test_a_resource_record_is_a_file_without_http(tmp_path: Path) -> None:
    (find,) = finds(warc(tmp_path, warc_record("resource", URL, picture(1))))
    assert find.media.body == picture(1)


def chunked(body: bytes) -> bytes:
    half = len(body) // 2
    parts = (body[:half], body[half:])
    return b"".join(b"%x\r\n%s\r\n" % (len(p), p) for p in parts) + b"0\r\n\r\n"


@pytest.mark.parametrize(
    ("body", "headers"),
    [
        (chunked(picture(1)), ["Transfer-Encoding: chunked"]),
        (gzip.compress(picture(1)), ["Content-Encoding: gzip"]),
        (zlib.compress(picture(1)), ["Content-Encoding: deflate"]),
        (
            chunked(gzip.compress(picture(1))),
            ["Content-Encoding: gzip", "Transfer-Encoding: chunked"],
        ),
    ],
)
def test_a_body_is_unpacked_as_a_browser_would(
    tmp_path: Path, body: bytes, headers: list[str]
) -> None:
    (find,) = finds(warc(tmp_path, warc_response(URL, body, JPEG, *headers)))
    assert find.media.body == picture(1)


@pytest.mark.parametrize(
    "record",
    [
        warc_response(URL, b"<html>", JPEG),
        warc_response(URL, picture(1), JPEG, status="404 Not Found"),
        warc_response("urn:x", picture(1), JPEG),
        warc_response("http://a.example/s?u=http://b.example/", picture(1), JPEG),
        warc_record("metadata", URL, picture(1)),
        warc_response(URL, picture(1), JPEG, "Content-Encoding: br"),
        warc_response(URL, picture(1), JPEG, "Content-Encoding: gzip"),
        warc_response(URL, b"\xff\xd8\xff" + b"\0" * 200_000, JPEG),
        warc_response(
            URL,
            gzip.compress(b"\xff\xd8\xff" + b"\0" * 20_000_000),
            JPEG,
            "Content-Encoding: gzip",
        ),
    ],
)
def test_what_is_no_picture_or_too_large_is_passed_over(
    tmp_path: Path, record: bytes
) -> None:
    good = warc_response("http://album.example/good.jpg", picture(2), JPEG)
    found = finds(warc(tmp_path, record + good, max_bytes=100_000))
    assert [find.media.body for find in found] == [picture(2)]


def test_a_gzip_member_that_swells_is_no_danger(tmp_path: Path) -> None:
    swollen = gzip.compress(
        warc_response(URL, b"\xff\xd8\xff" + b"\0" * 30_000_000, JPEG)
    )
    good = gzip.compress(warc_response(URL, picture(2), JPEG))
    found = finds(warc(tmp_path, swollen + good, max_bytes=100_000))
    assert [find.media.body for find in found] == [picture(2)]


def test_a_file_that_is_no_warc_is_refused(tmp_path: Path) -> None:
    for data in (b"hello\n\n" * 10, b"\x1f\x8b\x08garbage", gzip.compress(b"x" * 500)):
        with pytest.raises(SourceError) as caught:
            warc(tmp_path, data)
        assert caught.value.code == "format"


def test_a_file_that_breaks_off_is_read_as_far_as_it_goes_and_further_later(
    tmp_path: Path,
) -> None:
    records = [gzip.compress(r) for r in recording(4)]
    whole = b"".join(records)
    cut = len(b"".join(records[:7]))
    first = warc(tmp_path, whole[:cut])
    second = warc(tmp_path, whole, first[-1].checkpoint)
    assert first[-1].done
    assert len(finds(first)) == 2
    assert len(finds(first + second)) == 4
    third = warc(tmp_path, whole, second[-1].checkpoint)
    assert (finds(third), third[-1].checkpoint) == ([], str(len(whole)))


def test_a_long_stretch_without_pictures_moves_the_checkpoint(tmp_path: Path) -> None:
    page = warc_response("http://album.example/", b"<html>", "Content-Type: text/html")
    batches = warc(tmp_path, page * 450)
    assert [batch.done for batch in batches] == [False, False, True]
    assert len({batch.checkpoint for batch in batches}) == 3


def test_an_empty_file_has_nothing(tmp_path: Path) -> None:
    (batch,) = warc(tmp_path, b"")
    assert (batch.finds, batch.done) == ((), True)
