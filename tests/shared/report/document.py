"""A page taken apart by Python's own parser: elements with their text, tables as rows, headings in order."""

from collections import defaultdict
from dataclasses import dataclass, field
from functools import cached_property
from html.parser import HTMLParser

VOID = {"br", "img", "link", "meta"}


@dataclass(eq=False)
class Element:
    """One element; `text` is all text below it, `inside` the elements around it, the nearest last."""

    tag: str
    attributes: dict[str, str | None]
    inside: list["Element"] = field(repr=False)
    text: str = ""

    def around(self, tag: str, **attributes) -> bool:
        """Whether it is within such an element."""
        return any(e.tag == tag and attributes.items() <= e.attributes.items() for e in self.inside)


class Document(HTMLParser):
    """The elements of a page in their order; a tag that is not closed, or closed twice, is an AssertionError."""

    def __init__(self, page: str):
        super().__init__(convert_charrefs=True)
        self.elements: list[Element] = []
        self.open: list[Element] = []
        self.feed(page)
        self.close()
        assert not self.open, f"never closed: {self.open}"

    def handle_starttag(self, tag, attrs):
        names = [name for name, _ in attrs]
        assert len(names) == len(set(names)), f"<{tag}> has an attribute twice"
        element = Element(tag, dict(attrs), list(self.open))
        self.elements.append(element)
        if tag not in VOID:
            self.open.append(element)

    def handle_endtag(self, tag):
        assert self.open, f"</{tag}> closes nothing"
        assert self.open[-1].tag == tag, f"</{tag}> closes <{self.open[-1].tag}>"
        self.open.pop()

    def handle_data(self, data):
        for element in self.open:
            element.text += data

    def all(self, *tags: str) -> list[Element]:
        """Elements of these names."""
        return [element for element in self.elements if element.tag in tags]

    @property
    def ids(self) -> list[str]:
        return [element.attributes["id"] for element in self.elements if "id" in element.attributes]

    @cached_property
    def cells(self) -> dict[Element, list[Element]]:
        """The cells of each row of a table."""
        found = defaultdict(list)
        for cell in self.all("th", "td"):
            found[cell.inside[-1]].append(cell)
        return found

    @cached_property
    def rows(self) -> list[tuple[str, str, list[str]]]:
        """(heading, name of the table, texts) of every row of a table body; the heading is the nearest one before."""
        found, heading, name = [], "", ""
        for element in self.elements:
            if element.tag in ("h1", "h2", "h3"):
                heading = element.text
            elif element.tag == "caption":
                name = element.text
            elif element.tag == "tr" and element.around("tbody"):
                found.append((heading, name, [" ".join(cell.text.split()) for cell in self.cells[element]]))
        return found
