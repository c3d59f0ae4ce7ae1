"""Logs hold ids only: no traceback text, no values. What failed and where, never with what."""

import logging
import traceback


class QuietFormatter(logging.Formatter):
    """Names an exception and its place, and leaves out its message: it may hold a URL."""

    def format(self, record: logging.LogRecord) -> str:
        # Another handler may have left its own long text of the exception here.
        kept, record.exc_text = record.exc_text, None
        try:
            return super().format(record)
        finally:
            record.exc_text = kept

    def formatException(self, ei: object) -> str:  # noqa: N802 (logging's name)
        if not isinstance(ei, tuple) or ei[1] is None:
            return ""
        frames = traceback.extract_tb(ei[2])
        place = f"{frames[-1].filename}:{frames[-1].lineno}" if frames else "?"
        return f"{type(ei[1]).__name__} at {place}"

    def formatStack(self, stack_info: str) -> str:  # noqa: N802 (logging's name)
        del stack_info
        return ""


class QuietCelery(logging.Filter):
    """Celery puts exceptions, and once a whole stack, into its messages; we keep the type."""

    def filter(self, record: logging.LogRecord) -> bool:
        if not record.name.startswith("celery") or record.exc_info is None:
            return True
        error = record.exc_info[0].__name__ if record.exc_info[0] else "?"
        task = record.args if isinstance(record.args, dict) else {}
        what = f"{task['name']}[{task.get('id')}]" if "name" in task else record.name
        record.msg, record.args = "%s failed: %s", (what, error)
        return True
