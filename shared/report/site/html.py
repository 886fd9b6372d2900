"""HTML as nested calls: ``h("p", "a < b", class_="note")``. What is not `Html` already is escaped where it is put in.

So a name from a ``paper.toml`` or a file cannot become markup, whoever wrote it.
"""

from __future__ import annotations

import html
import re

VOID = {"br", "img", "link", "meta"}
LINES = {
    *("article", "aside", "body", "caption", "dd", "details", "div", "dl", "dt", "figcaption", "figure", "footer"),
    *(
        "h1",
        "h2",
        "h3",
        "h4",
        "head",
        "header",
        "html",
        "li",
        "link",
        "main",
        "meta",
        "nav",
        "ol",
        "p",
        "script",
        "section",
    ),
    *("summary", "svg", "table", "tbody", "thead", "title", "tr", "ul"),
}
CODE = re.compile(r"`([^`]+)`")


class Html(str):
    """Markup, printed as it is."""

    __slots__ = ()


def h(tag: str, *children, **attributes) -> Html:
    """One element.

    Parameters
    ----------
    tag : str
        Its name.
    *children : Html, str, number, None or (nested) list of these
        What is in it. Text is escaped; None is left out.
    **attributes
        ``class_`` is ``class`` and ``aria_label`` is ``aria-label``; one that is None or False is left out, one that is
        True has no value.
    """
    named = ((name.rstrip("_").replace("_", "-"), value) for name, value in attributes.items())
    given = [(name, value) for name, value in named if value is not None and value is not False]
    texts = [f" {name}" if value is True else f' {name}="{html.escape(str(value))}"' for name, value in given]
    start, end = f"<{tag}{''.join(texts)}>", "\n" if tag in LINES else ""
    return Html(start + end if tag in VOID else f"{start}{joined(children)}</{tag}>{end}")


def joined(children) -> Html:
    """Children one after the other, texts escaped."""
    return Html("".join(_text(child) for child in children))


def _text(child) -> str:
    if child is None:
        return ""
    if isinstance(child, Html):
        return child
    if isinstance(child, list | tuple):
        return joined(child)
    return html.escape(str(child), quote=False)


def prose(text: str) -> Html:
    """A text in which `` `words` `` in backticks are code, escaped; a percent sign stays with its number."""
    parts = CODE.split(text.replace(" %", "\N{NO-BREAK SPACE}%"))
    return joined([h("code", part) if index % 2 else part for index, part in enumerate(parts)])


def plain(markup: Html) -> str:
    """The text of a piece of markup, for an attribute."""
    return html.unescape(re.sub(r"<[^>]+>", "", markup)).strip()


def minus(text: str) -> str:
    """A number as it is set: the minus sign is as wide as a plus."""
    return re.sub(r"(?<![\w.])-(?=\d)", "\N{MINUS SIGN}", text)
