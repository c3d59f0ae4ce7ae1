"""Three sites of different make, as a crawler meets them. They show what the runs posted."""

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from html import escape

from demo.world import Post, Run

PER_LIST = 6  # posts on one page of the gallery
PER_THREAD = 9  # posts in one thread of the forum
PER_PAGE = 4  # posts on one page of a thread
PER_TIMELINE = 20  # what the fediverse gives at once, unless asked for less
WIDTHS = (480, 960)
STATUS_IDS = 109_000_000_000  # status ids begin here, as if others were before us
RUN_IDS = 1000  # and each run has this many
PIXEL = "data:image/gif;base64,R0lGODlhAQABAAAAACH5BAEKAAEALAAAAAABAAEAAAICTAEAOw=="


@dataclass(frozen=True, slots=True)
class Reply:
    """What a site answers."""

    body: bytes
    type: str = "text/html; charset=utf-8"
    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)


@dataclass(slots=True)
class Visit:
    """One request to a site. `base` is the site's own "http://host:port"."""

    base: str
    path: str
    query: Mapping[str, str]
    runs: Sequence[Run]
    down: frozenset[str]  # names of pictures taken down


ROBOTS = {
    "gallery": "User-agent: *\nDisallow: /login\nDisallow: /search\n",
    "forum": "User-agent: *\nDisallow: /ucp\nDisallow: /*/private/\nAllow: /\n",
    "fediverse": "User-agent: GreedyBot\nDisallow: /\n\nUser-agent: *\n"
    "Disallow: /media_proxy/\nDisallow: /interact/\n",
}
NOT_FOUND = Reply(b"<!doctype html><title>Not here</title><p>Not here.", status=404)


def answer(site: str, visit: Visit) -> Reply:
    """What `site` answers to one GET."""
    if visit.path == "/robots.txt":
        return Reply(ROBOTS[site].encode(), "text/plain")
    parts = [part for part in visit.path.split("/") if part]
    return PAGES[site](visit, parts) or NOT_FOUND


def gallery(visit: Visit, parts: list[str]) -> Reply | None:
    """`/run/`, `/run/page/2`, `/run/photo/17`, `/run/media/1f2e3d4c-480.jpg`."""
    run = _run_at(visit, parts)
    if run is None:
        return None
    match parts[1:]:
        case []:
            return _gallery_list(visit, run, 1)
        case ["page", number] if number.isdecimal():
            return _gallery_list(visit, run, int(number))
        case ["photo", number] if number.isdecimal():
            return _gallery_photo(visit, run, int(number))
        case ["media", name]:
            picture, _, width = name.removesuffix(".jpg").partition("-")
            wanted = int(width) if width.isdecimal() else None
            return _media(_shown(visit, run, "gallery"), run, picture, wanted)
    return None


def forum(visit: Visit, parts: list[str]) -> Reply | None:
    """`/run/`, `/run/thread/2`, `/run/thread/2/page/3`, `/run/upload/1f2e3d4c.jpg`."""
    run = _run_at(visit, parts)
    if run is None:
        return None
    match parts[1:]:
        case []:
            return _forum_index(run)
        case ["thread", thread, *rest] if thread.isdecimal():
            number = int(rest[-1]) if rest and rest[-1].isdecimal() else 1
            return _forum_thread(visit, run, int(thread), number)
        case ["member", name]:
            return _page(f"Member {name}", f"<p>{escape(name)} has posted here.</p>")
        case ["upload", name]:
            picture = name.removesuffix(".jpg")
            return _media(_shown(visit, run, "forum"), run, picture, None)
    return None


def fediverse(visit: Visit, parts: list[str]) -> Reply | None:
    """Mastodon's public timeline, its status pages and its media, of all runs together."""
    match parts:
        case ["api", "v1", "timelines", "public"]:
            return _timeline(visit)
        case [account, number] if account.startswith("@") and number.isdecimal():
            return _status_page(visit, int(number))
        case ["system", "media", size, name] if size in {"original", "small"}:
            width = 400 if size == "small" else None
            picture = name.removesuffix(".jpg")
            for run in visit.runs:
                shown = _shown(visit, run, "fediverse")
                if reply := _media(shown, run, picture, width):
                    return reply
    return None


