import re
from datetime import date

import pytest
from django.test import Client
from django.utils import translation

from portal.platforms.helplines import COUNTRIES, HELPLINES, Helpline, by_country

LINK = re.compile(r'<a\s[^>]*href="(https?://[^"]+)"[^>]*>')


def guide(language: str = "en") -> str:
    answer = Client(headers={"accept-language": language}).get("/guide/")
    assert answer.status_code == 200
    return answer.content.decode()


def test_the_guide_says_what_matters_most() -> None:
    shown = guide()
    for words in ("Do not pay.", "Do not delete.", "not your fault", "is under 18"):
        assert words in shown


def test_no_link_tells_another_site_where_its_reader_came_from() -> None:
    links = list(LINK.finditer(guide()))
    assert len(links) > len(HELPLINES)
    for link in links:
        assert "noreferrer" in link[0]
        assert link[1].startswith("https://")


def test_the_page_asks_nothing_of_other_sites_and_holds_no_file_control() -> None:
    shown = guide()
    assert not re.search(r'(?:src|action)="https?:', shown)
    assert 'type="file"' not in shown


def test_take_it_down_and_report_remove_are_named_for_people_under_18() -> None:
    young = guide().partition('id="young"')[2].partition("</section>")[0]
    assert "takeitdown.ncmec.org" in young
    assert "childline.org.uk/remove" in young


@pytest.mark.parametrize("helpline", HELPLINES, ids=lambda helpline: helpline.name)
def test_each_helpline_has_a_country_a_source_and_a_day(helpline: Helpline) -> None:
    assert helpline.country in COUNTRIES
    assert helpline.url.startswith("https://") or helpline.phone
    assert helpline.source
    assert date(2026, 1, 1) <= helpline.read_on
    assert str(helpline.about).endswith(".")


def test_helplines_for_everybody_come_first_and_none_is_lost() -> None:
    for language in ("en", "zh-hans", "ko"):
        with translation.override(language):
            groups = by_country()
        assert groups[0][1][0].country == ""
        assert sum(len(lines) for _, lines in groups) == len(HELPLINES)


@pytest.mark.parametrize("language", ["en", "zh-hans", "ko"])
def test_the_guide_opens_in_every_language(language: str) -> None:
    assert f'lang="{language}"' in guide(language)


def test_the_guide_is_plain_enough_to_read_in_fear() -> None:
    """Flesch-Kincaid grade 6 or below: about twelve years of age."""
    article = guide().partition("<main")[2].partition('id="helpers"')[0]
    article = re.sub(r"</(p|li|h[1-6])>", ". ", article)
    text = re.sub(r"<[^>]+>", " ", article.partition(">")[2])
    sentences = [s for s in re.split(r"[.!?:]\s", text) if re.search(r"\w", s)]
    found = re.findall(r"[A-Za-z']+", text)
    syllables = sum(max(1, len(re.findall(r"[aeiouy]+", w.lower()))) for w in found)
    grade = 0.39 * len(found) / len(sentences) + 11.8 * syllables / len(found) - 15.59
    assert grade <= 6
