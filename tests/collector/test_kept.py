"""What is kept of a request, in the spool."""

from __future__ import annotations

from pathlib import Path

from tests.collector.running import records, running

TRACK = {"user_id": "u_1", "event": "x"}


def test_the_record_of_an_event_says_where_it_came_from(tmp_path: Path) -> None:
    with running(tmp_path, "--trusted-proxy", "127.0.0.1") as collector:
        proxied = {"X-Forwarded-For": "198.51.100.7, 203.0.113.9", "Sec-GPC": "1"}
        collector.post("/v1/track", TRACK, proxied)
        collector.send(
            "POST", "/v1/page", {"anonymousId": "a"}, {"User-Agent": "Firefox"}, key=collector.public
        )
        collector.post("/v1/identify", {"type": "track", "userId": "u", "writeKey": collector.secret})
        collector.post("/v1/track", TRACK, {"Idempotency-Key": "once"})
        collector.post(
            "/v1/batch",
            {"sentAt": "2026-11-30T10:00:00Z", "context": {"a": 1}, "batch": [TRACK, {"type": "track"}]},
        )
        code, log = collector.stop()
        secret, public = collector.secret, collector.public
    assert code == 0
    first, page, identify, once, good, bad = records(collector.spool)
    assert (first["ip"], first["gpc"], first["source"], first["event"]) == ("203.0.113.9", True, "web", TRACK)
    assert first["keeps_own_ip"]
    assert page["event"] == {"anonymousId": "a", "type": "page"}
    assert page["envelope"] == {"context": {"userAgent": "Firefox"}}
    assert "keeps_own_ip" not in page
    assert identify["event"] == {"type": "identify", "userId": "u"}
    assert once["envelope"] == {"message_id": "once"}
    assert good["envelope"] == {"context": {"a": 1}, "sent_at": "2026-11-30T10:00:00Z"}
    assert (bad["refused"], bad["event"]) == ("track without event", {"type": "track"})
    kept = log + "".join(path.read_text("latin-1") for path in collector.spool.iterdir())
    for key in (secret, public):
        assert key not in kept
        assert key.split("_", 2)[2] not in kept


def test_addresses_are_kept_in_part_or_not_at_all(tmp_path: Path) -> None:
    for kept, expected in (("truncated", "127.0.0.0"), ("none", None)):
        with running(tmp_path / kept, "--ip", kept) as collector:
            collector.post("/v1/track", TRACK)
            collector.stop()
        assert [record.get("ip") for record in records(collector.spool)] == [expected]
