"""The results of this project, which many tests look at: read once in a process."""

import functools
from pathlib import Path

from shared.paper.loading import load_paper
from shared.results.diff import Diff, diff_paper


@functools.cache
def committed_diff(paper_id: str) -> Diff:
    """The diff of a paper from the results of this project, wherever a test's own results go."""
    return diff_paper(load_paper(paper_id), Path(__file__).resolve().parents[1] / "results" / paper_id)
