"""What was kept of all trainings, recomputed: tables of results, verdicts against the paper, comparisons."""
