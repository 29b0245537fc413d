"""Paths, keys, answers: what the documentation promises to senders."""

from __future__ import annotations

import base64
import gzip
import json
from typing import Any

import pytest

from tests.collector.running import RunningCollector

EVENT = {"user_id": "u_1", "event": "viewed_pricing", "properties": {"plan_type": "growth"}}
ROUTES = {"t": "track", "i": "identify", "p": "page", "s": "screen", "g": "group", "a": "alias", "b": "batch"}


def body_for(route: str) -> dict[str, Any]:
    """A good body for a path."""
    if route in ("batch", "b"):
        return {"batch": [{**EVENT, "type": "track"}]}
    return {"userId": "u_1", "previousId": "a_1", "event": "x"}


def basic(text: str) -> str:
    """The header of Segment's libraries."""
    return "Basic " + base64.b64encode(f"{text}:".encode()).decode()


def test_an_event_is_answered_in_the_words_of_the_product(collector: RunningCollector) -> None:
    answer = collector.post("/v1/track", EVENT)
    assert (answer.status, answer.body) == (200, b"OK - event accepted")
    assert answer.headers["content-type"].startswith("text/plain")


def test_who_asks_for_json_gets_it(collector: RunningCollector) -> None:
    answer = collector.post("/v1/track", EVENT, {"Accept": "application/json"})
    assert answer.json == {"success": True, "accepted": 1, "quarantined": 0, "duplicates": 0}


@pytest.mark.parametrize("name", [*ROUTES, *ROUTES.values()])
def test_every_path_takes_events(collector: RunningCollector, name: str) -> None:
    answer = collector.post(f"/v1/{name}", body_for(name), {"Accept": "application/json"})
    assert (answer.status, answer.json["accepted"]) == (200, 1)


@pytest.mark.parametrize("name", ["track", "identify", "page", "screen", "group", "alias"])
def test_the_paths_of_jitsu_take_events(collector: RunningCollector, name: str) -> None:
    for start in ("/api/s/", "/api/s/s2s/"):
        body = {**body_for(name), "writeKey": "***"}
        answer = collector.send("POST", start + name, body, {"X-Write-Key": f"{collector.secret}:any"})
        assert (answer.status, answer.json["accepted"]) == (200, 1)


def test_a_key_may_come_in_any_of_five_places(collector: RunningCollector) -> None:
    key, public = collector.secret, collector.public
    beacon = {"batch": [{**EVENT, "type": "track"}]}
    answers = [
        collector.send("POST", "/v1/track", EVENT, {"Authorization": f"bearer {key}"}),
        collector.send("POST", "/v1/track", EVENT, {"Authorization": basic(key)}),
        collector.send("POST", "/v1/track", EVENT, {"X-Write-Key": key}),
        collector.send("POST", f"/beacon/v1/batch?writeKey={public}", beacon),
        collector.send("POST", f"/v1/batch?write_key={public}", beacon),
        collector.send("POST", "/v1/t", {**EVENT, "writeKey": public}),
        collector.send("POST", "/v1/batch", {**beacon, "write_key": public}),
    ]
    assert [answer.status for answer in answers] == [200] * 7


def test_a_wrong_key_is_refused_with_the_same_words_whatever_is_wrong(collector: RunningCollector) -> None:
    secret = collector.secret
    wrong = [
        secret[:-1] + "~",
        "sk_000000000000_" + secret.split("_", 2)[2],
        "x",
        "",
        "pk" + secret[2:],
        "é" * 300,
    ]
    answers = [
        collector.send("POST", "/v1/track", EVENT, {"X-Write-Key": key.encode().decode("latin-1")})
        for key in wrong
    ]
    answers.append(collector.send("POST", "/v1/track", EVENT, {"Authorization": "Basic !!"}))
    answers.append(collector.send("POST", "/v1/track", EVENT, {"Authorization": f"Digest {secret}"}))
    assert {(answer.status, answer.body) for answer in answers} == {(401, answers[0].body)}


def test_a_secret_key_is_refused_where_it_can_be_read(collector: RunningCollector) -> None:
    in_query = collector.send("POST", f"/v1/track?writeKey={collector.secret}", EVENT)
    in_body = collector.send("POST", "/v1/track", {**EVENT, "writeKey": collector.secret})
    assert (in_query.status, in_body.status) == (403, 403)


def test_a_public_key_cannot_alias(collector: RunningCollector) -> None:
    alias = {"type": "alias", "userId": "u", "previousId": "a"}
    assert collector.send("POST", "/v1/alias", alias, key=collector.public).status == 403
    answer = collector.send("POST", "/v1/batch", {"batch": [alias, {**EVENT}]}, key=collector.public)
    assert answer.json["errors"] == [{"index": 0, "reason": "alias needs a secret key"}]
    assert (answer.json["accepted"], answer.json["quarantined"]) == (1, 1)


def test_a_key_is_bound_to_its_origins(collector: RunningCollector) -> None:
    def status(origin: str | None) -> int:
        headers = {"Origin": origin} if origin else {}
        return collector.send("POST", "/v1/track", EVENT, headers, key=collector.shop).status

    assert [status(one) for one in ("https://shop.example", "https://evil.example", "null", None)] == [
        200, 403, 403, 403,
    ]  # fmt: skip


