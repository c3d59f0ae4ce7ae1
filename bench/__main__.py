"""Runs every program of this folder in turn and writes what they print to docs/benchmarks.md.

python -m bench [--photos FOLDER] [--full] [NAME...]: quick sizes unless --full is given.
A new program takes part by lying here; what it is given besides stands in RUNS.
"""

import argparse
import ast
import os
import platform
import re
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

HERE = Path(__file__).resolve().parent
PAGE = HERE.parent / "docs" / "benchmarks.md"
WIDTH = 118  # signs of a line
PATIENCE = 3600  # seconds for one run
LIBRARIES = (
    "numpy",
    "pillow",
    "faiss-cpu",
    "threatexchange",
    "pdqhash",
    "imagehash",
    "torch",
)
FLAGS = ("avx2", "avx512f", "avx512_vpopcntdq", "sha_ni")  # of a processor, that we use
BAR = re.compile(r"━ +\d+% ")  # a bar of progress, as it is left where no terminal is


@dataclass(frozen=True, slots=True)
class Run:
    """One run: what it is given, and how it is told of a folder of photographs.

    `photos` stands before the folder's path; None for a program that wants none. Without
    a folder it draws its pictures, says so, or, where it `needs` photographs, is left out.
    """

    arguments: tuple[str, ...] = ()
    photos: tuple[str, ...] | None = None
    needs: bool = False


QUICK: dict[str, tuple[Run, ...]] = {
    "browser_hashing": (Run(("--limit", "45"), photos=("--photos",)),),
    "defenders": (Run(("--views", "1")),),
    "derivation": (
        Run(
            ("--pairs", "42", "--copies", "27", "--unrelated", "300"),
            photos=(),
            needs=True,
        ),
    ),
    "freshness": (Run(("--rounds", "20")),),
    "guessing": (Run(("--n", "2000")),),
    "hashing": (Run(("--most", "15"), photos=()),),
    "lookup": (Run(("--n", "200000")),),
    "over_http": (Run(("--n", "100000")),),
    "robustness": (Run(("--most", "5"), photos=()),),
    "sharing": (Run(("--n", "200000")),),
    "strangers": (Run(("--most", "60"), photos=(), needs=True),),
    "strangers_by_points": (
        Run(("--most", "60", "--crops", "4"), photos=(), needs=True),
    ),
}
FULL: dict[str, tuple[Run, ...]] = {
    "backwards": (Run(("--observations", "100000000")),),
    "browser_hashing": (Run(photos=("--photos",)),),
    "derivation": (Run(photos=(), needs=True),),
    "hashing": (Run(photos=()),),
    "lookup": (
        Run(("--n", "1000000")),
        Run(("--n", "10000000")),
        Run(("--n", "1000000"), photos=("--real",), needs=True),
    ),
    "robustness": (Run(photos=()),),
    "sharing": (Run(("--n", "10000000")),),
    "strangers": (Run(photos=(), needs=True),),
    "strangers_by_points": (Run(photos=(), needs=True),),
}


def main() -> int:
    """Exit code 1 if a program failed; the page tells of it, and of all the others."""
    parser = argparse.ArgumentParser(description=__doc__)
    programs = sorted(path for path in HERE.glob("*.py") if path.stem != "__main__")
    names = [path.stem for path in programs]
    parser.add_argument("names", nargs="*", metavar="NAME", help=", ".join(names))
    parser.add_argument("--photos", type=Path, help="a folder of different photographs")
    parser.add_argument("--full", action="store_true", help="the large sizes: hours")
    parser.add_argument("--page", type=Path, default=PAGE, help="the file to write")
    asked = parser.parse_args()
    if unknown := set(asked.names) - set(names):
        parser.error(f"no such program: {', '.join(sorted(unknown))}")
    page = list(heading(full=asked.full, photos=asked.photos))
    failed = False
    for program in programs:
        if asked.names and program.stem not in asked.names:
            continue
        runs = (FULL if asked.full else QUICK).get(program.stem, (Run(),))
        told, ended_well = section(program, runs, asked.photos)
        print(told, flush=True)
        page.append(told)
        failed |= not ended_well
        # At once: whoever breaks off after an hour keeps what was measured.
        asked.page.write_text("\n".join(page), "utf-8")
    return int(failed)


