"""Who can help, by country: data, each entry with where and when we read it.

Before adding one, read its own page: whom it helps, what it costs, what it asks for. It
knows no page that shows it.
"""

from collections import defaultdict
from dataclasses import dataclass
from datetime import date

from django.utils.functional import Promise
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

EVERYWHERE = ""
COUNTRIES = {
    EVERYWHERE: _("Everywhere"),
    "AU": _("Australia"),
    "CA": _("Canada"),
    "CN": _("China"),
    "FR": _("France"),
    "GB": _("United Kingdom"),
    "IN": _("India"),
    "KR": _("South Korea"),
    "US": _("United States"),
}
READ = date(2026, 11, 21)


@dataclass(frozen=True, slots=True)
class Helpline:
    """An organisation that helps people like our visitors."""

    country: str  # ISO 3166-1 alpha-2, or EVERYWHERE
    name: str
    url: str
    about: str | Promise  # one plain sentence
    source: str  # where we read it
    phone: str = ""
    under_18: bool = False  # for pictures of people under 18
    young_too: bool = False  # helps people under 18 as well as others
    read_on: date = READ


# Whom to call in danger. [M]: written from memory, to be read at the source before anybody
# relies on it in a country that is new here.
EMERGENCY = {
    "AU": "000",
    "CA": "911",
    "CN": "110",
    "FR": "112",
    "GB": "999",
    "IN": "112",
    "KR": "112",
    "US": "911",
}

HELPLINES = (
    Helpline(
        EVERYWHERE,
        "StopNCII.org",
        "https://stopncii.org/",
        _(
            "For adults. Your device makes a code from the picture, and the picture stays "
            "with you. Big platforms use the code to find and block copies."
        ),
        "https://stopncii.org/how-it-works/",
    ),
    Helpline(
        EVERYWHERE,
        "Take It Down",
        "https://takeitdown.ncmec.org/",
        _(
            "For pictures of anybody under 18, also if you are older now. The picture stays "
            "on your device. You do not have to say who you are."
        ),
        "https://takeitdown.ncmec.org/faq/",
        under_18=True,
    ),
    Helpline(
        EVERYWHERE,
        "Child Helpline International",
        "https://childhelplineinternational.org/helplines/",
        _("Finds somebody in your country who talks or writes with young people."),
        "https://issuu.com/chi-childhelplineinternational/docs/"
        "the_role_of_child_helplines_in_ending_domestic_vio",
        under_18=True,
    ),
    Helpline(
        EVERYWHERE,
        "INHOPE",
        "https://www.inhope.org/EN#hotlineReferral",
        _(
            "Finds the hotline of your country that can have pictures of people under 18 "
            "removed."
        ),
        "https://inhope.org/EN/articles/what-is-a-hotline",
        under_18=True,
    ),
    Helpline(
        "AU",
        "eSafety Commissioner",
        "https://www.esafety.gov.au/report",
        _(
            "Can order removal. For people in Australia, or if the sender or the site is "
            "there. You may leave out your name."
        ),
        "https://www.esafety.gov.au/report/image-based-abuse/making-a-report-faq",
        young_too=True,
    ),
    Helpline(
        "CA",
        "Cybertip.ca",
        "https://www.cybertip.ca/",
        _(
            "Helps when the picture shows somebody under 18, or a young person is threatened."
        ),
        "https://www.protectkidsonline.ca/app/en/report_concerning_behaviour",
        phone="1-866-658-9022",
        under_18=True,
    ),
    Helpline(
        "CN",
        "中央网信办举报中心",
        "https://www.12377.cn/",
        _("Takes reports about sites and accounts in China."),
        "中国新闻网, 2023-05-11",
        phone="12377",
        young_too=True,
    ),
    Helpline(
        "CN",
        "12355 青少年服务台",
        "",
        _("Talks with young people about what troubles them, and about the law."),
        "中国新闻网广西, 2023-04-26",
        phone="12355",
        young_too=True,
    ),
    Helpline(
        "FR",
        "3018",
        "https://3018.fr/",
        _(
            "Free and without your name, every day from 9 to 23 h. Can have accounts and "
            "pictures removed quickly."
        ),
        "https://mairie-villetaneuse.fr/actualites/"
        "le-3018-un-numero-gratuit-et-une-app-pour-les-victimes-de-cyberharcelement",
        phone="3018",
        young_too=True,
    ),
    Helpline(
        "GB",
        "Revenge Porn Helpline",
        "https://revengepornhelpline.org.uk/",
        _("For adults. Free advice and help with removal. Weekdays 10 to 16 h."),
        "https://swgfl.org.uk/helplines/revenge-porn-helpline/",
        phone="0345 6000 459",
    ),
    Helpline(
        "GB",
        "Report Remove",
        "https://www.childline.org.uk/remove",
        _(
            "For people under 18. Childline and the Internet Watch Foundation try to get the "
            "picture removed, tell you how it went, and talk with you if you like."
        ),
        "https://www.iwf.org.uk/what-we-do/why-we-exist/report-remove",
        under_18=True,
    ),
    Helpline(
        "GB",
        "Childline",
        "https://www.childline.org.uk/",
        _("Somebody kind listens, day and night. For everybody under 19. It is free."),
        "https://en.wikipedia.org/wiki/Childline",
        phone="0800 1111",
        young_too=True,
    ),
    Helpline(
        "IN",
        "National Cyber Crime Reporting Portal",
        "https://cybercrime.gov.in/",
        _(
            "Reports about crimes against women and children can be made without a name."
        ),
        "Lok Sabha, unstarred question 1988, 2025-03-11",
        phone="1930",
        young_too=True,
    ),
    Helpline(
        "KR",
        "디지털성범죄피해자지원센터",
        "https://d4u.stop.or.kr/",
        _("Day and night. Counselling, removal, and help with police and law."),
        "연합뉴스, 2025-04-16",
        phone="1366",
        young_too=True,
    ),
    Helpline(
        "KR",
        "청소년전화 1388",
        "https://www.1388.go.kr/",
        _("Talks or writes with young people, every day and night."),
        "프레시안, 2026-02-13",
        phone="1388",
        young_too=True,
    ),
    Helpline(
        "US",
        "Cyber Civil Rights Initiative",
        "https://cybercivilrights.org/ccri-safety-center",
        _("A guide step by step, and a helpline day and night."),
        "https://ovc.ojp.gov/funding/awards/15povc-23-gk-01579-nonf",
    ),
    Helpline(
        "US",
        "CyberTipline",
        "https://www.cybertipline.org/",
        _("For pictures of people under 18, and threats against them."),
        "https://takeitdown.ncmec.org/faq/",
        phone="1-800-843-5678",
        under_18=True,
    ),
)


def for_young(country: str) -> list[Helpline]:
    """Who helps somebody under 18: in that country first, then everywhere.

    Those made for pictures of people under 18 come before those who help others as well.
    """
    places = (country, EVERYWHERE) if country else (EVERYWHERE,)
    young = [line for line in HELPLINES if line.under_18 or line.young_too]
    return sorted(
        (line for line in young if line.country in places),
        key=lambda line: (places.index(line.country), not line.under_18),
    )


def by_country() -> list[tuple[str, list[Helpline]]]:
    """Helplines under the name of their country: everywhere first, the rest by name."""
    found: dict[str, list[Helpline]] = defaultdict(list)
    for helpline in HELPLINES:
        found[helpline.country].append(helpline)
    first = (gettext("Everywhere"), found.pop(EVERYWHERE))
    return [first, *sorted((str(COUNTRIES[code]), found[code]) for code in found)]
