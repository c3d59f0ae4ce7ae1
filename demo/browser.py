"""A person's browser, as far as the demo needs one: pages, links, forms, cookies."""

from collections.abc import Mapping, Sequence
from types import TracebackType
from typing import Self

import httpx
from lxml import html

Files = Sequence[tuple[str, tuple[str, bytes, str]]]
Fields = Mapping[str, str | list[str]]


class Page:
    """What came back, and where we are now."""

    def __init__(self, response: httpx.Response) -> None:
        self.status = response.status_code
        self.url = response.url.path
        self.text = response.text
        self.tree = html.fromstring(response.text or "<html></html>")

    def links(self, prefix: str) -> list[str]:
        """Paths under `prefix` that the page leads to, each once, in order."""
        found = [
            path for path in self.tree.xpath("//a/@href") if path.startswith(prefix)
        ]
        return list(dict.fromkeys(found))

    def said(self, path: str) -> str:
        """The words in the first element at this XPath, "" if there is none."""
        found = self.tree.xpath(path)
        return " ".join(found[0].text_content().split()) if found else ""

    def hidden(self) -> dict[str, str]:
        """Every hidden field of the page's forms: the protection, the one-time token."""
        fields = self.tree.xpath("//form//input[@type='hidden']")
        return {field.get("name"): field.get("value", "") for field in fields}

    def choices(self, name: str) -> list[str]:
        """What a field of that name can be set to."""
        path = f"//form//*[@name='{name}']"
        return [
            value
            for field in self.tree.xpath(path)
            for value in [field.get("value"), *field.xpath("./option/@value")]
            if value
        ]


class Browser:
    """One person: a session of cookies at one portal."""

    def __init__(self, base: str) -> None:
        self._client = httpx.Client(
            base_url=base, follow_redirects=True, timeout=60, trust_env=False
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._client.close()

    def open(self, path: str) -> Page:
        return Page(self._client.get(path))

    def send(
        self, page: Page, path: str, fields: Fields, files: Files | None = None
    ) -> Page:
        """Post a form of `page` to `path`, with what the page hid in it."""
        data = page.hidden() | dict(fields)
        return Page(self._client.post(path, data=data, files=files))
