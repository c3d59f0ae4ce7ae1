"""Check a report's signature without a network: `python verify_report.py REPORT [--key HEX]`.

It stands alone: Python and PyNaCl, nothing of this tree. Exits 0 if valid, else 1. A
valid signature names its key; whose key that is, --key or the signer must say.
"""

import argparse
import hashlib
import json
import sys
from pathlib import Path

from nacl.exceptions import CryptoError
from nacl.signing import VerifyKey


def verify(report: Path, signature: Path, key: str | None) -> str:
    """Return the public key that signed the report; raise ValueError if none did."""
    content = report.read_bytes()
    facts = json.loads(signature.read_text("utf-8"))
    if not isinstance(facts, dict) or facts.get("version") != 1:
        raise ValueError("the signature file is of another kind")
    if facts.get("algorithm") != "Ed25519":
        raise ValueError("the signature is of another kind")
    if facts["sha256"] != hashlib.sha256(content).hexdigest():
        raise ValueError("the report is not the one that was signed")
    signer = str(facts["public_key"]).lower()
    if key is not None and signer != key.strip().lower():
        raise ValueError(f"it was signed by another key, {signer}")
    try:
        verifier = VerifyKey(bytes.fromhex(signer))
        verifier.verify(content, bytes.fromhex(facts["signature"]))
    except CryptoError as error:
        raise ValueError("the signature does not fit the report") from error
    return signer


def main() -> int:
    """Print the answer."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("report", type=Path)
    parser.add_argument("signature", type=Path, nargs="?", help="REPORT.sig")
    parser.add_argument("--key", help="the public key that must have signed, as hex")
    options = parser.parse_args()
    report: Path = options.report
    signature = options.signature or report.with_name(report.name + ".sig")
    try:
        signer = verify(report, signature, options.key)
    except KeyError as error:
        print(f"not valid: the signature file lacks {error}")
    except (OSError, TypeError, ValueError, RecursionError) as error:
        print(f"not valid: {error}")
    else:
        print(f"valid: signed by the key {signer}")
        return 0
    return 1


if __name__ == "__main__":
    sys.exit(main())
