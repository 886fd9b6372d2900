"""The folders that the environment variables name."""

from pathlib import Path

import pytest

from shared.base.places import FOLDERS, root_of, variable_of


@pytest.mark.parametrize("variable", FOLDERS)
def test_a_tilde_is_the_home_folder_and_nothing_set_is_the_projects_own(variable, monkeypatch, tmp_path):
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv(variable, "~/kept here")
    assert root_of(variable) == tmp_path / "kept here"
    for unset in ("", None):
        monkeypatch.delenv(variable) if unset is None else monkeypatch.setenv(variable, unset)
        assert root_of(variable) == FOLDERS[variable]


def test_the_innermost_folder_that_holds_a_path_names_its_variable(monkeypatch, tmp_path):
    monkeypatch.setenv("AUDIO_REPRODUCTIONS_CACHE", str(tmp_path))
    monkeypatch.setenv("AUDIO_REPRODUCTIONS_RESULTS", str(tmp_path / "results"))
    assert variable_of(tmp_path / "results" / "a.csv") == "AUDIO_REPRODUCTIONS_RESULTS"
    assert variable_of(tmp_path / "a.csv") == "AUDIO_REPRODUCTIONS_CACHE"
    assert variable_of(Path("/somewhere/else")) is None
