"""What a misspelt name was probably meant to be."""

from __future__ import annotations

import argparse
import difflib
import re
from collections.abc import Iterable
from typing import NoReturn

MANY = 12  # names: of more, only those that are like it are listed
CHOICE = re.compile(r"invalid choice: '(?P<name>.*)' \(choose from (?P<known>.*)\)")


def suggestion(name: str, known: Iterable[str]) -> str:
    """``the known are: a, b, c. Did you mean b?``, without the question where none is like it.

    Of many names only those that are like it are listed, if there are any.
    """
    known = list(known)
    folded = {other.casefold(): other for other in reversed(known)}
    close = [folded[match] for match in difflib.get_close_matches(name.casefold(), folded, n=5, cutoff=0.4)]
    like = difflib.get_close_matches(name.casefold(), folded, n=1, cutoff=0.65)  # rnu is like run
    question = f". Did you mean {folded[like[0]]}?" if like else ""
    if len(known) > MANY and close:
        return f"the closest are: {', '.join(close)}{question}"
    return f"the known are: {', '.join(known) or 'none'}{question}"


class Parser(argparse.ArgumentParser):
    """A parser that asks of a misspelt command, option or choice whether another was meant."""

    def parse_known_args(self, args=None, namespace=None):
        """Refuse at once what this parser does not know, in the words of the command that it is an option of."""
        namespace, unknown = super().parse_known_args(args, namespace)
        if unknown:
            options = re.findall(r"(?<![\w-])--[a-z][\w-]*", self.format_usage())
            asked = (suggestion(word.partition("=")[0], options) for word in unknown if word.startswith("-"))
            self.error("; ".join([f"unrecognized arguments: {' '.join(unknown)}", *asked]))
        return namespace, unknown

    def error(self, message: str) -> NoReturn:
        """Print usage and message, and end with status 2."""
        if match := CHOICE.search(message):
            known = re.findall(r"'([^']*)'", match["known"])
            says = f"{match['name']!r} is none of them; {suggestion(match['name'], known)}"
            message = message.replace(match[0], says)
        super().error(message)
