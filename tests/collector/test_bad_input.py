"""Hostile requests: a plain refusal at once, nothing kept, memory bounded."""

from __future__ import annotations

import gzip
import json
import random
import time
import zlib
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from segmentloom_sync.collector.json_body import Batch, read_batch, read_event
from segmentloom_sync.collector.request import Refusal
from segmentloom_sync.collector.routes import EVENT_ROUTES
from tests.collector.running import RunningCollector, records, running

EVENT = b'{"user_id":"u","event":"x","properties":%s}'
PLAIN = EVENT % b"{}"
BOMB = gzip.compress(bytes(200_000_000), 9)

EVENTS = {
    "nothing": (b"", 400),
    "no JSON": (b"{", 400),
    "two documents": (PLAIN + PLAIN, 400),
    "a list": (b"[]", 400),
    "null": (b"null", 400),
    "NaN": (EVENT % b'{"a":NaN}', 400),
    "Infinity": (EVENT % b'{"a":-Infinity}', 400),
    "1e999": (EVENT % b'{"a":1e999}', 400),
    "an integer of 400 digits": (EVENT % b'{"a":%b}' % (b"9" * 400), 400),
    "an integer of 5,000 digits": (EVENT % b'{"a":%b}' % (b"9" * 5000), 400),
    "a key twice": (EVENT % b'{"a":1,"a":2}', 400),
    "a key twice, hidden by an escaped colon": (EVENT % b'{"a":1,"a":"\\u003a"}', 400),
    "half a surrogate pair": (EVENT % b'{"a":"\\ud800"}', 400),
    "NUL": (EVENT % b'{"a":"\\u0000"}', 400),
    "a control character": (EVENT % b'{"a":"\x01"}', 400),
    "no UTF-8": (EVENT % b'{"a":"\xff"}', 400),
    "a surrogate in UTF-8": (EVENT % b'{"a":"\xed\xa0\x80"}', 400),
    "101 deep": (EVENT % (b'{"a":' * 99 + b"[]" + b"}" * 99), 400),
    "16,000 deep": (EVENT % (b"[" * 16_000 + b"]" * 16_000), 400),
    "a byte order mark": (b"\xef\xbb\xbf" + PLAIN, 400),
    "no event": (b'{"user_id":"u"}', 400),
    "nobody's": (b'{"event":"x"}', 400),
    "an id that is a list": (b'{"user_id":["u"],"event":"x"}', 400),
    "no time": (b'{"user_id":"u","event":"x","timestamp":"soon"}', 400),
    "a long message id": (b'{"user_id":"u","event":"x","message_id":"%b"}' % (b"m" * 101), 400),
    "33 KiB": (EVENT % b'{"a":"%b"}' % (b"a" * 33 * 1024), 413),
    "a bomb": (BOMB, 413),
    "half a gzip": (gzip.compress(PLAIN)[:-9], 400),
    "a gzip and more": (gzip.compress(PLAIN) + b"x", 400),
    "two gzips": (gzip.compress(PLAIN) * 2, 400),
    "no gzip": (b"\x1f\x8b" + PLAIN, 400),
    "10 MB": (b" " * 10_000_000, 413),
}  # fmt: skip
BATCHES = {
    "no batch": (b"{}", 400),
    "an empty one": (b'{"batch":[]}', 400),
    "one that is no list": (b'{"batch":{}}', 400),
    "two batches": (b'{"batch":[%b],"batch":[%b]}' % (PLAIN, PLAIN), 400),
    "2,501 events": (b'{"batch":[%b]}' % b",".join([PLAIN] * 2501), 413),
    "501 KiB": (b'{"batch":[%b]}' % b",".join([EVENT % b'{"a":"%b"}' % (b"a" * 20_000)] * 26), 413),
    "a bad time of sending": (b'{"batch":[%b],"context":{"a":1,"a":2}}' % PLAIN, 400),
}


@pytest.mark.parametrize("name", EVENTS)
def test_a_bad_event_is_refused_at_once(collector: RunningCollector, name: str) -> None:
    body, status = EVENTS[name]
    started = time.monotonic()
    answer = collector.post("/v1/track", body)
    assert answer.status == status, answer.body
    assert answer.json["error"]
    assert time.monotonic() - started < 5
    assert collector.peak_megabytes() < 150


@pytest.mark.parametrize("name", BATCHES)
def test_a_bad_batch_is_refused(collector: RunningCollector, name: str) -> None:
    body, status = BATCHES[name]
    assert collector.post("/v1/batch", body).status == status


def test_the_field_that_is_to_blame_is_named(collector: RunningCollector) -> None:
    assert collector.post("/v1/track", {"user_id": "u"}).json == {
        "error": "invalid_event",
        "detail": "track without event",
        "field": "event",
    }


