import pytest

from amsdipole import _progress
from amsdipole._progress import ProgressReport


@pytest.fixture
def clock(monkeypatch):
    """A clock that the test sets."""
    now = [0.0]
    monkeypatch.setattr(_progress.time, "monotonic", lambda: now[0])
    return now


def test_a_line_tells_rate_and_remaining_time(clock, capsys):
    with ProgressReport(quiet=False) as progress:
        progress("events", 0, 4000)
        clock[0] = 10.0
        progress("events", 1000, 4000)
        clock[0] = 12.0
        progress("events", 1200, 4000)  # too soon after the last line
        clock[0] = 40.0
        progress("events", 4000, 4000)
    assert capsys.readouterr().err.splitlines() == [
        "events: 1,000 of 4,000 (100/s, 30 s left)",
        "events: 4,000 of 4,000 (100/s)",
    ]


def test_a_total_that_is_not_known_is_left_out(clock, capsys):
    with ProgressReport(quiet=False) as progress:
        progress("events", 0, 0)
        clock[0] = 1.0
        progress("events", 250, 0)
        clock[0] = 10.0
        progress("events", 500, 0)
    assert capsys.readouterr().err == "events: 500 (50/s)\n"


def test_a_terminal_gets_bars_with_the_rate(clock, monkeypatch):
    monkeypatch.setattr(_progress.sys.stderr, "isatty", lambda: True, raising=False)
    with ProgressReport(quiet=False) as progress:
        progress("events", 0, 100)
        clock[0] = 2.0
        progress("events", 50, 100)
        assert progress._bars is not None
        assert [task.fields["rate"] for task in progress._bars.tasks] == ["25/s"]


def test_quiet_says_nothing(clock, capsys):
    with ProgressReport(quiet=True) as progress:
        clock[0] = 100.0
        progress("events", 1, 1)
    assert capsys.readouterr().err == ""
