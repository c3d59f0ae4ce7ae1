"""Visits in a process of their own: what they may cost and how they end."""

import io
import json
import logging
import os
import resource
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from tests.loopback_sites import Answer, Site, gallery, picture, serve
from tracker import guarded, visit_process
from tracker.guarded import ENVIRONMENT, ROOT
from tracker.sources import Batch, Find, Media, SourceError
from tracker.visit import VisitError, VisitLimits, visit

SHORT = VisitLimits(seconds=30)


def config(site: Site, **more: object) -> dict[str, object]:
    return {
        "url": f"{site.url}/",
        "allow": frozenset(site.allow),
        "min_delay": 0,
        **more,
    }


def files(batches: list[Batch]) -> set[tuple[str, str]]:
    return {(find.url, find.media.url) for batch in batches for find in batch.finds}


def alive(pid: int) -> bool:
    """A zombie that nobody has waited for yet is dead enough."""
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except OSError:
        return False
    return state != "Z"


def child_of(pid: int) -> int:
    """The process that `pid` started, as soon as there is one."""
    for _ in range(200):
        children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
        if children:
            return int(children[-1])
        time.sleep(0.02)
    raise AssertionError


def is_gone(pid: int, seconds: float = 5) -> bool:
    until = time.monotonic() + seconds
    while alive(pid) and time.monotonic() < until:
        time.sleep(0.05)
    return not alive(pid)


def acting(monkeypatch: pytest.MonkeyPatch, program: str) -> None:
    """Let the child be another program than ours."""
    real: Any = subprocess.Popen

    def start(command: list[str], **kwargs: object) -> object:
        return real([command[0], "-c", program], **kwargs)

    monkeypatch.setattr(subprocess, "Popen", start)


def hanging() -> Iterator[Site]:
    def hang(*_: object) -> Answer:
        time.sleep(20)
        return Answer()

    site = gallery(4, 4)
    site.pages["/post/1"] = hang
    with serve(site):
        yield site


@pytest.fixture
def slow_site() -> Iterator[Site]:
    yield from hanging()


def test_a_visit_yields_finds_with_all_they_tell() -> None:
    with serve(gallery(2)) as site:
        batches = list(visit("site", config(site), None, SHORT))
    found = {find.url.removeprefix(site.url): find for b in batches for find in b.finds}
    find = found["/post/1"]
    assert find.media == Media(f"{site.url}/image/1.jpg", picture(1), "image/jpeg")
    assert find.account == "painter1"
    assert find.posted_at == datetime(2026, 3, 2, 12, tzinfo=UTC)
    assert find.checkpoint in {batch.checkpoint for batch in batches}
    assert batches[-1].done


def test_a_visit_that_is_killed_in_the_middle_goes_on_to_the_whole_set() -> None:
    with serve(gallery(6, 3)) as site:
        whole = files(list(visit("site", config(site), None, SHORT)))
        running = visit("site", config(site), None, SHORT)
        before = [next(running), next(running), next(running)]
        os.kill(child_of(os.getpid()), signal.SIGKILL)
        with pytest.raises(VisitError) as caught:
            before.extend(running)
        assert caught.value.code == "crashed"
        after = list(visit("site", config(site), before[-1].checkpoint, SHORT))
        assert files(before) | files(after) == whole
        assert after[-1].done


def test_a_visit_that_hangs_is_killed_at_its_time_limit(slow_site: Site) -> None:
    began = time.monotonic()
    running = visit("site", config(slow_site), None, VisitLimits(seconds=2))
    batches = [next(running)]
    child = child_of(os.getpid())
    with pytest.raises(VisitError) as caught:
        batches.extend(running)
    assert caught.value.code == "time"
    assert time.monotonic() - began < 4
    assert not alive(child)
    assert files(batches)


def test_a_visit_that_waits_says_every_while_that_it_lives(slow_site: Site) -> None:
    limits = VisitLimits(seconds=3, beat=0.2)
    batches: list[Batch] = []
    with pytest.raises(VisitError) as caught:
        batches.extend(visit("site", config(slow_site), None, limits))
    assert caught.value.code == "time"
    beats = [batch for batch in batches if not batch.finds]
    assert len(beats) > 5
    known = [batch.checkpoint for batch in batches if batch.finds]
    assert batches[-1].checkpoint == known[-1]
    assert not any(batch.done for batch in batches)


def test_a_caller_that_stops_ends_the_visit(slow_site: Site) -> None:
    running = visit("site", config(slow_site), None, SHORT)
    next(running)
    child = child_of(os.getpid())
    running.close()
    assert not alive(child)


def test_a_visit_dies_with_its_parent(slow_site: Site) -> None:
    program = (
        "import json, sys\n"
        "from tracker.visit import visit\n"
        "for batch in visit('site', json.loads(sys.argv[1])): print('x', flush=True)\n"
    )
    settings = json.dumps({**config(slow_site), "allow": slow_site.allow})
    with subprocess.Popen(
        [sys.executable, "-c", program, settings], stdout=subprocess.PIPE
    ) as parent:
        assert parent.stdout is not None
        assert parent.stdout.readline() == b"x\n"
        child = child_of(parent.pid)
        parent.kill()
    assert is_gone(child)