PAGES: dict[str, Callable[[Visit, list[str]], Reply | None]] = {
    "gallery": gallery,
    "forum": forum,
    "fediverse": fediverse,
}


def _run_at(visit: Visit, parts: list[str]) -> Run | None:
    """The run that a path begins with."""
    return next((run for run in visit.runs if parts[:1] == [run.id]), None)


def _shown(visit: Visit, run: Run, site: str) -> list[Post]:
    """What is still up, newest first."""
    posts = run.posts(site)
    return [post for post in reversed(posts) if post.picture not in visit.down]


def _media(
    posts: Iterable[Post], run: Run, picture: str, width: int | None
) -> Reply | None:
    for post in posts:
        if post.picture == picture:
            return Reply(run.media(post, width), "image/jpeg")
    return None


def _gallery_list(visit: Visit, run: Run, number: int) -> Reply:
    posts = _shown(visit, run, "gallery")
    shown = posts[(number - 1) * PER_LIST : number * PER_LIST]
    thumbs = "".join(
        f'<li><a href="/{run.id}/photo/{post.number}"><img class="lazy" src="{PIXEL}" '
        f'data-src="/{run.id}/media/{post.picture}-{WIDTHS[0]}.jpg" loading="lazy" '
        f'alt="{escape(post.title)}"></a></li>'
        for post in shown
    )
    older = (
        f'<a rel="next" href="/{run.id}/page/{number + 1}">older</a>'
        if posts[number * PER_LIST :]
        else ""
    )
    return _page(
        "Lightbox", f'<ul>{thumbs}</ul><nav>{older}</nav><a href="/login">in</a>'
    )


def _gallery_photo(visit: Visit, run: Run, number: int) -> Reply | None:
    shown = _shown(visit, run, "gallery")
    post = next((post for post in shown if post.number == number), None)
    if post is None:
        return None
    media = f"/{run.id}/media/{post.picture}"
    srcset = ", ".join(f"{media}-{width}.jpg {width}w" for width in WIDTHS)
    return _page(
        post.title,
        f'<article><h1>{escape(post.title)}</h1><a rel="author" href="/{run.id}/">'
        f"{escape(post.account)}</a> {_time(post)}<p>"
        f'<img src="{media}-{WIDTHS[0]}.jpg" srcset="{srcset}" sizes="90vw" alt="">'
        f'</article><a href="/{run.id}/">all photos</a>',
    )