def test_browsers_are_told_who_may_send(collector: RunningCollector) -> None:
    asked = {"Origin": "https://shop.example", "Access-Control-Request-Method": "POST"}
    answer = collector.send("OPTIONS", "/v1/t", headers=asked)
    assert (answer.status, answer.body) == (204, b"")
    assert answer.headers["access-control-allow-origin"] == "https://shop.example"
    assert answer.headers["access-control-allow-credentials"] == "true"
    assert answer.headers["access-control-max-age"] == "86400"
    allowed = answer.headers["access-control-allow-headers"].split(", ")
    assert {"authorization", "content-type", "anonymousid", "sentat", "idempotency-key"} <= set(allowed)
    other = collector.send("OPTIONS", "/v1/t", headers={"Origin": "https://other.example"})
    assert other.headers["access-control-allow-origin"] == "https://other.example"  # the key for any page
    assert "access-control-allow-credentials" not in other.headers
    assert answer.headers["vary"] == other.headers["vary"] == "Origin"


def test_a_page_may_send_the_headers_that_its_library_adds(collector: RunningCollector) -> None:
    headers = {
        "Origin": "https://shop.example",
        "Access-Control-Request-Headers": "authorization,Rsa-Retry-Attempt, rsa-retry-reason,no header,,",
    }
    allowed = collector.send("OPTIONS", "/v1/track", headers=headers).headers["access-control-allow-headers"]
    assert {"authorization", "idempotency-key", "rsa-retry-attempt", "rsa-retry-reason"} <= set(
        allowed.split(", ")
    )
    assert "no header" not in allowed
    assert allowed.count("authorization") == 1


def test_a_page_can_read_why_it_was_refused(collector: RunningCollector) -> None:
    answer = collector.send("POST", "/v1/t", EVENT, {"Origin": "https://shop.example"}, key="wrong")
    assert answer.status == 401
    assert answer.headers["access-control-allow-origin"] == "https://shop.example"


@pytest.mark.parametrize("encoding", ["gzip", None])
@pytest.mark.parametrize(
    "kind", ["application/json; charset=UTF-8", "text/plain", "application/x-www-form-urlencoded", None]
)
def test_the_body_is_json_whatever_it_is_called(
    collector: RunningCollector, kind: str | None, encoding: str | None
) -> None:
    headers = {"Content-Type": kind} if kind else {}
    if encoding:
        headers["Content-Encoding"] = encoding
    packed = gzip.compress(json.dumps(EVENT).encode())
    assert collector.post("/v1/track", packed, headers).status == 200


def test_other_methods_paths_and_encodings(collector: RunningCollector) -> None:
    got = collector.send("GET", "/v1/track")
    assert (got.status, got.headers["allow"], got.json["error"]) == (
        405,
        "POST, OPTIONS",
        "method_not_allowed",
    )
    assert collector.send("PUT", "/v1/track", EVENT).status == 405
    assert collector.post("/healthz", b"").status == 405
    assert collector.post("/v1/nothing", EVENT).status == 404
    assert collector.post("/v1/track", EVENT, {"Content-Encoding": "br"}).status == 415


def counted(collector: RunningCollector) -> dict[str, float]:
    """The metrics of the collector itself and of the source web."""
    from prometheus_client.parser import text_string_to_metric_families

    metrics = collector.send("GET", "/metrics")
    return {
        sample.name.removeprefix("segmentloom_collector_"): sample.value
        for family in text_string_to_metric_families(metrics.body.decode())
        for sample in family.samples
        if sample.labels in ({}, {"source": "web"})
    }


def test_health_readiness_and_metrics(collector: RunningCollector) -> None:
    assert collector.send("GET", "/healthz").body == b"ok\n"
    assert collector.send("GET", "/readyz").status == 200
    collector.post("/v1/track", EVENT)
    found = counted(collector)
    assert found["events_accepted_total"] > 0
    assert found["spool_commits_total"] > 0
    assert found["ready"] == 1


def test_events_of_browsers_that_ask_for_privacy_are_counted(collector: RunningCollector) -> None:
    before = counted(collector).get("events_gpc_total", 0)
    batch = {"batch": [{**EVENT, "type": "track"}, {**EVENT, "type": "page"}, {}]}
    assert collector.post("/v1/batch", batch, {"Sec-GPC": "1"}).json["accepted"] == 2
    assert collector.post("/v1/track", EVENT, {"Sec-GPC": "1"}).status == 200
    assert collector.post("/v1/track", EVENT, {"Sec-GPC": "0"}).status == 200
    assert counted(collector)["events_gpc_total"] - before == 3


def test_metrics_are_not_for_whom_an_unknown_proxy_brings(collector: RunningCollector) -> None:
    assert collector.send("GET", "/metrics", headers={"X-Forwarded-For": "203.0.113.9"}).status == 403


def test_browser_libraries_find_their_settings(collector: RunningCollector) -> None:
    segment = collector.send("GET", f"/v1/projects/{collector.public}/settings")
    assert segment.json["integrations"]["Segment.io"]["apiKey"] == collector.public
    rudder = collector.send("GET", "/sourceConfig/?p=npm", headers={"Authorization": basic(collector.public)})
    assert (rudder.json["source"]["writeKey"], rudder.json["source"]["enabled"]) == (collector.public, True)
    assert collector.send("GET", "/v1/projects/nobody/settings").status == 404
    assert collector.send("GET", f"/v1/projects/{collector.secret}/settings").status == 404


def test_pages_get_the_javascript_library(collector: RunningCollector) -> None:
    answer = collector.send("GET", "/segmentloom.js")
    assert (answer.status, answer.headers["content-type"]) == (200, "text/javascript; charset=utf-8")
    assert answer.headers["access-control-allow-origin"] == "*"
    assert len(answer.body) > 1000


def test_repetitions_are_told(collector: RunningCollector) -> None:
    batch = {"batch": [{**EVENT, "message_id": f"repeated-{number}"} for number in range(3)]}
    first, second = (collector.post("/v1/batch", batch).json for _ in range(2))
    assert (first["duplicates"], second["duplicates"], second["accepted"]) == (0, 3, 3)
