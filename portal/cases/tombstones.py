"""Endings of cases on file, apart from the database: what a restored backup cannot undo.

A tombstone is a small file, named by a keyed hash of its case's locator, that says how the
case ended. Files are added and never changed. Whoever reads the folder learns how many
cases ended and when, and nothing about any of them. See docs/adr/0018-endings.md.
"""

import os
import secrets
from hashlib import blake2b
from pathlib import Path

from django.conf import settings

from portal.cases.models import Case


def name_of(locator: bytes) -> str:
    """The file of the case at `locator`: BLAKE2b, 256 bits in hex, keyed by our salt."""
    salt = settings.PASSPHRASE_SALT.encode()
    key = blake2b(salt, digest_size=32, person=b"tombstone-key").digest()
    named = blake2b(bytes(locator), digest_size=32, key=key, person=b"tombstone")
    return named.hexdigest()


def write(locator: bytes, ending: Case.Ending) -> None:
    """Put an ending on file, whole or not at all, and on the disk when this returns."""
    folder: Path = settings.TOMBSTONES
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    path = folder / name_of(locator)
    if path.exists():
        return
    fresh = folder / f".{secrets.token_hex(8)}"
    with os.fdopen(
        os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w"
    ) as file:
        file.write(f"{ending}\n")
        file.flush()
        os.fsync(file.fileno())
    fresh.rename(path)
    directory = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(directory)
    finally:
        os.close(directory)


def names() -> set[str]:
    """The names of all tombstones. Raises OSError where the folder cannot be read."""
    try:
        found = [path.name for path in settings.TOMBSTONES.iterdir()]
    except FileNotFoundError:
        return set()
    return {name for name in found if not name.startswith(".")}


def ending_on(name: str) -> Case.Ending:
    """How that case ended. One that cannot be understood has ended all the same."""
    said = (settings.TOMBSTONES / name).read_text("ascii", "replace").strip()
    known = said in Case.Ending.values
    return Case.Ending(said) if known else Case.Ending.WITHDRAWN


def write_missing() -> int:
    """Write what a process that was killed after its commit left unwritten."""
    there, written = names(), 0
    ended = Case.objects.exclude(withdrawn_at=None).values_list("locator", "ending")
    for locator, ending in ended.iterator():
        if name_of(bytes(locator)) not in there:
            write(bytes(locator), Case.Ending(ending))
            written += 1
    return written
