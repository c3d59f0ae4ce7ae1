"""Content Credentials (C2PA): what a signed history says, and whether it holds.

The manifest is a stranger's and its reader native code, so it is read in a process of
its own with limits on memory and time; no network is asked.
"""

import json
import re
import subprocess
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Final

from detector import explain
from detector.assessment import Evidence, Strength
from detector.provenance.metadata import Metadata
from detector.provenance.source_type import MADE_BY_AI, term

_READER: Final = Path(__file__).with_name("credentials_reader.py")
# Every embedded manifest begins as a JUMBF box with its description (ISO 19566-5).
_JUMBF: Final = re.compile(rb"jumb.{4}jumd", re.DOTALL)
_REMOTE: Final = "{http://purl.org/dc/terms/}provenance"
_MAX_BYTES: Final = 128 << 20  # a video may have 100
_SECONDS: Final = 10
_MAX_MANIFESTS: Final = 64

# What a validation state of the reader is called in words/*/evidence.toml.
_STATES: Final = {"Trusted": "trusted", "Valid": "valid"}
_STRENGTHS: Final[dict[str, Strength]] = {
    "trusted": "declared",
    "unlisted": "declared",  # intact, but its signer is not on the list
    "valid": "declared",  # intact, and there is no list to look the signer up in
    "invalid": "medium",
}

Manifest = Mapping[str, Any]


def read(metadata: Metadata, *, trust_anchors: str = "") -> Iterator[Evidence]:
    """Yield what the file's manifest says about AI, with its validation state.

    Args:
        metadata: Its `data` is searched; nothing is read where it holds no manifest.
        trust_anchors: Certificates in PEM form whose signers are trusted. Without them
            a signature can be intact, but nobody vouches for the signer. What is said
            tells whether there was a list, and whether the signer is on it.
    """
    if _JUMBF.search(metadata.data):
        yield from _embedded(metadata.data, trust_anchors)
    else:
        for address in metadata.xmp_values(_REMOTE)[:1]:
            yield explain.evidence("c2pa.remote", "none", quote=address)


def _embedded(data: bytes, trust_anchors: str) -> Iterator[Evidence]:
    try:
        store = _store(data, trust_anchors)
    except (subprocess.SubprocessError, OSError, ValueError, RecursionError):
        yield explain.evidence("c2pa.unreadable", "none")
        return
    if not isinstance(store, dict):
        return
    state = _STATES.get(str(store.get("validation_state")), "invalid")
    if state == "valid" and trust_anchors:
        state = "unlisted"
    manifests = _chain(store)
    statements = list(dict.fromkeys(_statements(manifests)))
    yield explain.evidence(
        f"c2pa.{'ai' if statements else 'other'}.{state}",
        _STRENGTHS[state] if statements else "none",
        failures=explain.quote(", ".join(_failures(store)))
        or explain.reason("none_given"),
        quote="; ".join([*statements, *_signer(manifests)])
        or explain.reason("no_details"),
    )


def _store(data: bytes, trust_anchors: str) -> object:
    """Run the reader on the file.

    Raises:
        subprocess.SubprocessError: The manifest is unreadable, or beyond a limit.
        ValueError: The file is too large, or what was read is no JSON.
    """
    if len(data) > _MAX_BYTES:
        raise ValueError("The file is too large.")
    # Our own interpreter and our own file; the stranger's bytes go to standard input.
    done = subprocess.run(  # noqa: S603
        [sys.executable, "-I", str(_READER)],
        input=json.dumps(trust_anchors).encode() + b"\n" + data,
        capture_output=True,
        timeout=_SECONDS,
        check=True,
    )
    return json.loads(done.stdout)


def _chain(store: Manifest) -> list[Manifest]:
    """Return the active manifest and those of what the picture was made from.

    An ingredient that was only an input, such as a style reference, is not followed:
    that it was made by AI says nothing about this picture.
    """
    manifests = _object(store.get("manifests"))
    labels = [str(store.get("active_manifest"))]
    for label in labels:
        for ingredient in _objects(_object(manifests.get(label)).get("ingredients")):
            following = str(ingredient.get("active_manifest"))
            if (
                ingredient.get("relationship") != "inputTo"
                and following not in labels
                and len(labels) < _MAX_MANIFESTS
            ):
                labels.append(following)
    return [_object(manifests.get(label)) for label in labels]


def _statements(manifests: list[Manifest]) -> Iterator[str]:
    """Yield one line for every action that was done by generative AI."""
    for manifest in manifests:
        for assertion in _objects(manifest.get("assertions")):
            if not str(assertion.get("label")).startswith("c2pa.actions"):
                continue
            for action in _objects(_object(assertion.get("data")).get("actions")):
                source = str(action.get("digitalSourceType"))
                if term(source) in MADE_BY_AI:
                    agent = _name(action.get("softwareAgent"))
                    yield f"{action.get('action')} {source} {agent}".strip()


def _signer(manifests: list[Manifest]) -> Iterator[str]:
    """Yield who made the active manifest, and in whose name it was signed."""
    for manifest in manifests[:1]:
        for generator in _objects(manifest.get("claim_generator_info"))[:1]:
            yield f"made with {_name(generator)}"
        if issuer := _object(manifest.get("signature_info")).get("issuer"):
            yield f"certificate of {issuer}"


def _failures(store: Manifest) -> list[str]:
    codes = (str(one.get("code")) for one in _objects(store.get("validation_status")))
    return [code for code in dict.fromkeys(codes) if not code.endswith(".untrusted")]


def _name(agent: object) -> str:
    return str(agent.get("name", "")) if isinstance(agent, dict) else str(agent or "")


def _object(value: object) -> Manifest:
    """Take a JSON object, or an empty one where a stranger wrote something else."""
    return value if isinstance(value, dict) else {}


def _objects(value: object) -> list[Manifest]:
    return list(filter(None, map(_object, value))) if isinstance(value, list) else []
