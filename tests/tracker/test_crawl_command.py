"""The command `crawl`, from its arguments to its lines."""

import argparse
import hashlib
import json

import pytest

from tests.loopback_sites import Site, gallery, picture, serve
from tracker import crawl_command


def crawl(*arguments: str) -> int:
    parser = argparse.ArgumentParser()
    crawl_command.add_parser(parser.add_subparsers())
    args = parser.parse_args(["crawl", *arguments])
    status = args.run(args)
    assert isinstance(status, int)
    return status


def asked(site: Site, *more: str) -> int:
    return crawl(f"{site.url}/", "--allow", site.allow[0], "--delay", "0", *more)


def test_each_find_is_one_json_line_and_the_last_line_counts(
    capsys: pytest.CaptureFixture[str],
) -> None:
    with serve(gallery(2)) as site:
        assert asked(site, "--json") == 0
    *found, last = (json.loads(line) for line in capsys.readouterr().out.splitlines())
    assert last == {"pages": 3, "finds": 4, "done": True}
    body = picture(1)
    assert found[-1] == {
        "url": f"{site.url}/post/1",
        "media_url": f"{site.url}/image/1.jpg",
        "account": "painter1",
        "posted_at": "2026-03-02T12:00:00+00:00",
        "content_type": "image/jpeg",
        "bytes": len(body),
        "sha256": hashlib.sha256(body).hexdigest(),
    }


def test_without_json_the_lines_are_plain(capsys: pytest.CaptureFixture[str]) -> None:
    with serve(gallery(1)) as site:
        assert asked(site, "--max-pages", "1") == 0
    first, last = capsys.readouterr().out.splitlines()
    assert first.startswith(f"{site.url}/  {site.url}/thumb/0.jpg")
    assert last == "1  1  True"


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (("http://127.0.0.1/",), "public place"),
        (("ftp://album.example/",), "http and https"),
        (("http://127.0.0.1/", "--max-pages", "0"), "max_pages"),
        (("http://127.0.0.1/", "--delay", "-1"), "min_delay"),
    ],
)
def test_an_error_is_one_sentence_and_a_status(
    capsys: pytest.CaptureFixture[str], arguments: tuple[str, ...], sentence: str
) -> None:
    assert crawl(*arguments) == 1
    said = capsys.readouterr()
    assert said.out == ""
    assert sentence in said.err
    assert said.err.count("\n") == 1
