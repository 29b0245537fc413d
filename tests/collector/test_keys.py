"""Keys: made once, known to a running collector, rotated, revoked, limited in rate."""

from __future__ import annotations

import json
import os
import stat
import subprocess
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from segmentloom_sync.collector.authentication import Callers, Credential
from segmentloom_sync.collector.key_file import KeyFile
from segmentloom_sync.collector.rate import Bucket
from segmentloom_sync.collector.request import Refusal
from segmentloom_sync.errors import ConfigError
from tests.collector.running import records, running, until
from tests.workspace import CLI

EVENT = {"user_id": "u", "event": "x"}
NOW = datetime(2026, 11, 30, 10, tzinfo=UTC)


def keys(folder: Path, *words: str, check: bool = True) -> Any:
    """Run a `keys` command; its JSON, or its stderr when it may fail."""
    done = subprocess.run(
        [str(CLI), "keys", *words, "--json"], cwd=folder, capture_output=True, text=True, check=check
    )
    return json.loads(done.stdout) if check else done.stderr


def test_the_life_of_a_key(tmp_path: Path) -> None:
    with running(tmp_path) as collector:
        made = keys(tmp_path, "create", "--name", "late", "--source", "app")
        assert made == {
            "id": made["id"],
            "key": f"sk_{made['id']}_{made['key'].split('_', 2)[2]}",
            "scope": "secret",
        }

        def status(key: str) -> int:
            return collector.send("POST", "/v1/track", EVENT, key=key).status

        until(lambda: status(made["key"]) == 200)
        rotated = keys(tmp_path, "rotate", made["id"])
        until(lambda: status(rotated["key"]) == 200)
        assert status(made["key"]) == 200  # for a day
        again = keys(tmp_path, "rotate", made["id"], "--grace-hours", "0")
        until(lambda: status(again["key"]) == 200)
        assert (status(made["key"]), status(rotated["key"])) == (401, 401)
        keys(tmp_path, "revoke", made["id"])
        until(lambda: status(again["key"]) == 401)
        listed = {key["id"]: key for key in keys(tmp_path, "list")["keys"]}
    assert (listed[made["id"]]["state"], listed[made["id"]]["source"]) == ("revoked", "app")
    file = tmp_path / "collector-keys.json"
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    for key in (made, rotated, again):
        assert key["key"].split("_", 2)[2] not in file.read_text()


def test_a_secret_key_may_be_in_the_body_where_that_is_allowed(tmp_path: Path) -> None:
    with running(tmp_path, "--allow-body-key") as collector:
        late = keys(tmp_path, "create", "--name", "late")["key"]

        def in_body(key: str) -> int:
            return collector.send("POST", "/v1/track", {**EVENT, "writeKey": key}).status

        assert in_body(collector.secret) == 200
        until(lambda: in_body(late) == 200)
        assert collector.send("POST", f"/v1/track?writeKey={late}", EVENT).status == 403
        collector.stop()
    assert all("writeKey" not in record["event"] for record in records(collector.spool))


def test_a_broken_file_leaves_the_keys_as_they_were(tmp_path: Path) -> None:
    with running(tmp_path) as collector:
        (tmp_path / "collector-keys.json").write_text("{")
        until(lambda: "is no file of API keys" in collector.log.read_text())
        assert collector.post("/v1/track", EVENT).status == 200


def test_a_rate_is_kept(tmp_path: Path) -> None:
    slow = KeyFile(tmp_path / "collector-keys.json").create("slow", rate=0.5)
    (tmp_path / "keys.txt").write_text(f"{slow} {slow} {slow}")
    with running(tmp_path) as collector:
        answers = [collector.post("/v1/batch", {"batch": [EVENT] * 3}) for _ in range(3)]
    assert [answer.status for answer in answers] == [200, 200, 429]
    refused = answers[2]
    assert refused.headers["x-ratelimit-limit"] == "0.5"
    assert refused.headers["x-ratelimit-remaining"] == "0"
    assert 1 <= int(refused.headers["retry-after"]) <= 4
    assert refused.json["error"] == "too_many_events"


def test_a_bucket_fills_with_time_and_lets_a_large_batch_through_in_the_end() -> None:
    bucket = Bucket(rate=2, now=0)
    bucket.take(2_500)
    assert bucket.wait(0) == 1_241
    assert bucket.wait(1_240) == 1
    assert bucket.wait(1_241) == 0
    assert dict(bucket.headers(10_000)) == {
        "x-ratelimit-limit": "2", "x-ratelimit-remaining": "20", "x-ratelimit-reset": "0"
    }  # fmt: skip


def test_a_rotated_secret_ends_with_its_grace(tmp_path: Path) -> None:
    file = KeyFile(tmp_path / "keys.json", clock=lambda: NOW)
    former = file.create("server")
    file.rotate(former.id, timedelta(hours=1))
    moment = NOW + timedelta(minutes=59)
    callers = Callers(file.read(), time.monotonic, clock=lambda: moment)
    assert callers.identify(Credential(str(former), "header")).key.name == "server"
    moment = NOW + timedelta(minutes=60)
    with pytest.raises(Refusal, match="no key"):
        callers.identify(Credential(str(former), "header"))


def test_many_make_keys_at_once_and_none_is_lost(tmp_path: Path) -> None:
    makers = [
        subprocess.Popen([str(CLI), "keys", "create", "--name", f"k{n}"], cwd=tmp_path,
                         stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        for n in range(4)
    ]  # fmt: skip
    assert [maker.wait() for maker in makers] == [0] * 4
    assert {key["name"] for key in keys(tmp_path, "list")["keys"]} == {"k0", "k1", "k2", "k3"}


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("create", "--name", "x", "--origin", "https://a.example"), "--origin is for public keys"),
        (("create", "--name", "x", "--public", "--origin", "shop.example"), "is no origin"),
        (("create", "--name", " "), "--name must be"),
        (("revoke", "nobody"), "no key has the id 'nobody'"),
        (("rotate", "nobody"), "keys list shows them"),
    ],
)
def test_what_cannot_be_done_is_said(tmp_path: Path, words: tuple[str, ...], message: str) -> None:
    assert message in keys(tmp_path, *words, check=False)


def test_a_file_that_others_may_read_is_refused(tmp_path: Path) -> None:
    file = KeyFile(tmp_path / "keys.json")
    file.create("server")
    os.chmod(file.path, 0o640)  # noqa: PTH101
    with pytest.raises(ConfigError, match="others may read"):
        file.read()
