"""The lines of the spool: one record is one accepted event, kept in the bytes in which it came.

A record is a JSON object on a line of its own. First comes what the collector knows of the event, the head,
which all events of a request share; then the event as it was sent:

    {"received_at":"2026-11-30T10:00:00.123Z","key":"k_1","source":"web","ip":"192.0.2.7","event":{...}}
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from segmentloom_sync.landing.json_line import write


def head(
    received_at: str,
    key: str,
    source: str,
    *,
    ip: str | None = None,
    keeps_own_ip: bool = False,
    gpc: bool = False,
    envelope: Mapping[str, Any] | None = None,
    refused: str | None = None,
) -> bytes:
    """What the records of one request have in common, made once for all its events.

    Args:
        received_at: when the request came, UTC, ISO 8601 with a zone; it becomes the column `received_at`.
        key: the id of the API key, never the key.
        source: the `source_id` of the events.
        ip: the sender's address, for the column `ip`.
        keeps_own_ip: an event's own `context.ip` counts before `ip`: for keys that are a server's.
        gpc: the sender's browser asked not to sell or share (`Sec-GPC: 1`); lands as `context.gpc: true`.
        envelope: what the request says for its events where they say nothing themselves: `type` (of the
            route), `message_id` (of the header Idempotency-Key; for a single event), `sent_at` and `context`.
        refused: why the collector did not accept the events, without values of theirs; they land in
            `S_raw.rejected_events` with this reason.

    Returns:
        The beginning of a record; `record` and `records` add events to it.
    """
    said: dict[str, Any] = {"received_at": received_at, "key": key, "source": source}
    if ip is not None:
        said["ip"] = ip
        if keeps_own_ip:
            said["keeps_own_ip"] = True
    if gpc:
        said["gpc"] = True
    if envelope:
        said["envelope"] = envelope
    if refused is not None:
        said["refused"] = refused
    return write(said)[:-1].encode() + b',"event":'


def record(head: bytes, event: bytes) -> bytes:
    """One record.

    Args:
        head: what `head` gave.
        event: a JSON object as it was sent; one that is spread over lines is put on one.
    """
    return b"%b%b}\n" % (head, _on_one_line(event) if b"\n" in event else event)


def records(head: bytes, events: Sequence[bytes]) -> bytes:
    """The records of all events of a request, for one `append`.

    Args:
        head: what `head` gave.
        events: JSON objects as they were sent, at least one.
    """
    text = b"%b%b}\n" % (head, (b"}\n" + head).join(events))
    if text.count(b"\n") == len(events):
        return text
    return b"".join([record(head, event) for event in events])


def _on_one_line(event: bytes) -> bytes:
    import msgspec  # only the collector needs it, and it has it

    return msgspec.json.format(event, indent=-1)