def test_a_visit_ends_by_itself_shortly_before_its_time_is_up() -> None:
    with serve(gallery(12, 12)) as site:
        limits = VisitLimits(seconds=6)
        before = list(visit("site", config(site, min_delay=0.2), None, limits))
        assert before
        assert not before[-1].done
        after = list(visit("site", config(site), before[-1].checkpoint, SHORT))
        assert len(files(before) | files(after)) == 24


@pytest.mark.parametrize(
    ("kind", "told", "code"),
    [
        ("site", {"url": "http://127.0.0.1/"}, "not_public"),
        ("site", {}, "config"),
        ("site", {"url": "http://a.example/", "max_bytes": "many"}, "config"),
        ("telepathy", {}, "kind"),
        ("folder", {"folder": "/nonexistent"}, "folder"),
    ],
)
def test_a_source_that_cannot_go_on_says_why(
    kind: str, told: dict[str, object], code: str
) -> None:
    with pytest.raises(VisitError) as caught:
        list(visit(kind, told, None, SHORT))
    assert caught.value.code == code
    assert str(caught.value).endswith(".")


def test_a_site_that_asks_for_a_pause_is_heard() -> None:
    busy = Answer(status=429, headers={"Retry-After": "90"})
    with serve(Site({"/": busy})) as site, pytest.raises(VisitError) as caught:
        list(visit("site", config(site), None, SHORT))
    assert (caught.value.code, caught.value.retry_after) == ("busy", 90.0)


def test_no_file_is_larger_than_the_visit_allows() -> None:
    site = gallery(1)
    site.pages["/image/0.jpg"] = picture(0) + b"x" * 20_000
    with serve(site):
        limits = VisitLimits(seconds=30, max_body=10_000)
        found = files(list(visit("site", config(site), None, limits)))
    assert {media.removeprefix(site.url) for _, media in found} == {"/thumb/0.jpg"}


def test_a_visit_that_swells_is_stopped(tmp_path: Path) -> None:
    (tmp_path / "a.jpg").write_bytes(b"\xff\xd8\xff" + b"\0" * 300_000_000)
    limits = VisitLimits(seconds=30, memory_bytes=500_000_000, max_body=2**30)
    with pytest.raises(VisitError) as caught:
        list(
            visit("folder", {"folder": str(tmp_path), "max_bytes": 2**30}, None, limits)
        )
    assert caught.value.code in {"memory", "crashed"}


