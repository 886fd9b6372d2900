"""The table of a report, whatever numbers and names stand in it."""

from pathlib import Path

from data_prep.common.check_report import CheckReport


def test_columns_never_run_together():
    report = CheckReport("x", Path(), ("Jazz", "Rock"), ("named", "usable"))
    for part in report.parts:
        report.counts[part, "Jazz"] = report.expected[part, "Jazz"] = 10_000_000
        report.counts[part, "Rock"], report.expected[part, "Rock"] = 3, 9
    header, *rows = str(report).splitlines()[2:5]
    assert header.split() == ["class", "named", "usable"]
    assert rows[0].split() == ["Jazz", *["10000000", "of", "10000000"] * 2]
    assert rows[1].split() == ["Rock", *["3", "of", "9"] * 2]
    assert len({len(line) for line in (header, *rows)}) == 1


def test_a_report_without_classes():
    report = CheckReport("x", Path("nowhere"), (), ("named", "usable"))
    report.extra.append("line 2 (a.mp3): no such file")
    assert str(report).splitlines()[2] == "class         named        usable"
    assert str(report).endswith("extra: line 2 (a.mp3): no such file")
