"""`python -m tracker crawl URL`: what a crawl of a site finds, one line per picture."""

import argparse
import hashlib
import json
import sys
from contextlib import closing

from tracker.sources import Find
from tracker.visit import VisitError, VisitLimits, visit


def add_parser(
    subparsers: "argparse._SubParsersAction[argparse.ArgumentParser]",
) -> None:
    """Add the command `crawl`, whose `run` is below."""
    parser = subparsers.add_parser(
        "crawl",
        help="crawl a site politely and list its pictures",
        description="Crawl a site, obeying robots.txt, and list the pictures it shows.",
    )
    parser.add_argument("url", help="the start page")
    parser.add_argument("--json", action="store_true", help="one JSON object per line")
    parser.add_argument(
        "--allow",
        action="append",
        default=[],
        metavar="HOST:PORT",
        help="fetch from this place although it is not public; may be repeated",
    )
    parser.add_argument("--max-pages", type=int, default=200, metavar="N")
    parser.add_argument(
        "--delay", type=float, default=1.0, metavar="S", help="seconds between requests"
    )
    parser.add_argument(
        "--seconds", type=float, default=900.0, metavar="S", help="for the whole visit"
    )
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Print each find, then how many there were on how many pages.

    Returns 0 when the visit ended well; 1, and says why, when it did not.
    """
    config = {
        "url": args.url,
        "allow": args.allow,
        "max_pages": args.max_pages,
        "min_delay": args.delay,
        "max_seconds": args.seconds,
    }
    pages: set[str] = set()
    finds, done = 0, False
    try:
        with closing(visit("site", config, None, VisitLimits(args.seconds))) as batches:
            for batch in batches:
                for find in batch.finds:
                    pages.add(find.url)
                    finds += 1
                    _print(_told(find), as_json=args.json)
                done = batch.done
    except VisitError as error:
        sys.stderr.write(f"{error}\n")
        return 1
    _print({"pages": len(pages), "finds": finds, "done": done}, as_json=args.json)
    return 0


def _told(find: Find) -> dict[str, object]:
    return {
        "url": find.url,
        "media_url": find.media.url,
        "account": find.account,
        "posted_at": find.posted_at.isoformat() if find.posted_at else None,
        "content_type": find.media.content_type,
        "bytes": len(find.media.body),
        "sha256": hashlib.sha256(find.media.body).hexdigest(),
    }


def _print(line: dict[str, object], *, as_json: bool) -> None:
    if as_json:
        text = json.dumps(line, ensure_ascii=False)
    else:
        text = "  ".join(str(value) for value in line.values() if value is not None)
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()