def test_the_process_knows_no_django_no_secret_and_no_proxy(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("SECRET_KEY", "secret")
    monkeypatch.setenv("HTTPS_PROXY", "http://127.0.0.1:1")
    assert "SECRET_KEY" not in ENVIRONMENT
    program = (
        "import sys, tracker.visit_process\n"
        "import tracker.sources.site, tracker.sources.feed, tracker.sources.warc\n"
        "assert 'django' not in sys.modules, 'django'\n"
        "assert 'celery' not in sys.modules, 'celery'\n"
    )
    subprocess.run(
        [sys.executable, "-c", program],
        check=True,
        cwd=ROOT,
        env=ENVIRONMENT,
    )


HEAD = '{"checkpoint": "", "done": false, "finds": [%s]}'
FIND = (
    '{"url": "u", "media_url": "m", "content_type": "image/jpeg", "account": "",'
    ' "posted_at": null, "size": %s}'
)


@pytest.mark.parametrize(
    ("said", "code"),
    [
        ("", "crashed"),
        ("garbage\n", "frame"),
        ("[]\n", "frame"),
        ("{}\n", "frame"),
        (HEAD % "1" + "\n", "frame"),
        (HEAD % (FIND % "-1") + "\n", "frame"),
        (HEAD % (FIND % "99999999999") + "\n", "frame"),
        (HEAD % (FIND % '"x"') + "\n", "frame"),
        (HEAD % (FIND % "10") + "\nshort", "crashed"),
        (HEAD % ",".join([FIND % "0"] * 101) + "\n", "frame"),
        ('{"checkpoint": 1, "done": true, "finds": []}\n', "frame"),
        ('{"error": {"code": "unheard"}}\n', "frame"),
        ('{"error": "x"}\n', "frame"),
        ('{"error": {"code": "memory"}}\n', "memory"),
    ],
)
def test_nothing_that_the_process_says_is_trusted(
    monkeypatch: pytest.MonkeyPatch, said: str, code: str
) -> None:
    acting(monkeypatch, f"print({said!r}, end='')")
    with pytest.raises(VisitError) as caught:
        list(visit("site", {}, None, SHORT))
    assert caught.value.code == code


def test_a_header_without_end_is_not_kept_for_ever(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(guarded, "MAX_HEADER", 10_000)
    acting(monkeypatch, "while True: print('x' * 1000, end='')")
    with pytest.raises(VisitError) as caught:
        list(visit("site", {}, None, SHORT))
    assert caught.value.code == "frame"


@pytest.mark.parametrize(
    ("program", "code"),
    [
        ("raise SystemExit(3)", "crashed"),
        ("import os, signal; os.kill(os.getpid(), signal.SIGSEGV)", "crashed"),
        ("import os, signal; os.kill(os.getpid(), signal.SIGXCPU)", "cpu"),
        ("import os, time; os.close(1); time.sleep(60)", "crashed"),
    ],
)
def test_a_process_that_dies_is_an_error_with_a_code(
    monkeypatch: pytest.MonkeyPatch, program: str, code: str
) -> None:
    monkeypatch.setattr(guarded, "PATIENCE", 0.2)
    acting(monkeypatch, program)
    with pytest.raises(VisitError) as caught:
        list(visit("site", {}, None, SHORT))
    assert caught.value.code == code


def order(tmp_path: Path, **more: object) -> visit_process.Order:
    fields: dict[str, Any] = {
        "kind": "folder",
        "config": {"folder": str(tmp_path)},
        "checkpoint": None,
        "seconds": 60.0,
        "memory_bytes": 2**31,
        "max_body": 2**20,
        "parent": os.getppid(),
        **more,
    }
    return visit_process.Order(**fields)


def lines(out: io.BytesIO) -> list[dict[str, object]]:
    return [
        json.loads(line) for line in out.getvalue().splitlines() if line[:1] == b"{"
    ]


def test_the_inner_side_writes_headers_bytes_and_an_end(tmp_path: Path) -> None:
    (tmp_path / "a.gif").write_bytes(b"GIF89a")
    out = io.BytesIO()
    visit_process.run(order(tmp_path), out)
    first, _, rest = out.getvalue().partition(b"\n")
    assert json.loads(first)["finds"][0]["size"] == 6
    assert rest.startswith(b"GIF89a{")
    assert rest.endswith(b'{"end": true}\n')


def test_the_inner_side_stops_softly_when_its_time_runs_out(tmp_path: Path) -> None:
    for n in range(20):
        (tmp_path / f"{n}.gif").write_bytes(b"GIF89a")
    out = io.BytesIO()
    visit_process.run(order(tmp_path, seconds=0.0), out)
    assert [line.get("done") for line in lines(out)] == [False]
    assert out.getvalue().endswith(b'{"end": true}\n')


@pytest.mark.parametrize(
    ("error", "code"),
    [(SourceError("busy", "Later.", 9.0), "busy"), (MemoryError(), "memory")],
)
def test_the_inner_side_tells_what_went_wrong(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, error: Exception, code: str
) -> None:
    def fail(*_: object) -> None:
        raise error

    monkeypatch.setattr(visit_process, "build", fail)
    out = io.BytesIO()
    visit_process.run(order(tmp_path), out)
    (line,) = lines(out)
    told = line["error"]
    assert isinstance(told, dict)
    assert told["code"] == code


def test_a_find_without_a_time_survives_the_frame() -> None:
    out = io.BytesIO()
    find = Find("u", Media("m", b"\n{}\n", "image/png"), "ännchen", None, "mark")
    visit_process.frame(Batch((find,), "mark", done=True), out)
    head, _, body = out.getvalue().partition(b"\n")
    assert json.loads(head)["finds"][0]["account"] == "ännchen"
    assert body == b"\n{}\n"


def test_the_inner_side_limits_itself(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    limits: dict[int, tuple[int, int]] = {}
    monkeypatch.setattr(resource, "setrlimit", limits.__setitem__)
    monkeypatch.setattr(os, "_exit", lambda _: None)
    monkeypatch.setattr(threading, "Thread", _Still)
    monkeypatch.setattr(logging, "disable", lambda _: None)
    told = json.dumps(
        {name: getattr(order(tmp_path), name) for name in order(tmp_path).__slots__}
    )
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(told.encode())))
    out = io.TextIOWrapper(io.BytesIO())
    monkeypatch.setattr(sys, "stdout", out)
    visit_process.main()
    assert limits[resource.RLIMIT_AS] == (2**31, 2**31)
    assert limits[resource.RLIMIT_CPU] == (61, 62)
    assert limits[resource.RLIMIT_CORE] == limits[resource.RLIMIT_FSIZE] == (0, 0)
    assert isinstance(out.buffer, io.BytesIO)
    assert out.buffer.getvalue().endswith(b'{"end": true}\n')


class _Still:
    """A thread that never runs: this process is not the one to be ended."""

    def __init__(self, **_: object) -> None:
        pass

    def start(self) -> None:
        pass


def test_the_watch_ends_the_process_whose_parent_has_gone(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    ended: list[int] = []
    monkeypatch.setattr(os, "_exit", ended.append)
    guarded.watch(-1)
    assert ended == [1]
