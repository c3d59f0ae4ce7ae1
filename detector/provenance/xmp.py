"""XMP packets (ISO 16684-1) as a flat list of properties, parsed as hostile XML.

It must not know what any property means.
"""

from typing import Final
from xml.etree.ElementTree import Element, ParseError

from defusedxml import DefusedXmlException
from defusedxml.ElementTree import fromstring

_RDF: Final = "{http://www.w3.org/1999/02/22-rdf-syntax-ns#}"
_RESOURCE: Final = f"{_RDF}resource"


class XmpError(Exception):
    """A packet is left unread; `code` is a `reason` of detector/words/."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


def properties(packet: bytes, *, limit: int) -> tuple[tuple[str, str], ...]:
    """Return every property as (Clark name, value), in the order of the document.

    A property may be an attribute, an element with text or a resource, or an element
    with a list; each item of a list counts under the list's own property.

    Raises:
        XmpError: The packet is larger than `limit`, declares a document type or
            entities, or is not well formed.
    """
    packet = packet.strip(b"\0 \t\r\n")
    if not packet:
        return ()
    if len(packet) > limit:
        raise XmpError("oversized")
    try:
        root: Element = fromstring(packet, forbid_dtd=True)
    except DefusedXmlException as error:
        raise XmpError("entities") from error
    except (ParseError, ValueError, LookupError) as error:
        raise XmpError("malformed") from error
    return tuple(_walk(root))


def _walk(root: Element) -> list[tuple[str, str]]:
    found: list[tuple[str, str]] = []
    # A stack of our own: nesting is the stranger's choice, Python's stack is not.
    stack = [(root, root.tag)]
    while stack:
        element, owner = stack.pop()
        name = element.tag if not element.tag.startswith(_RDF) else owner
        for key, value in element.attrib.items():
            found.append((name if key == _RESOURCE else key, value))
        if element.text and (text := element.text.strip()):
            found.append((name, text))
        stack.extend((child, name) for child in reversed(element))
    return found
