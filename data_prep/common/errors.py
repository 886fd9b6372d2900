"""The one error of this package."""


class CorpusError(Exception):
    """A corpus is missing, incomplete or not what it should be. The message says what to do."""
