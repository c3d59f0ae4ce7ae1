"""Logs hold ids only: no traceback text, no values. What failed and where, never with what."""

import logging
import traceback


class QuietFormatter(logging.Formatter):
    """Names an exception and its place, and leaves out its message: it may hold a URL."""

    def formatException(self, ei: object) -> str:  # noqa: N802 (logging's name)
        if not isinstance(ei, tuple) or ei[1] is None:
            return ""
        frames = traceback.extract_tb(ei[2])
        place = f"{frames[-1].filename}:{frames[-1].lineno}" if frames else "?"
        return f"{type(ei[1]).__name__} at {place}"

    def formatStack(self, stack_info: str) -> str:  # noqa: N802 (logging's name)
        del stack_info
        return ""


class QuietTasks(logging.Filter):
    """Celery puts the exception's repr into its message; we keep its type only."""

    def filter(self, record: logging.LogRecord) -> bool:
        if isinstance(record.args, dict) and "exc" in record.args:
            kind = (
                record.exc_info[0].__name__
                if record.exc_info and record.exc_info[0]
                else "?"
            )
            record.msg, record.args = (
                "task %s[%s] failed: %s",
                (
                    record.args.get("name"),
                    record.args.get("id"),
                    kind,
                ),
            )
        return True
