"""What the command line prints: lines of JSON, tables for people, and the progress.

It must not know how anything was found.
"""

import json
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path

from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    TextColumn,
    TimeRemainingColumn,
)
from rich.table import Table
from rich.text import Text

from detector.assessment import Assessment, Evidence, ModelOpinion
from detector.explain import moment, opinion, quote, summary, video_summary
from detector.video import FrameAssessment, VideoAssessment


class Printer:
    """One run's output: reports to standard output, the rest to standard error."""

    def __init__(self, *, as_json: bool) -> None:
        self._as_json = as_json
        self._progress: Progress | None = None

    def each(self, paths: Sequence[Path]) -> Iterator[Path]:
        """Yield the paths, with a bar where somebody watches more than one."""
        if len(paths) < 2 or not sys.stderr.isatty():
            yield from paths
            return
        with _progress() as self._progress:
            # Only its place among the others: what a file is called may not be shown
            # to whoever looks over a shoulder.
            yield from self._progress.track(paths, description="Files")
        self._progress = None

    def report(self, path: Path, assessment: Assessment | VideoAssessment) -> None:
        with self._without_bar():
            if self._as_json:
                print(json.dumps({"path": str(path), **asdict(assessment)}))
            elif isinstance(assessment, VideoAssessment):
                _print_video(path, assessment)
            else:
                _print_photo(path, assessment)

    def error(self, path: Path, error: str) -> None:
        with self._without_bar():
            if self._as_json:
                print(json.dumps({"path": str(path), "error": error}))
            else:
                print(f"{quote(str(path))}: {error}", file=sys.stderr)

    @contextmanager
    def _without_bar(self) -> Iterator[None]:
        """Take the bar away while something is written, so that both stay whole."""
        if self._progress is None:
            yield
            return
        self._progress.stop()
        yield
        sys.stdout.flush()
        self._progress.start()


def _progress() -> Progress:
    return Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeRemainingColumn(),
        console=Console(stderr=True),
        transient=True,
        # Else the reports would go where the bar goes.
        redirect_stdout=False,
        redirect_stderr=False,
    )


def _print_photo(path: Path, assessment: Assessment) -> None:
    console = Console()
    _print_head(console, path, summary(assessment))
    console.print(_reasons(assessment.evidence, assessment.models))
    _print_gaps(console, assessment.not_tested)


def _print_video(path: Path, assessment: VideoAssessment) -> None:
    console = Console()
    _print_head(console, path, video_summary(assessment.finding, assessment.reasons))
    console.print(_reasons(assessment.evidence, ()))
    if assessment.frames:
        console.print(_frames(assessment))
    _print_gaps(console, assessment.not_tested)


def _print_head(console: Console, path: Path, sentence: str) -> None:
    console.print(Text(quote(str(path)), style="bold"))
    console.print(Text(sentence))


def _print_gaps(console: Console, not_tested: Sequence[str]) -> None:
    console.print("Not tested:")
    for line in not_tested:
        console.print(Text(f"  - {line}"))


def _reasons(evidence: Sequence[Evidence], models: Sequence[ModelOpinion]) -> Table:
    table = Table("Looked at", "Found, and what it means", "Strength", show_lines=True)
    for piece in evidence:
        kind = piece.kind.replace("_", " ")
        table.add_row(kind, _found(piece.finding, piece.detail), piece.strength)
    for given in models:
        table.add_row(given.name, _found(*opinion(given)), "model")
    return table


def _frames(assessment: VideoAssessment) -> Table:
    table = Table("Frame", "At", "Finding", "Why")
    for frame in assessment.frames:
        style = "bold" if frame.number in assessment.matter else ""
        table.add_row(
            str(frame.number + 1),
            moment(frame.at),
            frame.finding,
            _why(frame),
            style=style,
        )
    return table


def _why(frame: FrameAssessment) -> Text:
    told = [piece.finding for piece in frame.evidence]
    told += [f"{one.name}: {opinion(one).finding}" for one in frame.models]
    return Text("; ".join(told), overflow="fold")


def _found(finding: str, detail: str) -> Text:
    # Folded: a quote is shown whole.
    return Text.assemble((finding, "bold"), "\n", detail, overflow="fold")