def test_one_bad_event_does_not_spoil_a_batch(tmp_path: Path) -> None:
    poison = [
        b'{"user_id":"u"}',
        EVENT % b'{"a":1,"a":2}',
        EVENT % b'{"a":"\\u0000"}',
        EVENT % (b"[" * 150 + b"]" * 150),
        EVENT % b'{"a":"%b"}' % (b"a" * 33 * 1024),
        EVENT % b'{"a":%b}' % (b"9" * 400),
        b"5",
    ]
    with running(tmp_path) as collector:
        answer = collector.post("/v1/batch", b'{"batch":[%b]}' % b",".join([PLAIN, *poison, PLAIN]))
        collector.stop()
    assert (answer.status, answer.json["accepted"], answer.json["quarantined"]) == (200, 2, 7)
    reasons = [error["reason"] for error in answer.json["errors"]]
    assert reasons == [
        "unknown type",
        "a key occurs twice",
        "NUL character in text",
        "nested too deeply",
        "event larger than 32 KiB",
        "number out of range",
        "not a JSON object",
    ]
    kept = records(collector.spool)
    assert [record.get("refused") for record in kept] == [None, None, *reasons]
    assert kept[3]["event"] == '{"user_id":"u","event":"x","properties":{"a":1,"a":2}}'


HEADERS = ("Content-Type", "Sec-GPC", "Origin", "Idempotency-Key", "Accept", "User-Agent")


def mutated(chance: random.Random, text: bytes) -> bytes:
    """The text with some of its bytes changed, moved, doubled or gone."""
    data = bytearray(text)
    for _ in range(chance.randint(0, 4)):
        at = chance.randrange(len(data) + 1)
        kind = chance.randrange(5)
        if kind == 0:
            data[at:at] = chance.choice(
                [b'"', b"{", b"[", b"\\u0000", b"\\ud800", b":", b",", b"1e999", b"NaN", b"null"]
            )
        elif kind == 1:
            del data[at : at + chance.randint(1, 20)]
        elif kind == 2:
            data[at : at + 1] = bytes([chance.randrange(256)])
        elif kind == 3:
            end = at + chance.randint(1, 80)
            data[end:end] = data[at:end]
        else:
            data[at:at] = chance.choice(
                [b"\\u003a", b'"a":1,"a":2,', b"[" * 120, b"9" * 400, b"\xff", b" \n"]
            )
        if not data:
            data = bytearray(b"{")
    return bytes(data)


def seeds() -> list[bytes]:
    """Bodies as libraries send them."""
    event: dict[str, Any] = {
        "messageId": "m-1", "userId": "u", "anonymousId": "a", "type": "track", "event": "Paid",
        "timestamp": "2026-11-30T10:00:00.000Z",
        "properties": {"price": 12.5, "items": [1, {"b": None}], "city": "Zürich"},
        "context": {"page": {"url": "https://x.example/?a=b:c"}, "traits": {"email": "a@b.example"}},
    }  # fmt: skip
    batch = {
        "batch": [event, {**event, "type": "identify", "traits": {"a": 1}}],
        "sentAt": "2026-11-30T10:00:00Z",
    }
    return [json.dumps(event).encode(), json.dumps(batch, separators=(",", ":"), ensure_ascii=False).encode()]


def fuzz(collector: RunningCollector, rounds: int, seed: int) -> Counter[int]:
    """Send mutated requests; how often which status came."""
    chance = random.Random(seed)
    statuses: Counter[int] = Counter()
    for _ in range(rounds):
        body = mutated(chance, chance.choice(seeds()))
        if chance.random() < 0.2:
            body = zlib.compress(body, wbits=31)
            body = mutated(chance, body) if chance.random() < 0.5 else body
        name = chance.choice([*HEADERS] * 5 + ["Content-Encoding"])
        headers = {name: "".join(chance.choices("abc/*:;=,gzip \xff\xe9", k=chance.randint(0, 30))).strip()}
        path = chance.choice([*EVENT_ROUTES, "/v1/batch", "/v1/track"])
        statuses[collector.post(path, body, headers).status] += 1
    return statuses


def test_mutated_requests_are_answered_without_a_fault(collector: RunningCollector) -> None:
    statuses = fuzz(collector, 400, seed=1)
    assert set(statuses) <= {200, 400, 403, 413, 415}
    assert statuses[200] > 10
    assert collector.send("GET", "/readyz").status == 200


@pytest.mark.slow
def test_ten_thousand_mutated_requests_are_answered_without_a_fault(collector: RunningCollector) -> None:
    statuses = fuzz(collector, 10_000, seed=2)
    assert set(statuses) <= {200, 400, 403, 413, 415}
    assert collector.peak_megabytes() < 150


def test_both_ways_of_reading_say_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    """The quick way is as strict as the rules: with it switched off nothing is answered otherwise."""
    chance = random.Random(3)
    bodies = [mutated(chance, chance.choice(seeds())) for _ in range(3_000)]
    quick = [outcome(body) for body in bodies]
    monkeypatch.setattr("segmentloom_sync.collector.json_body._is_plain", lambda *_, **__: False)
    assert [outcome(body) for body in bodies] == quick
    assert len({kind for kind, *_ in quick}) == 3


def outcome(body: bytes) -> tuple[Any, ...]:
    """What the two readers make of a body, in a form that can be compared."""
    try:
        batch: Batch = read_batch(body)
    except Refusal as refusal:
        try:
            raw, value = read_event(body)
        except Refusal as second:
            return "refused", refusal.detail, second.detail
        return "event", json.loads(raw) == value, value
    items = [(item.value, item.reason, json.loads(item.raw)) for item in batch.items]
    return "batch", items, batch.envelope
