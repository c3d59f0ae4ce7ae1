"""`make test` ends here: the files that hold the promise are tested to at least 95 %.

Run after pytest, on the coverage that it left.
"""

import io
import sys
from pathlib import Path

from coverage import Coverage

ROOT = Path(__file__).resolve().parent.parent
LEAST = 95.0  # percent of lines and branches
HELD = (
    *sorted(ROOT.glob("portal/*/actions.py")),
    *(ROOT / f"portal/accounts/{name}.py" for name in ("chain", "sealing", "sessions")),
    ROOT / "portal/cases/evidence.py",
    ROOT / "portal/exchange/serializers.py",
    ROOT / "tracker/fetch.py",
)


def main() -> None:
    measured = Coverage(
        data_file=ROOT / ".coverage", config_file=ROOT / "pyproject.toml"
    )
    measured.load()
    poor = 0
    for path in HELD:
        share = measured.report(include=[str(path)], file=io.StringIO())
        sys.stdout.write(f"{share:6.1f} %  {path.relative_to(ROOT)}\n")
        poor += share < LEAST
    if poor:
        sys.exit(f"{poor} of these files are tested to less than {LEAST:.0f} %.")


if __name__ == "__main__":
    main()
