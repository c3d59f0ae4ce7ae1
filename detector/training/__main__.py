"""`python -m detector.training NAME ...`: one training program per model."""

import pkgutil
import sys
from typing import Final

# name -> "module:function" of a function from arguments to an exit status.
PROGRAMS: Final[dict[str, str]] = {
    "learned": "detector.training.learned:main",
}


def main(arguments: list[str]) -> int:
    """Hand the arguments to the program that the first of them names."""
    if not arguments or arguments[0] not in PROGRAMS:
        print(f"usage: python -m detector.training {{{','.join(PROGRAMS)}}} ...")
        return 2
    status: int = pkgutil.resolve_name(PROGRAMS[arguments[0]])(arguments[1:])
    return status


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
