"""python -m tracker index: build, describe, search and verify an index on disk."""

import argparse
import io
import itertools
import json
import re
import sys
from collections.abc import Iterable
from pathlib import Path

import numpy as np
from rich.console import Console
from rich.table import Table
from rich.text import Text

from tracker.flat import scan
from tracker.hash_command import shown
from tracker.index import Found, Hashes, Ids, Index, IndexFormatError
from tracker.signals import SIGNALS, signal_type

_HEX = re.compile(r"(?:[0-9a-f]{2})+")
_LINE = re.compile(rf"(?:([0-9]{{1,20}})\s+)?({_HEX.pattern})\s*")


class InputError(Exception):
    """What was typed or piped in cannot be used; str() is a plain sentence."""


def add_parser(
    subparsers: "argparse._SubParsersAction[argparse.ArgumentParser]",
) -> None:
    index = subparsers.add_parser("index", help="build, search or verify an index")
    verbs = index.add_subparsers(metavar="VERB", required=True)
    build = verbs.add_parser(
        "build",
        help="build from lines of hex",
        description='Lines are "HEX", numbered from 1, or "ID HEX"; hex is lower-case.',
    )
    info = verbs.add_parser("info", help="describe an index")
    search = verbs.add_parser("search", help="find all neighbours of hashes")
    verify = verbs.add_parser(
        "verify",
        help="prove an index: every checksum, and a sample of answers",
        description="Reads all of it, then compares answers with a scan of every hash.",
    )
    for verb, run in (
        (build, _build),
        (info, _info),
        (search, _search),
        (verify, _verify),
    ):
        verb.set_defaults(run=_guarded, verb=run)
        verb.add_argument("path", type=Path, metavar="INDEX")
        verb.add_argument("--json", action="store_true", help="print JSON")
    build.add_argument(
        "lines", nargs="?", type=Path, metavar="FILE", help="default: standard input"
    )
    build.add_argument("--type", choices=SIGNALS, help="what the hashes are")
    build.add_argument(
        "--replace", action="store_true", help="take the place of what is at INDEX"
    )
    search.add_argument(
        "hashes", nargs="*", metavar="HEX", help="default: lines of standard input"
    )
    search.add_argument("--radius", type=int, default=31, metavar="BITS")
    search.add_argument("--most", type=int, metavar="N", help="the nearest N of each")
    verify.add_argument("--sample", type=int, default=100, metavar="N")


def _guarded(arguments: argparse.Namespace) -> int:
    try:
        arguments.verb(arguments)
    except (InputError, IndexFormatError, ValueError) as error:
        sys.stderr.write(f"{error}\n")
        return 1
    except BrokenPipeError:
        raise
    except OSError as error:
        sys.stderr.write(f"{error.strerror or error}.\n")
        return 1
    return 0


def _build(arguments: argparse.Namespace) -> None:
    if arguments.path.exists() and not arguments.replace:
        raise InputError(f"{shown(arguments.path)} is there already: see --replace.")
    with _opened(arguments.lines) as lines:
        ids, hashes = _parse(lines)
    extra = {}
    if arguments.type:
        kind = signal_type(arguments.type)
        if 8 * hashes.shape[1] != kind.bits:
            raise InputError(f"A {kind.name} signal has {kind.bits // 4} digits.")
        extra = {"type": kind.name, "version": kind.version}
    Index.build(arguments.path, ids, hashes, extra)
    _info(arguments)


def _info(arguments: argparse.Namespace) -> None:
    info = Index.open(arguments.path).info()
    if arguments.json:
        _print_json(info)
        return
    extra = info["extra"]
    parts = info["parts"]
    rows = {
        "hashes": f"{info['n']:,} of {info['bits']} bits",
        "type": extra.get("type", "not named"),
        "version": extra.get("version", "not named"),
        "size": f"{info['size']:,} bytes",
        "searched by": f"{len(parts)} tables, or a scan" if parts else "a scan",
        "built": info["built_at"],
        "format": str(info["format"]),
        **{f"SHA-256 of {name}": sha for name, sha in info["checksums"].items()},
    }
    table = _table(shown(arguments.path), "", "")
    table.show_header = False
    for name, told in rows.items():
        table.add_row(name, Text(str(told)))
    Console().print(table)


