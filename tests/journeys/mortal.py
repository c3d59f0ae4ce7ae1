"""A worker that dies at a step of our choice: by SIGKILL, in a process of its own.

A step is a statement to the database, or a file of ours opened to write, renamed or
removed. Nothing of the product is replaced to count them.

Started by `Mortal` as a program: it reads orders from its standard input, forks for each,
and answers how the child ended.
"""

import itertools
import json
import logging
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import django
from django.conf import settings
from django.db import connection
from django.utils.module_loading import import_string

ROOT = Path(__file__).parents[2]
# What a step is: a file's, the begin of a transaction, a statement inside one, and a write
# or a read outside.
FILE, BEGIN, INSIDE, WRITE, READ = "fbiwr"
WRITING = os.O_WRONLY | os.O_RDWR | os.O_CREAT


@dataclass
class Mortal:
    """The driver's side."""

    program: subprocess.Popen[str]

    def works(self, task: str, *args: int, dies_at: int = 0) -> str:
        """Run a task, killed before that step (from 1); all steps made, a letter each."""
        order = {"task": task, "args": args, "dies_at": dies_at}
        assert self.program.stdin
        assert self.program.stdout
        self.program.stdin.write(json.dumps(order) + "\n")
        self.program.stdin.flush()
        told = json.loads(self.program.stdout.readline())
        assert told["signal"] == (signal.SIGKILL if dies_at else 0), told
        assert told["code"] == 0
        return str(told["steps"])


def moments(steps: str) -> list[int]:
    """The steps before which a kill makes a difference.

    Between two of them nothing changes that outlives a worker: a transaction that is not
    committed is as good as not begun. Of each one, its last moment is taken too.
    """
    return [
        at
        for at, (last, this) in enumerate(zip("w" + steps, steps, strict=False), 1)
        if last in FILE + WRITE
        or (last in BEGIN + INSIDE and this != INSIDE)
        or (this == INSIDE and steps[at : at + 1] not in {INSIDE, FILE})
    ]


@contextmanager
def mortal(environment: Mapping[str, str], said: Path) -> Iterator[Mortal]:
    """A worker whose logs go to the file `said`."""
    with said.open("w") as stderr:
        program = subprocess.Popen(
            [sys.executable, "-m", "tests.journeys.mortal"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=stderr,
            cwd=ROOT,
            env={**os.environ, **environment},
            text=True,
        )
        with program:
            yield Mortal(program)


def main() -> None:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "portal.settings")
    django.setup()
    logging.getLogger().setLevel(logging.DEBUG)
    for line in sys.stdin:
        reading, writing = os.pipe()
        child = os.fork()
        if child == 0:
            _work(json.loads(line), writing)
        os.close(writing)
        _, status = os.waitpid(child, 0)
        with os.fdopen(reading, "rb") as counted:
            steps = counted.read().decode()
        killed = os.WTERMSIG(status) if os.WIFSIGNALED(status) else 0
        code = os.WEXITSTATUS(status) if os.WIFEXITED(status) else 0
        told = {"signal": killed, "code": code, "steps": steps}
        sys.stdout.write(json.dumps(told) + "\n")
        sys.stdout.flush()


def _work(order: dict[str, Any], counted: int) -> None:
    """Run the task in this child, which ends here in one way or the other."""
    steps = itertools.count(1)

    def step(kind: str) -> None:
        os.write(counted, kind.encode())
        if next(steps) == order["dies_at"]:
            os.kill(os.getpid(), signal.SIGKILL)

    def statement(execute: Callable[..., Any], sql: str, *rest: Any) -> Any:
        verb = sql.split(maxsplit=1)[0]
        if connection.in_atomic_block:
            step(INSIDE)
        else:
            step({"BEGIN": BEGIN, "SELECT": READ}.get(verb, WRITE))
        return execute(sql, *rest)

    def effect(event: str, args: tuple[Any, ...]) -> None:
        if event == "open" and not (isinstance(args[2], int) and args[2] & WRITING):
            return
        if event in {"open", "os.rename", "os.remove"} and is_ours(args[0]):
            step(FILE)

    def is_ours(path: object) -> bool:
        return str(path).startswith(ours)

    ours = tuple(
        str(settings.VAR / name)
        for name in ("evidence", "held-keys", "outbox", "index")
    )
    code = 1
    try:
        task = import_string(order["task"])
        with connection.execute_wrapper(statement):
            sys.addaudithook(effect)
            task(*order["args"])
        code = 0
    finally:
        os._exit(code)


if __name__ == "__main__":
    main()
