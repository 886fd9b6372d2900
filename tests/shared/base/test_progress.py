"""What is shown of a long job where there is no terminal."""

from types import SimpleNamespace

from shared.base import progress


def test_a_slow_job_is_told_of_ever_more_rarely_so_that_it_fills_no_screen(monkeypatch, tmp_path, capsys):
    clock = SimpleNamespace(now=0.0)

    def sleep(seconds):
        clock.now += 25 * seconds  # in larger steps than it asks for

    monkeypatch.setattr(progress, "time", SimpleNamespace(monotonic=lambda: clock.now, sleep=sleep))
    log, told = tmp_path / "log", []

    def running():
        told.extend([clock.now] * len(capsys.readouterr().err.splitlines()))
        log.write_text(f"begun\n{clock.now:.0f} s\n")
        return clock.now < 3600

    progress.last_line(log, running)
    assert [round(seconds) for seconds in told[:5]] == [30, 90, 210, 450, 750]
    assert len(told) < 15, "of an hour"