def _forum_index(run: Run) -> Reply:
    count = len(run.posts("forum"))
    threads = "".join(
        f'<li><a href="/{run.id}/thread/{thread}">Thread {thread}</a></li>'
        for thread in range(1, 1 + -(-count // PER_THREAD))
    )
    return _page("Commonplace forum", f"<ol>{threads}</ol><a href=/ucp>settings</a>")


def _forum_thread(visit: Visit, run: Run, thread: int, number: int) -> Reply | None:
    if not thread or not number:
        return None
    # Places stay: a post that is taken down leaves a gap, not another thread.
    places = run.posts("forum")[(thread - 1) * PER_THREAD : thread * PER_THREAD]
    posts = places[(number - 1) * PER_PAGE : number * PER_PAGE]
    blocks = "".join(
        _forum_post(run, post)
        if post.picture not in visit.down
        else "<p>This post was removed by a moderator.</p>"
        for post in posts
    )
    onward = f"/{run.id}/thread/{thread}/page/{number + 1}"
    more = (
        f'<a rel="next" href="{onward}">next</a>' if places[number * PER_PAGE :] else ""
    )
    return _page(f"Thread {thread}", f"{blocks}{more}") if posts else None


def first_copy(run: Run) -> str:
    """The path of the forum's page that shows the reported picture first."""
    posts = run.posts("forum")
    thread, place = divmod(next(i for i, p in enumerate(posts) if p.copy), PER_THREAD)
    page = f"/page/{place // PER_PAGE + 1}" if place >= PER_PAGE else ""
    return f"/{run.id}/thread/{thread + 1}{page}"


def _forum_post(run: Run, post: Post) -> str:
    member = f"/{run.id}/member/{post.account}"
    return (
        f'<div class="post" id="p{post.number}"><a class="author" href="{member}">'
        f"{escape(post.account)}</a> {_time(post)}<p>{escape(post.title)}</p>"
        f'<img src="/{run.id}/upload/{post.picture}.jpg" alt=""></div>'
    )


def _timeline(visit: Visit) -> Reply:
    """Newest first; `max_id`, `since_id` and `min_id` as Mastodon's API documents them."""
    statuses = {
        _status_id(at, post): (run, post)
        for at, run in enumerate(visit.runs)
        for post in _shown(visit, run, "fediverse")
    }
    below = _number(visit, "max_id", 10**18)
    above = _number(visit, "since_id", _number(visit, "min_id", 0))
    limit = min(_number(visit, "limit", PER_TIMELINE), 40)
    ids = [
        number for number in sorted(statuses, reverse=True) if above < number < below
    ]
    ids = ids[-limit:] if "min_id" in visit.query else ids[:limit]
    body = [_status(visit, number, statuses[number][1]) for number in ids]
    links = {}
    if ids:
        path = f"{visit.base}/api/v1/timelines/public"
        links["Link"] = (
            f'<{path}?max_id={ids[-1]}>; rel="next", <{path}?min_id={ids[0]}>; rel="prev"'
        )
    return Reply(json.dumps(body).encode(), "application/json", headers=links)


def _status(visit: Visit, number: int, post: Post) -> dict[str, object]:
    media = f"{visit.base}/system/media"
    return {
        "id": str(number),
        "created_at": post.posted_at.isoformat().replace("+00:00", ".000Z"),
        "sensitive": False,
        "visibility": "public",
        "language": "en",
        "url": f"{visit.base}/@{post.account}/{number}",
        "content": f"<p>{escape(post.title)}</p>",
        "reblog": None,
        "account": {"username": post.account, "acct": post.account, "bot": False},
        "media_attachments": [
            {
                "id": str(number + 1),
                "type": "image",
                "url": f"{media}/original/{post.picture}.jpg",
                "preview_url": f"{media}/small/{post.picture}.jpg",
                "description": None,
            }
        ],
    }


def _status_page(visit: Visit, number: int) -> Reply | None:
    for at, run in enumerate(visit.runs):
        for post in _shown(visit, run, "fediverse"):
            if _status_id(at, post) == number:
                return _page(
                    f"{post.account}: {post.title}",
                    f'<article class="status"><b class="author">{escape(post.account)}'
                    f"</b> {_time(post)}<p>{escape(post.title)}</p>"
                    f'<img src="/system/media/original/{post.picture}.jpg" alt="">'
                    "</article>",
                )
    return None


def _status_id(at: int, post: Post) -> int:
    return STATUS_IDS + at * RUN_IDS + post.number


def _number(visit: Visit, name: str, default: int) -> int:
    value = visit.query.get(name, "")
    return int(value) if value.isdecimal() else default


def _time(post: Post) -> str:
    when = post.posted_at
    return f'<time datetime="{when.isoformat()}">{when:%d %B %Y, %H:%M}</time>'


def _page(title: str, body: str) -> Reply:
    head = '<meta charset="utf-8"><meta name="viewport" content="width=device-width">'
    text = f"<!doctype html><html><head>{head}<title>{escape(title)}</title></head>"
    return Reply(f"{text}<body>{body}</body></html>".encode())