def section(
    program: Path, runs: Sequence[Run], photos: Path | None
) -> tuple[str, bool]:
    """What the page says of a program, and whether all its runs ended well."""
    docstring = ast.get_docstring(ast.parse(program.read_text("utf-8"))) or ""
    meaning = " ".join(docstring.partition("\n\n")[0].split())
    lines = [f"## {program.stem}", "", meaning, ""]
    all_well = True
    for run in runs:
        lines += [f"`{command_of(program, run, photos)}`", ""]
        if run.needs and photos is None:
            lines += ["Not run: it needs photographs (`PHOTOS=folder`).", ""]
            continue
        began = time.monotonic()
        output, ended_well = printed(program, run, photos)
        took = time.monotonic() - began
        all_well &= ended_well
        lines += ["```text", output, "```", "", f"Took {took:.0f} seconds.", ""]
    return "\n".join(lines), all_well


def command_of(program: Path, run: Run, photos: Path | None) -> str:
    """As one types it; of the folder its name alone."""
    words = [*run.arguments]
    if run.photos is not None and (photos or run.needs):
        words = [photos.name if photos else "PHOTOS", *words]
        words = [*run.photos, *words]
    return " ".join(["python", f"bench/{program.name}", *words])


def printed(program: Path, run: Run, photos: Path | None) -> tuple[str, bool]:
    """What a run prints, in a process of its own; or how it failed."""
    with_photos = run.photos is not None and photos is not None
    folder = (
        [*run.photos, str(photos)] if with_photos and run.photos is not None else []
    )
    environment = os.environ | {"COLUMNS": str(WIDTH), "NO_COLOR": "1", "TERM": "dumb"}
    try:
        ended = subprocess.run(
            [sys.executable, str(program), *folder, *run.arguments],
            env=environment,
            capture_output=True,
            text=True,
            check=False,
            timeout=PATIENCE,
        )
    except subprocess.TimeoutExpired:
        return f"Given up after {PATIENCE} seconds.", False
    if ended.returncode:
        last = (ended.stderr.strip().splitlines() or ["it said nothing"])[-1]
        return f"Failed with exit code {ended.returncode}: {last}", False
    lines = (line.rstrip() for line in ended.stdout.splitlines())
    return "\n".join(line for line in lines if not BAR.search(line)).strip(), True


def heading(*, full: bool, photos: Path | None) -> Iterator[str]:
    """What was run, when, on what, and with which libraries."""
    sizes = "the large sizes" if full else "quick sizes (`FULL=1` runs the large ones)"
    pictures = (
        "photographs" if photos else "drawn pictures (`PHOTOS=folder` takes yours)"
    )
    yield "# Benchmarks"
    yield ""
    yield "Ours and its peers in the same run, written by `make bench`: ratios hold between"
    yield "machines, milliseconds do not. The reasons are in the records under `adr/`."
    yield ""
    yield f"- Run on {datetime.now(UTC):%d %B %Y} with {sizes} and {pictures}."
    yield f"- Machine: {machine()}."
    yield f"- Python {platform.python_version()}, {', '.join(libraries())}."
    yield ""


def machine() -> str:
    cores = len(os.sched_getaffinity(0))
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    told = Path("/proc/cpuinfo").read_text("utf-8")
    model = re.search(r"^model name\s*: (.*)$", told, re.MULTILINE)
    flags = re.search(r"^flags\s*: (.*)$", told, re.MULTILINE)
    has = set(flags[1].split()) if flags else set()
    known = ", ".join(flag for flag in FLAGS if flag in has) or "none of those we use"
    name = model[1].strip() if model else platform.machine()
    load = os.getloadavg()[2]
    return (
        f"{cores} cores ({name}; {known}), {memory:.0f} GiB of memory, "
        f"{load:.1f} programs at work on it in the last quarter of an hour"
    )


def libraries() -> Iterator[str]:
    for name in LIBRARIES:
        try:
            yield f"{name} {version(name)}"
        except PackageNotFoundError:
            yield f"no {name}"


if __name__ == "__main__":
    sys.exit(main())
