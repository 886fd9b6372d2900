"""The frame of every page: head, contents, sections whose headings are in order and whose ids are unique, tables."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import count

from shared.report.site.html import Html, h, joined, plain
from shared.runs.units import slug

STYLE, SCRIPT = "style.css", "page.js"
FRONT = "index.html"
MOST_LISTED = 8  # sections within one that the contents list
SITE_TITLE = "Audio reproductions"


@dataclass(frozen=True)
class Part:
    """A section of a page: its heading, what follows it, the sections within.

    `short` is its name in the contents; what is `folded` is opened by its heading, or by a link to what is in it.
    """

    title: str
    body: Html | None = None
    parts: tuple[Part, ...] = ()
    short: str = ""
    folded: bool = False


def page(title: str, head: Html, parts: Sequence[Part], contents_of: int = 1) -> str:
    """A whole page.

    Parameters
    ----------
    title : str
        For the window; the heading is in `head`.
    head : Html
        What stands above the contents, with the page's one ``h1``.
    parts : sequence of Part
        Its sections.
    contents_of : int
        How many levels of sections the contents list.
    """
    ids = _ids(parts)
    body = [
        h("a", "Skip to the content", href="#content", class_="skip"),
        h("header", h("a", SITE_TITLE, href=FRONT), class_="site"),
        h("main", head, _contents(parts, ids, contents_of), [_section(part, ids, 2) for part in parts], id="content"),
        h("footer", h("p", FOOTER)),
    ]
    meta = [
        h("meta", charset="utf-8"),
        h("meta", name="viewport", content="width=device-width, initial-scale=1"),
        h("meta", name="color-scheme", content="light dark"),
        h("title", title if title == SITE_TITLE else f"{title} · {SITE_TITLE}"),
        h("link", rel="icon", href="data:,"),
        h("link", rel="stylesheet", href=STYLE),
        h("script", src=SCRIPT, defer=True),
    ]
    return "<!doctype html>\n" + h("html", h("head", meta), h("body", body), lang="en")


FOOTER = (
    "Drawn from the kept predictions of every run and from each paper’s settings file; only the first paragraph is "
    "written by hand, and a test holds its numbers against the results. The same results give the same pages."
)


def _walk(parts: Sequence[Part]) -> Iterator[Part]:
    for part in parts:
        yield part
        yield from _walk(part.parts)


def _ids(parts: Sequence[Part]) -> dict[int, str]:
    """A name for each section by its identity, made from its heading, each given once."""
    ids, taken = {}, {"content"}
    for part in _walk(parts):
        base = slug(part.short or part.title) or "section"
        names = (base if number == 1 else f"{base}-{number}" for number in count(1))
        ids[id(part)] = next(name for name in names if name not in taken)
        taken.add(ids[id(part)])
    return ids


def _section(part: Part, ids: dict[int, str], level: int) -> Html:
    name, tag = ids[id(part)], f"h{level}"
    inner = [part.body, *(_section(inner, ids, level + 1) for inner in part.parts)]
    if part.folded:  # a browser opens what it is sent into, so the name is that of the content
        summary = h("summary", h(tag, part.title))
        return h("section", h("details", summary, h("div", inner, id=name), class_="folded"))
    return h("section", h(tag, h("a", part.title, href=f"#{name}", class_="anchor"), id=name), inner)


def _contents(parts: Sequence[Part], ids: dict[int, str], levels: int) -> Html | None:
    if len(parts) < 2:
        return None

    def entries(some: Sequence[Part], left: int) -> Html | None:
        if left < levels and len(some) > MOST_LISTED:
            return None
        links = [
            h("li", h("a", p.short or p.title, href=f"#{ids[id(p)]}"), entries(p.parts, left - 1)) for p in some if left
        ]
        return h("ul", links) if links else None

    return h("nav", h("h2", "On this page"), entries(parts, levels), aria_label="On this page", class_="contents")


# ---------------------------------------------------------------- tables


def table(head: Sequence, rows: Sequence[Sequence], caption, numbers: Sequence[int] = (), class_: str = "") -> Html:
    """A table with a caption: one heading a column, and the first cell of a row is the heading of that row.

    Parameters
    ----------
    head : sequence
        Column headings.
    rows : sequence of sequences
        As long as `head`.
    caption : str or Html
        What is to be seen.
    numbers : sequence of int
        Columns of numbers, set to the right.
    class_ : str
        Of the table, beside that by which the script lets it be sorted.
    """
    set_right = dict.fromkeys(numbers, "number")
    top = [h("th", name, scope="col", class_=set_right.get(column)) for column, name in enumerate(head)]
    body = []
    for first, *cells in rows:
        tds = [h("td", cell, class_=set_right.get(column)) for column, cell in enumerate(cells, 1)]
        body.append(h("tr", h("th", first, scope="row"), tds))
    return framed(joined([h("thead", h("tr", top)), h("tbody", body)]), caption, f"sortable {class_}".strip())


def framed(content: Html, caption, class_: str = "") -> Html:
    """Rows as a table with its caption, in a frame of its own that scrolls where the screen is narrow."""
    inner = h("table", h("caption", h("span", caption)), content, class_=class_ or None)
    label = f"Table: {plain(joined([caption]))}"
    return h("div", inner, class_="scroll", tabindex="0", role="group", aria_label=label)


def details(summary: str, *content) -> Html:
    """Something that is opened on demand."""
    return h("details", h("summary", summary), content)
