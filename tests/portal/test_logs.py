import io
import logging
import sys

from portal.logs import QuietCelery, QuietFormatter

SECRET = "https://victim.example/secret"
FAILED = {"name": "a.task", "id": "7", "exc": SECRET}


def said(name: str, message: str, *args: object) -> str:
    stream = io.StringIO()
    handler = logging.StreamHandler(stream)
    handler.setFormatter(QuietFormatter("%(message)s"))
    handler.addFilter(QuietCelery())
    logger = logging.getLogger(name)
    logger.addHandler(handler)
    try:
        dict[str, str]()[SECRET]
    except KeyError:
        logger.exception(message, *args, stack_info=True)
    finally:
        logger.removeHandler(handler)
    return stream.getvalue()


def test_an_exception_is_named_with_its_place_and_without_its_words() -> None:
    line = said("portal.cases", "case %s failed", 7)
    assert "case 7 failed" in line
    assert "KeyError at" in line
    assert SECRET not in line
    assert "Traceback" not in line


def test_a_failed_task_is_named_by_its_id_only() -> None:
    line = said("celery.app.trace", "Task %(name)s[%(id)s] raised: %(exc)s", FAILED)
    assert line.startswith("a.task[7] failed: KeyError")
    assert SECRET not in line


def test_a_stack_that_celery_passes_as_an_argument_is_not_printed() -> None:
    line = said("celery.beat", "Message Error: %s\n%s", SECRET, ["File x, line 1"])
    assert SECRET not in line
    assert "File x" not in line


def test_what_another_handler_wrote_of_an_exception_is_not_repeated() -> None:
    try:
        dict[str, str]()[SECRET]
    except KeyError:
        record = logging.LogRecord("a", 40, "p", 1, "failed", (), sys.exc_info())
    assert SECRET in logging.Formatter().format(record)
    line = QuietFormatter("%(message)s").format(record)
    assert line.startswith("failed\nKeyError at")
    assert SECRET not in line
