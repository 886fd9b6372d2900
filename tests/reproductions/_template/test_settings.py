"""Settings stand in paper.toml alone: the code reads each one, and reads no other."""

import re

from shared.paper.loading import PAPERS_ROOT, load_paper

PAPER = load_paper("_template")
DONE = {}  # settings that are done without being read, each with the test that shows it


def test_every_setting_is_read_or_accounted_for():
    files = [*PAPER.path.parent.glob("*.py"), PAPERS_ROOT.parent / "shared" / "training" / "fitting.py"]
    code = "".join(path.read_text(encoding="utf-8") for path in files)
    read = set(re.findall(r"""settings\[["'](\w+)["']\]""", code))
    assert PAPER.settings.keys() - read == DONE.keys()
    assert read <= PAPER.settings.keys()
