"""python -m tracker index: build, describe and search an index on disk."""

import argparse
import io
import json
import re
import sys
from collections.abc import Iterable
from pathlib import Path

import numpy as np

from tracker.index import Hashes, Ids, Index, IndexFormatError

_LINE = re.compile(r"([0-9]{1,20})\s+((?:[0-9a-f]{2})+)\s*")


class InputError(Exception):
    """What was typed or piped in cannot be used; str() is a plain sentence."""


def add_parser(
    subparsers: "argparse._SubParsersAction[argparse.ArgumentParser]",
) -> None:
    index = subparsers.add_parser("index", help="build, describe or search an index")
    verbs = index.add_subparsers(metavar="VERB", required=True)
    build = verbs.add_parser("build", help='build from standard input: lines "ID HEX"')
    build.set_defaults(run=_guarded, verb=_build)
    info = verbs.add_parser("info", help="check every byte and describe an index")
    info.set_defaults(run=_guarded, verb=_info)
    search = verbs.add_parser("search", help="print all neighbours of a hash")
    search.set_defaults(run=_guarded, verb=_search)
    for verb in (build, info, search):
        verb.add_argument("path", type=Path, metavar="INDEX")
    search.add_argument(
        "hash", metavar="HEX", help="lower-case hex, as wide as the index"
    )
    search.add_argument("--radius", type=int, default=31, metavar="BITS")


def _guarded(arguments: argparse.Namespace) -> int:
    try:
        answer = arguments.verb(arguments)
    except (InputError, IndexFormatError, ValueError) as error:
        sys.stderr.write(f"{error}\n")
        return 1
    except OSError as error:
        sys.stderr.write(f"{error.strerror or error}.\n")
        return 1
    sys.stdout.write(json.dumps(answer) + "\n")
    return 0


def _build(arguments: argparse.Namespace) -> dict[str, object]:
    ids, hashes = _parse(io.TextIOWrapper(sys.stdin.buffer, errors="replace"))
    return Index.build(arguments.path, ids, hashes).info()


def _info(arguments: argparse.Namespace) -> dict[str, object]:
    index = Index.open(arguments.path)
    index.verify()
    return index.info()


def _search(arguments: argparse.Namespace) -> list[dict[str, int]]:
    if not re.fullmatch(r"(?:[0-9a-f]{2})+", arguments.hash):
        raise InputError("The hash is not lower-case hex.")
    query = np.frombuffer(bytes.fromhex(arguments.hash), np.uint8)
    index = Index.open(arguments.path)
    if len(query) != index.hashes.shape[1]:
        raise InputError(f"The hashes of this index are {index.hashes.shape[1]} bytes.")
    _, ids, distances = index.search(query, arguments.radius)
    return [
        {"id": int(id_), "distance": int(distance)}
        for id_, distance in zip(ids, distances, strict=True)
    ]


def _parse(lines: Iterable[str]) -> tuple[Ids, Hashes]:
    ids: list[int] = []
    rows: list[bytes] = []
    for number, line in enumerate(lines, start=1):
        match = _LINE.fullmatch(line)
        if not match or int(match[1]) >= 2**64:
            raise InputError(f"Line {number} is not a number and a hash in hex.")
        if rows and len(match[2]) != 2 * len(rows[0]):
            raise InputError(f"The hash in line {number} is of another width.")
        ids.append(int(match[1]))
        rows.append(bytes.fromhex(match[2]))
    if not rows:
        raise InputError("There is nothing to build from.")
    hashes = np.frombuffer(b"".join(rows), np.uint8).reshape(len(rows), -1)
    return np.array(ids, np.uint64), hashes
