"""Small marks that several parts of a page use: verdicts with a sign and a word, names of variants and protocols."""

from __future__ import annotations

from shared.paper.schema import Paper
from shared.report.site.html import Html, h, joined, prose
from shared.report.tables import left_out
from shared.results.diff import Diff, Section
from shared.results.verdicts import (
    CONDITIONAL,
    CONSISTENT,
    DIFFERS,
    MATCH,
    NOT_COMPARABLE,
    NOT_RUN,
    RULE,
    TWIN,
    UNDETERMINED,
    UNPUBLISHED,
)
from shared.runs.units import slug

SIGNS = {
    MATCH: "✓",
    CONSISTENT: "≈",
    DIFFERS: "≠",
    UNDETERMINED: "?",
    CONDITIONAL: "◇",
    NOT_COMPARABLE: "–",
    NOT_RUN: "○",
    UNPUBLISHED: "·",
    TWIN: "=",
}
NBSP = "\N{NO-BREAK SPACE}"  # between a sign and its word
SHOWN = {UNPUBLISHED: "not in the paper", TWIN: "second run"}


def badge(verdict: str) -> Html:
    """A verdict as a sign and a word; the colour only repeats them."""
    sign = h("span", SIGNS.get(verdict, "·"), aria_hidden="true")
    return h("span", sign, NBSP, SHOWN.get(verdict, verdict), class_=f"badge {slug(verdict)}")


def tally(counts: dict[str, int], words: str = "") -> Html:
    """How often each verdict was given, as badges with a number."""
    order = [verdict for verdict in SIGNS if counts.get(verdict)]
    marks = [h("span", h("b", counts[verdict]), NBSP, badge(verdict)) for verdict in order]
    return h("p", words, [joined([mark, " "]) for mark in marks], class_="tally")


def left_out_list(diff: Diff) -> Html | None:
    """The units that do not count, each with the reason; nothing where all do."""
    if not diff.left_out:
        return None
    head, *_ = left_out(diff)
    named = [h("li", h("code", one.name), f": {one.reason}") for one in diff.left_out]
    return h("div", h("p", h("b", head)), h("ul", named), class_="notice")


def legend() -> Html:
    """The rule of the verdicts, word by word as the README has it."""
    items = [" ".join(item.split()) for item in RULE.removeprefix("- ").split("\n- ")]
    pairs = [item.removeprefix("`").split("`: ", 1) for item in items]
    return h("dl", [joined([h("dt", badge(name)), h("dd", prose(text))]) for name, text in pairs], class_="legend")


def variant_title(paper: Paper, name: str) -> str:
    """``as the report says``, or the name itself where it is none of the paper's variants."""
    variant = paper.variants.get(name)
    return variant.title if variant else name


def protocol_words(paper: Paper, section: Section) -> str:
    """How the corpus was split, in words; empty for the published split."""
    if section.protocol == "published":
        return ""
    known = paper.corpus.protocols.get(section.protocol)
    title = f": {known.title}" if known and known.title else ""
    return f"{section.protocol} protocol{title}"


def command(text: str) -> Html:
    """A command line; a word of it is never broken, so that ``--model`` can be read."""
    return h("code", [joined([" " if index else None, h("span", word)]) for index, word in enumerate(text.split(" "))])


def runs_word(number: int) -> str:
    """``3 runs``."""
    return f"{number} run{'s' if number != 1 else ''}"
