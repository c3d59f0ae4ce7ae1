import pytest

from portal.intake.addresses import AddressError, clean, read, read_all


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
    assert (read(pasted).kind, read(pasted).value) == ("web", kept)


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
        ("https://t.me/", "no channel"),
        ("tg://join", "no channel"),
        ("tg:\x00", "no channel"),
        ("market://details?id=a b", "space"),
        ("itms-apps://", "not a web address"),
    ],
)
def test_what_is_no_address_is_refused_in_words(pasted: str, why: str) -> None:
    with pytest.raises(AddressError, match=why):
        read(pasted)


@pytest.mark.parametrize(
    ("pasted", "kept"),
    [
        ("https://t.me/bad_channel/17", "https://t.me/bad_channel/17"),
        ("t.me/+AbCdEf", "https://t.me/+AbCdEf"),
        ("http://telegram.me/s/bad_channel", "https://t.me/bad_channel"),
        ("@bad_channel", "https://t.me/bad_channel"),
        ("tg://resolve?domain=bad_channel&post=3", "https://t.me/bad_channel/3"),
        ("tg:join?invite=AbCdEf", "https://t.me/+AbCdEf"),
    ],
)
def test_telegram_is_understood_however_it_is_written(pasted: str, kept: str) -> None:
    address = read(pasted)
    assert (address.kind, address.value) == ("telegram", kept)
    assert address.words.startswith("Telegram: ")


@pytest.mark.parametrize(
    ("pasted", "kept", "name"),
    [
        ("com.example.undress", "com.example.undress", "com.example.undress"),
        (
            "market://details?id=com.example.x",
            "https://play.google.com/store/apps/details?id=com.example.x",
            "com.example.x",
        ),
        (
            "play.google.com/store/apps/details?id=com.example.x&hl=en",
            "https://play.google.com/store/apps/details?id=com.example.x&hl=en",
            "com.example.x",
        ),
        (
            "https://apps.apple.com/us/app/x/id123",
            "https://apps.apple.com/us/app/x/id123",
            "us/app/x/id123",
        ),
        ("https://files.example/x.APK", "https://files.example/x.APK", "x.APK"),
    ],
)
def test_an_app_is_told_from_a_page(pasted: str, kept: str, name: str) -> None:
    address = read(pasted)
    assert (address.kind, address.value) == ("app", kept)
    assert address.words == f"App: {name}"


def test_a_host_that_looks_like_a_package_is_a_page() -> None:
    assert read("com.shop.example.com").kind == "web"
    assert read("www.example.org").kind == "web"


def test_each_line_is_read_on_its_own_and_named_when_wrong() -> None:
    found, problems = read_all(
        "a.example\n\n \u200b \nftp://b.example\na.example\nnope\n@channel"
    )
    assert [address.value for address in found] == [
        "https://a.example",
        "https://t.me/channel",
    ]
    assert [problem.split(":")[0] for problem in problems] == ["Line 4", "Line 6"]


def test_more_addresses_than_we_take_are_refused_as_one() -> None:
    found, (problem,) = read_all(
        "\n".join(f"https://e.example/{n}" for n in range(5000))
    )
    assert found == []
    assert "5000" in problem
    assert "200" in problem
