"""Hostile requests: a plain refusal at once, nothing kept, memory bounded."""

from __future__ import annotations

import contextlib
import gzip
import json
import random
import select
import socket
import time
import zlib
from collections import Counter
from pathlib import Path
from typing import Any

import msgspec
import pytest

from segmentloom_sync.collector.accept import Collector
from segmentloom_sync.collector.authentication import Callers
from segmentloom_sync.collector.json_body import Batch, read_batch, read_event
from segmentloom_sync.collector.key import Key, new_text
from segmentloom_sync.collector.request import Refusal, Request
from segmentloom_sync.collector.routes import EVENT_ROUTES
from tests.collector.running import TIMEOUT_SECONDS, RunningCollector, records, running

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
    "300 kB for each of 2,500 events": (
        b'{"batch":[%b],"context":{"a":"%b"}}' % (b",".join([PLAIN] * 2500), b"a" * 300_000),
        413,
    ),
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
    assert collector.peak_megabytes() < 150


def test_a_context_is_kept_with_as_many_events_as_it_fits(collector: RunningCollector) -> None:
    for events, status in (27, 200), (28, 413):
        body = b'{"batch":[%b],"context":{"a":"%b"}}' % (b",".join([PLAIN] * events), b"a" * 300_000)
        assert collector.post("/v1/batch", body).status == status


@pytest.mark.parametrize(
    ("path", "bodies", "name"),
    [("/v1/track", EVENTS, name) for name in EVENTS] + [("/v1/batch", BATCHES, name) for name in BATCHES],
)
def test_a_refusal_costs_next_to_nothing(path: str, bodies: dict[str, tuple[bytes, int]], name: str) -> None:
    key = new_text("secret")
    stored = Key(
        id=key.id, name="k", scope="secret", source="web", created_at="2026-01-01T00:00:00Z",
        secrets=(key.stored(),),
    )  # fmt: skip
    decides = Collector(Callers([stored], time.monotonic))
    request = Request("POST", path, "", "192.0.2.7", {"authorization": f"Bearer {key}"}.get)
    body, status = bodies[name]
    taken = []
    for _ in range(5):
        begun = time.thread_time()
        with pytest.raises(Refusal) as refused:
            decides.accept(decides.admit(request, EVENT_ROUTES[path]), body)
        taken.append(time.thread_time() - begun)
        assert refused.value.status == status
    assert min(taken) < 0.05


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


def fuzz(collector: RunningCollector, rounds: int, seed: int) -> tuple[Counter[int], int]:
    """Send mutated requests: how often which status came, and how many events are to be in the spool."""
    chance = random.Random(seed)
    statuses: Counter[int] = Counter()
    kept = 0
    for _ in range(rounds):
        if chance.random() < 0.2:
            body = chance.choice(seeds())
            status, answer = exchanged(collector, mutated(chance, head(collector, len(body))) + body)
            statuses[status] += 1
            kept += taken(answer) if status == 200 else 0
            continue
        body = mutated(chance, chance.choice(seeds()))
        if chance.random() < 0.2:
            body = zlib.compress(body, wbits=31)
            body = mutated(chance, body) if chance.random() < 0.5 else body
        name = chance.choice([*HEADERS] * 5 + ["Content-Encoding"])
        headers = {name: "".join(chance.choices("abc/*:;=,gzip \xff\xe9", k=chance.randint(0, 30))).strip()}
        path = chance.choice([*EVENT_ROUTES, "/v1/batch", "/v1/track"])
        answered = collector.post(path, body, headers)
        statuses[answered.status] += 1
        kept += taken(answered.body) if answered.status == 200 else 0
    return statuses, kept


def head(collector: RunningCollector, length: int) -> bytes:
    """The bytes before a body."""
    return (
        f"POST /v1/batch HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer {collector.secret}\r\n"
        f"Content-Type: application/json\r\nContent-Length: {length}\r\nConnection: close\r\n\r\n"
    ).encode()


def exchanged(collector: RunningCollector, sent: bytes) -> tuple[int, bytes]:
    """The status and the body of what comes back for some bytes; 0 when the connection is closed without.

    With the answer, or after half a second without, the collector sees that no more will come: some requests
    lack their rest, and some connections would be kept for the next one.
    """
    with socket.create_connection(("127.0.0.1", collector.port), timeout=TIMEOUT_SECONDS) as connection:
        answer = b""
        with contextlib.suppress(ConnectionError):  # it need not read what is no request
            connection.sendall(sent)
            select.select([connection], [], [], 0.5)
            connection.shutdown(socket.SHUT_WR)
            while part := connection.recv(65_536):
                answer += part
    start, _, body = answer.partition(b"\r\n\r\n")
    return int(start.split()[1]) if start else 0, body


def taken(answer: bytes) -> int:
    """How many events an answer of 200 tells of."""
    if answer == b"OK - event accepted":
        return 1
    told = json.loads(answer)
    return int(told["accepted"] + told["quarantined"])


def nothing_breaks(folder: Path, rounds: int, seed: int) -> Counter[int]:
    """Send mutated requests to a collector of its own, and look at all that it has kept."""
    with running(folder) as collector:
        statuses, kept = fuzz(collector, rounds, seed)
        assert set(statuses) <= {0, 200, 400, 401, 403, 404, 405, 408, 413, 415}
        assert collector.send("GET", "/readyz").status == 200
        assert collector.peak_megabytes() < 150
        code, log = collector.stop()
    assert (code, "internal_error" in log) == (0, False)
    assert kept <= len(records(collector.spool)) <= kept + 2 * statuses[0]  # 0: its answer was not waited for
    return statuses


def test_mutated_requests_are_answered_without_a_fault(tmp_path: Path) -> None:
    statuses = nothing_breaks(tmp_path, 400, seed=1)
    assert statuses[200] > 10
    assert statuses[400] > 10


@pytest.mark.slow
def test_ten_thousand_mutated_requests_are_answered_without_a_fault(tmp_path: Path) -> None:
    nothing_breaks(tmp_path, 10_000, seed=2)


def test_both_ways_of_reading_say_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    """The quick way is as strict as the rules: with it switched off nothing is answered otherwise."""
    chance = random.Random(3)
    bodies = [mutated(chance, chance.choice(seeds())) for _ in range(3_000)]
    quick = [outcome(body) for body in bodies]
    monkeypatch.setattr("segmentloom_sync.collector.json_body._decode", msgspec.json.Decoder(None).decode)
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
    items = [(value, reason, json.loads(raw)) for raw, value, reason in batch.items]
    return "batch", items, batch.envelope
