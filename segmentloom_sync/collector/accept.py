"""What becomes of a request with events: refused as a whole, or turned into records for the spool.

Nothing here waits, reads or writes: whatever server stands before it asks `admit` with the head of a request,
`accept` with its body, keeps the records, and only then sends the reply.
"""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Mapping
from typing import Any, Final, NamedTuple

from segmentloom_sync.collector.authentication import (
    KEY_NAMES,
    Caller,
    Callers,
    check_origin,
    credential_in,
)
from segmentloom_sync.collector.body import check_encoding, unpacked
from segmentloom_sync.collector.client_address import Kept, TrustedProxies, kept_address
from segmentloom_sync.collector.json_body import encoded, read_batch, read_event
from segmentloom_sync.collector.limits import EVENT_BYTES, KEPT_BYTES, MESSAGE_ID_CHARACTERS, TOLD_ERRORS
from segmentloom_sync.collector.origins import NO_ORIGIN
from segmentloom_sync.collector.recent import RecentIds
from segmentloom_sync.collector.records import Heads, ReceiptClock, full
from segmentloom_sync.collector.request import JSON, TEXT, Refusal, Reply, Request
from segmentloom_sync.collector.routes import Route
from segmentloom_sync.collector.verdict import (
    ALIAS_NEEDS_A_SERVER,
    FIELDS,
    LONG_MESSAGE_ID,
    Judge,
    message_id,
)
from segmentloom_sync.landing.event import Envelope
from segmentloom_sync.spool.record import record, records

ACCEPTED: Final = b"OK - event accepted"
_AS_TEXT: Final = ("content-type", TEXT)
_AS_JSON: Final = ("content-type", JSON)
_PLAIN_REPLY: Final = Reply(200, ACCEPTED, [_AS_TEXT, *NO_ORIGIN])
_NOTHING: Final[Mapping[str, int]] = {}
_NO_ERRORS: Final[list[dict[str, Any]]] = []
_LARGE_CONTEXT: Final = (
    "the context is kept with each event: send fewer of them at once, or a smaller context"
)


class Admitted(NamedTuple):
    """A request whose head is good.

    Attributes:
        caller: None when the key has to be in the body.
    """

    request: Request
    route: Route
    caller: Caller | None


class Accepted(NamedTuple):
    """Records to be kept, and the reply for when they are.

    Attributes:
        records: how many `chunk` holds.
        quarantined: how many of them are refused events, by reason.
        ids: of the accepted events, as far as they brought any.
        gpc: they came with `Sec-GPC: 1`.
    """

    chunk: bytes
    records: int
    caller: Caller
    quarantined: Mapping[str, int]
    ids: list[str]
    duplicates: int
    gpc: bool
    reply: Reply


