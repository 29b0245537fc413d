"""What commands print reads the same in a log file as on a terminal."""

from __future__ import annotations

import pytest
from rich.table import Table

from segmentloom_sync import terminal
from segmentloom_sync.cli.sync_report import print_reports


def test_names_are_whole_in_a_table_without_a_terminal(capsys: pytest.CaptureFixture[str]) -> None:
    names = ["a_quite_long_audience_name_" * 2, "google_ads_of_the_second_account", "A list with a long name"]
    table = Table(*("audience", "destination", "list"), box=None)
    table.add_row(*names)
    terminal.stdout().print(table)
    printed = capsys.readouterr().out
    assert all(name in printed for name in names)


def test_where_nothing_was_to_do_there_is_no_table(capsys: pytest.CaptureFixture[str]) -> None:
    print_reports([], json=False)
    assert capsys.readouterr() == ("", "")
