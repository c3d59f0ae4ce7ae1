"""Reads the environment. Every setting has a default that works with no environment at all."""

import os
import secrets
from hashlib import blake2b
from pathlib import Path

# Before anything loads numpy: for products as small as ours its threads only wait for each
# other, and on a busy host cost ten times what they compute.
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")


def text(name: str, default: str = "") -> str:
    return os.environ.get(name, default)


def flag(name: str, *, default: bool) -> bool:
    return text(name, str(default)).strip().lower() in {"1", "true", "yes", "on"}


def number(name: str, default: int) -> int:
    """An integer; a value that is none stops the start, named."""
    value = text(name) or str(default)
    try:
        return int(value)
    except ValueError:
        raise SystemExit(f"{name} must be a whole number, not {value!r}.") from None


def listed(name: str, default: str = "") -> list[str]:
    return [part.strip() for part in text(name, default).split(",") if part.strip()]


def secret(name: str, folder: Path) -> str:
    """A secret from NAME or the file NAME_FILE; else one made once, kept in `folder`.

    Raises SystemExit if NAME_FILE is named but cannot be read: a missing secret must
    stop the start rather than become a new one that opens nothing.
    """
    if value := text(name):
        return value
    if path := text(f"{name}_FILE"):
        try:
            return Path(path).read_text(encoding="ascii").strip()
        except (OSError, UnicodeDecodeError):
            raise SystemExit(f"{name}_FILE cannot be read.") from None
    return _kept(folder / name.lower())


def memory_folder(state: Path) -> Path:
    """A folder on a memory disk for the installation with that state; else the state itself.

    What lies there is gone when the machine is: for keys that no thief of it may find.
    """
    shared = Path("/dev/shm")  # noqa: S108 (only ever a folder of our own, mode 0700)
    if not os.access(shared, os.W_OK):
        return state
    whose = blake2b(str(state).encode(), digest_size=8).hexdigest()
    return shared / f"reclaim-{os.getuid()}-{whose}"


def is_given(name: str) -> bool:
    """Whether an operator gave this setting, by value or by file."""
    return bool(text(name) or text(f"{name}_FILE"))


def _kept(path: Path) -> str:
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    fresh = path.with_name(f"{path.name}.{os.getpid()}")
    fresh.touch(mode=0o600)
    fresh.write_text(secrets.token_hex(32), encoding="ascii")
    try:
        os.link(
            fresh, path
        )  # fails if another process was first: then its secret is ours
    except FileExistsError:
        pass
    finally:
        fresh.unlink()
    return path.read_text(encoding="ascii").strip()
