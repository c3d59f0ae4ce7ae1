"""`python -m demo`: the whole job on the running portal, from a report to a copy removed."""

import argparse
import json
import os
import sys
from pathlib import Path

from demo.places import DemoError, Places
from demo.walk import walk


def main() -> None:
    parser = argparse.ArgumentParser(prog="demo", description=__doc__)
    port = os.environ.get("PORT") or "8000"
    parser.add_argument(
        "--portal", default=f"http://127.0.0.1:{port}", help="where the portal answers"
    )
    parser.add_argument(
        "--photos", type=Path, help="a folder: its first picture is reported"
    )
    arguments = parser.parse_args()
    root = Path(__file__).resolve().parent.parent
    var = Path(os.environ.get("RECLAIM_VAR") or root / "var").resolve()
    photos = arguments.photos and arguments.photos.expanduser().resolve()
    try:
        result = walk(Places(arguments.portal, root, var), photos)
    except DemoError as error:
        sys.exit(f"\n{error}")
    except KeyboardInterrupt:
        sys.exit("\nThe demo was stopped in the middle.")
    print(json.dumps(result))


if __name__ == "__main__":
    main()