def _search(arguments: argparse.Namespace) -> None:
    index = Index.open(arguments.path)
    width = index.hashes.shape[1]
    if arguments.most is not None and arguments.most < 1:
        raise InputError("The most to tell is a number from 1.")
    with _opened(None) as lines:
        asked = arguments.hashes or [line.strip() for line in lines]
    for value in asked:
        if not _HEX.fullmatch(value) or len(value) != 2 * width:
            raise InputError(f"A hash here is {2 * width} digits of lower-case hex.")
    queries = np.frombuffer(bytes.fromhex("".join(asked)), np.uint8)
    found = index.search(
        queries.reshape(len(asked), width), arguments.radius, arguments.most
    )
    for value, neighbours in zip(asked, _pairs(found), strict=True):
        if arguments.json:
            told = [{"id": id_, "distance": bits} for id_, bits in neighbours]
            _print_json({"hash": value, "matches": told})
            continue
        table = _table(value, "id", "bits apart")
        for id_, bits in neighbours:
            table.add_row(str(id_), str(bits))
        Console().print(table if neighbours else Text(f"{value}\nno neighbours"))


def _verify(arguments: argparse.Namespace) -> None:
    """Exit code 1, and why, unless it is as it was written and answers as a scan does."""
    index = Index.open(arguments.path)
    index.verify()
    rng = np.random.default_rng()
    width = index.hashes.shape[1]
    queries = rng.integers(0, 256, (max(0, arguments.sample), width), np.uint8)
    for place in range(len(queries) if len(index) else 0):
        bits = np.zeros(8 * width, np.uint8)
        bits[rng.choice(8 * width, rng.integers(0, width), replace=False)] = 1
        queries[place] = index.hashes[rng.integers(len(index))] ^ np.packbits(bits)
    for radius in (0, width - 1, 8 * width // 5 + 1):
        ours = _pairs(index.search(queries, radius, 1000))
        if ours != _pairs(scan(index.ids, index.hashes, queries, radius, 1000)):
            raise InputError(f"At {radius} bits it does not answer as a scan does.")
    told = {"n": len(index), "sample": len(queries), "whole": True}
    if arguments.json:
        _print_json(told)
    else:
        sentence = f"{len(index):,} hashes are as written; {len(queries)} answers are a scan's."
        Console().print(Text(sentence))


def _pairs(found: Found) -> list[list[tuple[int, int]]]:
    lims, ids, distances = found
    pairs = list(zip(ids.tolist(), distances.tolist(), strict=True))
    return [pairs[a:b] for a, b in itertools.pairwise(lims)]


def _opened(path: Path | None) -> io.TextIOWrapper:
    file = sys.stdin.buffer if path is None else path.open("rb")
    return io.TextIOWrapper(file, errors="replace")


def _parse(lines: Iterable[str]) -> tuple[Ids, Hashes]:
    ids: list[int] = []
    rows: list[bytes] = []
    named = False
    for number, line in enumerate(lines, start=1):
        match = _LINE.fullmatch(line)
        if not match or int(match[1] or 0) >= 2**64:
            raise InputError(f"Line {number} is no hash in lower-case hex.")
        if rows and len(match[2]) != 2 * len(rows[0]):
            raise InputError(f"The hash in line {number} is of another width.")
        if rows and named != bool(match[1]):
            raise InputError(f"Line {number} has an id where others have none.")
        named = bool(match[1])
        ids.append(int(match[1] or number))
        rows.append(bytes.fromhex(match[2]))
    if not rows:
        raise InputError("There is nothing to build from.")
    hashes = np.frombuffer(b"".join(rows), np.uint8).reshape(len(rows), -1)
    return np.array(ids, np.uint64), hashes


def _print_json(told: object) -> None:
    sys.stdout.write(json.dumps(told) + "\n")


def _table(title: str, *columns: str) -> Table:
    table = Table(title=Text(title), title_justify="left")
    for column in columns:
        table.add_column(column, overflow="fold")
    return table
