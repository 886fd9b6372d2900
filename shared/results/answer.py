"""What one unit answered, or several together: its record, and predictions that are opened when somebody asks."""

from __future__ import annotations

import hashlib
import json
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass, field

from shared.runs.predictions import Predictions

KEPT = 64  # opened predictions that stay in memory


class Opened:
    """The predictions that were opened last, by their checksum."""

    def __init__(self):
        self._kept: OrderedDict[str, Predictions] = OrderedDict()

    def get(self, checksum: str, open_: Callable[[], Predictions]) -> Predictions:
        """Those of a checksum; `open_` gives them where they are not at hand."""
        if checksum not in self._kept:
            self._kept[checksum] = open_()
        self._kept.move_to_end(checksum)
        if len(self._kept) > KEPT:
            self._kept.popitem(last=False)
        return self._kept[checksum]


@dataclass(frozen=True)
class Answer:
    """A record, and what its model answered; `checksum` is that of the predictions, or of all that they follow from."""

    record: dict
    checksum: str
    open_: Callable[[], Predictions] = field(repr=False)
    opened: Opened = field(repr=False, default_factory=Opened)

    @property
    def predictions(self) -> Predictions:
        """The predictions of all splits; none where those that they follow from do not go together.

        Raises
        ------
        ResultsError
            They cannot be read, or what they follow from does not go together and should.
        """
        return self.opened.get(self.checksum, self.open_)


def checksum_over(*parts: object) -> str:
    """The SHA-256 of checksums, names and numbers."""
    return hashlib.sha256(json.dumps(parts).encode()).hexdigest()