class Collector:
    """Decides about requests.

    Args:
        callers: the keys; may be replaced at any time.
        proxies: whose X-Forwarded-For is believed.
        addresses: how much of a client's address is stored.
        seconds: the time since the epoch.
        monotonic: seconds of a clock that never goes back.
    """

    def __init__(
        self,
        callers: Callers,
        *,
        proxies: TrustedProxies | None = None,
        addresses: Kept = "full",
        seconds: Callable[[], float] = time.time,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self.callers = callers
        self._proxies = proxies or TrustedProxies()
        self._addresses = addresses
        self._clock = ReceiptClock(seconds)
        self._monotonic = monotonic
        self._heads = Heads()
        self._recent: dict[str, RecentIds] = {}

    def admit(self, request: Request, route: Route) -> Admitted:
        """Everything that can be said before the body is read.

        Raises:
            Refusal: 401, 403, 415 or 429.
        """
        check_encoding(request.header("content-encoding"))
        caller = self.callers.identify_head(request)
        if caller is not None:
            self._check(caller, request, route)
        return Admitted(request, route, caller)

    def accept(self, admitted: Admitted, body: bytes) -> Accepted:
        """Turn the events of a body into records.

        Raises:
            Refusal: 400, 401, 403, 413 or 429; nothing is kept.
        """
        if admitted.route.is_batch:
            return self._accept_batch(admitted, body)
        return self._accept_event(admitted, body)

    def remember(self, accepted: Accepted) -> None:
        """Note what is kept now, to tell of repetitions."""
        if accepted.ids:
            self._recent_of(accepted.caller).remember(accepted.ids)

    def client(self, request: Request) -> str:
        """The address of the client, behind trusted proxies or not."""
        if not self._proxies:
            return request.peer
        return self._proxies.client(request.peer, request.header("x-forwarded-for"))

    def _check(self, caller: Caller, request: Request, route: Route) -> None:
        if caller.origins:
            check_origin(caller, request.header("origin"))
        if route.type == "alias" and not caller.is_secret:
            raise Refusal(403, "forbidden", ALIAS_NEEDS_A_SERVER)
        if caller.bucket is not None:
            now = self._monotonic()
            wait = caller.bucket.wait(now)
            if wait:
                raise Refusal(
                    429,
                    "too_many_events",
                    f"this key may send {caller.bucket.rate:g} events a second",
                    headers={"retry-after": str(wait), **dict(caller.bucket.headers(now))},
                )

    def _caller_in(self, admitted: Admitted, body: Mapping[str, Any]) -> Caller:
        caller = self.callers.identify(credential_in(body))
        self._check(caller, admitted.request, admitted.route)
        return caller

    def _accept_event(self, admitted: Admitted, body: bytes) -> Accepted:
        request, route, caller = admitted
        raw, event = read_event(unpacked(body, EVENT_BYTES))
        caller = caller or self._caller_in(admitted, event)
        if "writeKey" in event or "write_key" in event:
            raw, event = _without_key(event)
        if _kind(event) != route.type:
            # The path says what it is, as with Segment and RudderStack, and tells events apart.
            event = {**event, "type": route.type}
            raw = encoded(event)
        received_at = self._clock.tick()
        event_id = message_id(event)
        reason = Judge(caller.is_secret, self._clock.now).reason_against(event, len(raw), event_id)
        if reason:
            raise Refusal(400, "invalid_event", reason, field=FIELDS.get(reason))
        ip, gpc = self._address(request), _asks_for_privacy(request)
        said: dict[str, Any] = _browser_context(caller, request, [event])
        if event_id is None:
            event_id = self._idempotency_key(request)
            if event_id:
                said["message_id"] = event_id
        if said:
            head = full(received_at, caller, ip, gpc, said)
        else:
            head = self._heads.plain(received_at, caller, ip, gpc)
        ids = [event_id] if event_id else []
        return self._accepted(admitted, caller, record(head, raw), 1, ids, gpc, _NOTHING, _NO_ERRORS)

    def _accept_batch(self, admitted: Admitted, body: bytes) -> Accepted:
        request = admitted.request
        items, envelope = read_batch(unpacked(body))
        caller = admitted.caller or self._caller_in(admitted, envelope)
        received_at = self._clock.tick()
        context = envelope.get("context")
        context = context if isinstance(context, dict) else {}
        sent_at = envelope.get("sentAt") or envelope.get("sent_at")
        judge = Judge(caller.is_secret, self._clock.now, Envelope(context=context, sent_at=sent_at))
        good: list[bytes] = []
        events: list[Mapping[str, Any]] = []
        bad: list[tuple[int, str, bytes]] = []
        ids: list[str] = []
        for index, (raw, event, reason) in enumerate(items):
            if type(event) is dict and ("writeKey" in event or "write_key" in event):
                raw, event = _without_key(event)
            event_id = message_id(event)
            reason = reason or judge.reason_against(event, len(raw), event_id)
            if reason is not None:
                bad.append((index, reason, raw))
                continue
            good.append(raw)
            events.append(event)
            if event_id is not None:
                ids.append(event_id)
        ip, gpc = self._address(request), _asks_for_privacy(request)
        chunks = []
        if good:
            said = _browser_context(caller, request, events)
            if context:
                said["context"] = {**said.get("context", {}), **context}
            if sent_at:
                said["sent_at"] = sent_at
            head = full(received_at, caller, ip, gpc, said)
            if len(head) * len(good) > KEPT_BYTES:
                raise Refusal(413, "too_large", _LARGE_CONTEXT)
            chunks.append(records(head, good))
        chunks += [record(full(received_at, caller, ip, gpc, refused=reason), raw) for _, reason, raw in bad]
        reasons = Counter(reason for _, reason, _ in bad)
        errors = [{"index": index, "reason": reason} for index, reason, _ in bad[:TOLD_ERRORS]]
        return self._accepted(admitted, caller, b"".join(chunks), len(items), ids, gpc, reasons, errors)

    def _accepted(
        self,
        admitted: Admitted,
        caller: Caller,
        chunk: bytes,
        count: int,
        ids: list[str],
        gpc: bool,
        quarantined: Mapping[str, int],
        errors: list[dict[str, Any]],
    ) -> Accepted:
        request, route, _ = admitted
        duplicates = self._recent_of(caller).repeated(ids) if ids else 0
        headers = self.callers.origins.headers(request.header("origin"))
        if caller.bucket is not None:
            caller.bucket.take(count)
            headers = [*headers, *caller.bucket.headers(self._monotonic())]
        if route.is_plain and JSON not in (request.header("accept") or ""):
            reply = _PLAIN_REPLY if headers is NO_ORIGIN else Reply(200, ACCEPTED, [_AS_TEXT, *headers])
        else:
            refused = sum(quarantined.values())
            document: dict[str, Any] = {
                "success": True,
                "accepted": count - refused,
                "quarantined": refused,
                "duplicates": duplicates,
            }
            if errors:
                document["errors"] = errors
            reply = Reply(200, encoded(document), [_AS_JSON, *headers])
        return Accepted(chunk, count, caller, quarantined, ids, duplicates, gpc, reply)

    def _idempotency_key(self, request: Request) -> str | None:
        key = (request.header("idempotency-key") or "").strip()
        if len(key) > MESSAGE_ID_CHARACTERS:
            raise Refusal(400, "invalid_event", LONG_MESSAGE_ID, field="message_id")
        return key or None

    def _address(self, request: Request) -> str | None:
        return kept_address(self.client(request), self._addresses)

    def _recent_of(self, caller: Caller) -> RecentIds:
        source = caller.key.source
        recent = self._recent.get(source)
        if recent is None:
            recent = self._recent[source] = RecentIds()
        return recent


def _kind(event: Mapping[str, Any]) -> str | None:
    kind = event.get("type")
    if kind is None:
        return None if event.get("event") is None else "track"
    return kind.lower() if isinstance(kind, str) else None


def _asks_for_privacy(request: Request) -> bool:
    return request.header("sec-gpc") == "1"


def _without_key(event: Mapping[str, Any]) -> tuple[bytes, dict[str, Any]]:
    """Some libraries write the key into each event, and a key is not to be kept."""
    kept = {name: value for name, value in event.items() if name not in KEY_NAMES}
    return encoded(kept), kept


def _browser_context(caller: Caller, request: Request, events: list[Mapping[str, Any]]) -> dict[str, Any]:
    """The browser that a public key's events came from, where they do not say it themselves."""
    if caller.is_secret or all(map(_names_browser, events)):
        return {}
    agent = request.header("user-agent")
    return {"context": {"userAgent": agent}} if agent else {}


def _names_browser(event: Mapping[str, Any]) -> bool:
    context = event.get("context")
    return isinstance(context, dict) and ("userAgent" in context or "user_agent" in context)
