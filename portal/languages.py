"""Collects the sentences of the portal for its translators, and compiles what they wrote.

`collect` writes the .po files, `compile` the .mo files that Django reads. Babel does both:
gettext need not be installed. Knows no database.
"""

import io
import os
import sys
from pathlib import Path

from babel.messages.catalog import Catalog
from babel.messages.extract import extract
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po, write_po
from django.utils.translation.template import templatize

PORTAL = Path(__file__).resolve().parent
LOCALES = PORTAL / "locale"
KEYWORDS: dict[str, tuple[int | tuple[int, str], ...] | None] = {
    "_": None,
    "gettext": None,
    "gettext_lazy": None,
    "ngettext": (1, 2),
    "ngettext_lazy": (1, 2),
    "pgettext": ((1, "c"), 2),
    "pgettext_lazy": ((1, "c"), 2),
    "npgettext": ((1, "c"), 2, 3),
    "npgettext_lazy": ((1, "c"), 2, 3),
}


def sources() -> list[Path]:
    """Every file that may hold a sentence, in a fixed order."""
    kinds = {".py", ".html", ".txt"}
    return sorted(
        path
        for path in PORTAL.rglob("*")
        if path.suffix in kinds and "migrations" not in path.parts
    )


def sentences(path: Path) -> Catalog:
    """What one file says. Django turns a template into calls, which Babel reads as Python."""
    text = path.read_text("utf-8")
    if path.suffix != ".py":
        # Indented as in the page, the calls would not be Python.
        text = "\n".join(line.lstrip() for line in templatize(text).splitlines())
    found = Catalog()
    code = io.BytesIO(text.encode())
    for _line, message, _comments, context in extract(
        "python", code, keywords=KEYWORDS, options={"encoding": "utf-8"}
    ):
        found.add(message, context=context)
    return found


def template() -> Catalog:
    """Every sentence of the code."""
    whole = Catalog()
    for path in sources():
        for message in sentences(path):
            if message.id:
                whole.add(message.id, context=message.context)
    return whole


def po_files() -> dict[str, Path]:
    """The file of each language, by the name of its folder: `zh_Hans`, `ko`, `ar`."""
    return {path.parts[-3]: path for path in sorted(LOCALES.glob("*/*/django.po"))}


def read(locale: str) -> Catalog:
    with po_files()[locale].open("rb") as file:
        return read_po(file, locale=locale, abort_invalid=True)


def collect() -> None:
    """Bring every .po file up to the code. What the code no longer says is dropped."""
    wanted = template()
    for locale, path in po_files().items():
        catalog = read(locale)
        catalog.update(wanted, no_fuzzy_matching=True)
        path.write_bytes(written(catalog))


def written(catalog: Catalog) -> bytes:
    """A .po file of sentences only, sorted: a diff tells what changed, and no date does."""
    header = (
        'msgid ""\nmsgstr ""\n'
        f'"Language: {catalog.locale_identifier}\\n"\n'
        '"MIME-Version: 1.0\\n"\n'
        '"Content-Type: text/plain; charset=UTF-8\\n"\n'
        '"Content-Transfer-Encoding: 8bit\\n"\n'
        f'"Plural-Forms: {catalog.plural_forms}\\n"\n\n'
    )
    body = io.BytesIO()
    write_po(
        body,
        catalog,
        width=96,
        no_location=True,
        omit_header=True,
        sort_output=True,
        ignore_obsolete=True,
    )
    return header.encode() + body.getvalue().strip() + b"\n"


def compile_all() -> None:
    """Write the .mo files. Each is put in place at once: several programs may do this."""
    for locale, path in po_files().items():
        built = path.with_suffix(f".{os.getpid()}")
        with built.open("wb") as file:
            write_mo(file, read(locale))
        built.replace(path.with_suffix(".mo"))


if __name__ == "__main__":
    {"collect": collect, "compile": compile_all}[sys.argv[1]]()
