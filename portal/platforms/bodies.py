"""Who takes a referral where somebody in a picture may be under 18: data, with its source.

Before adding one, read its own page: what it takes, from whom, and through which door.
"""

from dataclasses import dataclass
from datetime import date

READ = date(2026, 11, 21)


@dataclass(frozen=True, slots=True)
class Body:
    """A body whose task it is to look at what nobody else may."""

    name: str
    url: str
    language: str  # in which it reads, as in Django's LANGUAGES
    source: str  # where we read it
    phone: str = ""
    countries: tuple[str, ...] = ()  # ISO 3166-1 alpha-2; empty: everywhere
    case_languages: tuple[str, ...] = ()  # of cases it is first for
    read_on: date = READ


BODIES = (
    Body(
        "NCMEC CyberTipline",
        "https://www.cybertipline.org/",
        "en",
        "https://takeitdown.ncmec.org/faq/",
        phone="1-800-843-5678",
        countries=("US",),
        case_languages=("en",),
    ),
    Body(
        "中央网信办举报中心",
        "https://www.12377.cn/",
        "zh-hans",
        "中国新闻网, 2023-05-11",
        phone="12377",
        countries=("CN",),
        case_languages=("zh-hans",),
    ),
    Body(
        "디지털성범죄피해자지원센터",
        "https://d4u.stop.or.kr/",
        "ko",
        "연합뉴스, 2025-04-16",
        phone="1366",
        countries=("KR",),
        case_languages=("ko",),
    ),
    Body(
        "INHOPE",  # finds the national hotline, for every other country
        "https://www.inhope.org/EN#hotlineReferral",
        "en",
        "https://inhope.org/EN/articles/what-is-a-hotline",
    ),
)


def bodies_for(language: str, countries: set[str]) -> list[Body]:
    """The bodies for a case: first by its language, then by where copies lie, then INHOPE."""

    def rank(body: Body) -> int:
        if language in body.case_languages:
            return 0
        return 1 if countries & set(body.countries) else 2

    return sorted(
        (body for body in BODIES if rank(body) < 2 or not body.countries), key=rank
    )
