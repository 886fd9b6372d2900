"""Settings stand in paper.toml alone: the code reads each one, and reads no other."""

from reproductions._template import settings
from shared.paper.loading import load_paper
from tests.reproductions.check_settings import check_settings

DONE = {}  # settings that are done without being read, each with the test that shows it


def test_every_setting_is_read_or_accounted_for():
    check_settings(load_paper("_template"), settings, DONE)
