"""The results of this project, which many tests look at: read once in a process."""

import functools
from collections import defaultdict
from pathlib import Path

from shared.paper.loading import load_paper
from shared.results.diff import Diff, diff_paper
from shared.runs.predictions import read_predictions
from shared.runs.units import unit_folders

RESULTS = Path(__file__).resolve().parents[1] / "results"


@functools.cache
def committed_diff(paper_id: str) -> Diff:
    """The diff of a paper from the results of this project, wherever a test's own results go."""
    return diff_paper(load_paper(paper_id), RESULTS / paper_id)


def right_by_clip(paper_id: str, model: str, variant: str, corpus: str) -> dict[str, dict[str, list[float]]]:
    """Protocol to test clip to whether each network that was tested on it named it rightly, 1 or 0."""
    asked = {"model": model, "variant": variant, "corpus": corpus}
    found: dict[str, dict[str, list[float]]] = defaultdict(lambda: defaultdict(list))
    for record, folder in unit_folders(RESULTS / paper_id / "units"):
        if asked.items() <= record.items():
            test = read_predictions(folder).on("test")
            for clip, is_right in zip(test.clips, test.y_prob.argmax(1) == test.y_true.argmax(1), strict=True):
                found[record["protocol"]][clip].append(float(is_right))
    return found
