"""However a command ends, nobody sees a stack trace or a secret."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from segmentloom_sync.cli import app as application
from segmentloom_sync.destinations.meta import MetaSettings

SECRET = "canary-token"


def test_an_error_that_nobody_foresaw_is_one_line_without_its_text(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def fail() -> None:
        raise RuntimeError(f"Bearer {SECRET}")

    monkeypatch.setattr(application, "app", fail)
    monkeypatch.setattr(signal, "signal", lambda *_: None)
    with pytest.raises(SystemExit) as ended:
        application.main()
    printed = capsys.readouterr().err
    assert ended.value.code == 1
    assert "internal error: RuntimeError at test_errors_leave.py" in printed
    assert SECRET not in printed
    assert "Traceback" not in printed


def test_sigterm_means_what_ctrl_c_means() -> None:
    program = (
        "import sys; from segmentloom_sync.cli import app\n"
        "def wait(): print('ready', flush=True); sys.stdin.read()\n"
        "app.app = wait; app.main()"
    )
    with subprocess.Popen(
        [sys.executable, "-c", program], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as child:
        assert child.stdout is not None
        assert child.stdout.readline() == "ready\n"
        child.send_signal(signal.SIGTERM)
        assert child.wait(30) == 130


@pytest.mark.parametrize("token", [f"{SECRET}\n", "", f"{SECRET} x", "t\u00f6k"])
def test_a_token_that_no_header_can_hold_is_refused_unseen(token: str) -> None:
    with pytest.raises(ValueError, match="line ends, blanks or non-ASCII") as refused:
        MetaSettings(type="meta", ad_account_id="act_1", access_token=token)
    assert SECRET not in str(refused.value)


def test_each_mistake_of_a_file_is_told_alike_and_as_json(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    (tmp_path / "dbt_project.yml").write_text("name: shop\nprofile: shop\n")
    (tmp_path / "audiences").mkdir()
    (tmp_path / "audiences" / "bad.yml").write_text("match: {evnt: x}\ncadence: weekly\n")
    (tmp_path / "profiles.yml").write_text(
        "shop: {target: a, outputs: {a: {type: duckdb, path: a.duckdb, schema: segmentloom}}}"
    )
    monkeypatch.setattr(signal, "signal", lambda *_: None)
    monkeypatch.chdir(tmp_path)
    for command in (["compile"], ["preview", "bad"], ["explain", "bad", "user_id:u_1"]):
        for asked in ([], ["--json"]):
            monkeypatch.setattr(sys, "argv", ["segmentloom-sync", *command, *asked])
            with pytest.raises(SystemExit) as ended:
                application.main()
            printed = capsys.readouterr()
            assert ended.value.code == 2
            assert printed.err.splitlines() == [
                "error: audiences/bad.yml:1:8: unknown key 'evnt'; did you mean 'event'?",
                "error: audiences/bad.yml:2:10: cadence must be hourly or daily",
            ]
            assert (json.loads(printed.out) if asked else printed.out) == (
                {
                    "problems": [
                        {
                            "file": "audiences/bad.yml",
                            "line": 1,
                            "column": 8,
                            "message": "unknown key 'evnt'; did you mean 'event'?",
                        },
                        {
                            "file": "audiences/bad.yml",
                            "line": 2,
                            "column": 10,
                            "message": "cadence must be hourly or daily",
                        },
                    ]
                }
                if asked
                else ""
            )
