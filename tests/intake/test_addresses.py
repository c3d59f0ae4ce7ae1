import pytest

from portal.intake.addresses import AddressError, clean, clean_all


@pytest.mark.parametrize(
    ("pasted", "kept"),
    [
        ("https://example.org/a", "https://example.org/a"),
        ("  HTTP://Example.org ", "HTTP://Example.org"),
        ("example.org/a?b=c#d", "https://example.org/a?b=c#d"),
        ("\u202ehttps://example.org/\u200ba\ufeff", "https://example.org/a"),
        ("http://127.0.0.1:8901/post", "http://127.0.0.1:8901/post"),
        ("https://例え.jp/絵", "https://例え.jp/絵"),
        ("https://[2001:db8::1]/a", "https://[2001:db8::1]/a"),
    ],
)
def test_an_address_is_kept_without_invisible_marks(pasted: str, kept: str) -> None:
    assert clean(pasted) == kept


@pytest.mark.parametrize(
    ("pasted", "why"),
    [
        ("https://example.org/\x00a", "hidden sign"),
        ("https://example.org/a b", "space"),
        ("ftp://example.org/a", "http://"),
        ("javascript:alert(1)", "http://"),
        ("data:image/png;base64,AAAA", "http://"),
        ("https://amina:word@example.org/", "password"),
        ("https://@example.org/", "password"),
        ("https://", "not a web address"),
        ("https:///path", "not a web address"),
        ("https://[broken/", "not a web address"),
        ("https://example.org:99999/", "not a web address"),
        ("hello", "not a web address"),
        ("https://<b>.example/", "not a web address"),
        ("https://example.org/" + "a" * 2000, "too long"),
    ],
)
def test_what_is_no_address_is_refused_in_words(pasted: str, why: str) -> None:
    with pytest.raises(AddressError, match=why):
        clean(pasted)


def test_each_line_is_cleaned_on_its_own_and_named_when_wrong() -> None:
    urls, problems = clean_all(
        "a.example\n\n \u200b \nftp://b.example\na.example\nnope\n"
    )
    assert urls == ["https://a.example"]
    assert [problem.split(":")[0] for problem in problems] == ["Line 4", "Line 6"]


def test_more_addresses_than_we_take_are_refused_as_one() -> None:
    urls, (problem,) = clean_all(
        "\n".join(f"https://e.example/{n}" for n in range(5000))
    )
    assert urls == []
    assert "5000" in problem
    assert "200" in problem
