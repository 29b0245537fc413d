"""What the simulated platforms have in common: requests, answers, tokens, quotas and a log."""

from __future__ import annotations

import json
import threading
from abc import ABC, abstractmethod
from collections import Counter, deque
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from email.message import Message
from typing import Any, ClassVar

from segmentloom_sync.simulators.clock import SimulatorClock
from segmentloom_sync.simulators.faults import Fault, Faults
from segmentloom_sync.simulators.lists import Key, Lists, Matching

TOKEN = "simulator-token"  # noqa: S105 (it opens nothing but a simulator)
KEPT_REQUESTS = 50


@dataclass(frozen=True, slots=True)
class Request:
    """A request as it arrived."""

    method: str
    path: str
    query: Mapping[str, str]
    headers: Message
    body: bytes
    target: str
    """Path and query as sent."""

    def json(self) -> Any:
        """The body as JSON, None when empty. Raises ValueError."""
        return json.loads(self.body) if self.body else None

    def bearer(self) -> str | None:
        """The token of the Authorization header."""
        scheme, _, token = (self.headers.get("Authorization") or "").partition(" ")
        return token if scheme == "Bearer" and token else None


@dataclass(frozen=True, slots=True)
class Answer:
    """What is sent back: JSON, or `text` as it is."""

    status: int
    body: Any = None
    headers: Mapping[str, str] = field(default_factory=dict)
    text: str | None = None


class Quota:
    """So many requests in a window of the simulator's clock."""

    def __init__(self, limit: int, seconds: int) -> None:
        self.limit, self.seconds = limit, seconds
        self.used = 0
        self._window = -1

    def take(self, now: datetime) -> bool:
        """Use one; False when the window is used up."""
        window = int(now.timestamp()) // self.seconds
        if window != self._window:
            self._window, self.used = window, 0
        if self.used >= self.limit:
            return False
        self.used += 1
        return True

    def wait(self, now: datetime) -> float:
        """Seconds until the window ends."""
        return self.seconds - now.timestamp() % self.seconds


class Platform(ABC):
    """One simulated ad platform. Subclasses answer requests; `server` brings them."""

    name: ClassVar[str]

    def __init__(self, *, clock: SimulatorClock, matching: Matching, first_list_id: int) -> None:
        self.clock, self.matching = clock, matching
        self.lists = Lists(first_list_id)
        self.tokens = {TOKEN}
        """The access tokens that open it; empty after `revoke`."""
        self.faults = Faults()
        self.requests: deque[tuple[Request, int]] = deque(maxlen=KEPT_REQUESTS)
        """The last requests with the status of their answers (0: none was sent)."""
        self.counts: Counter[str] = Counter()
        """Requests by `METHOD path-kind status`."""
        self.half_invalid = False
        """While a request hit by that fault is answered."""
        self.base_url = ""
        self._lock = threading.RLock()

    @abstractmethod
    def answer(self, request: Request) -> Answer:
        """What the platform answers, its state changed."""

    @abstractmethod
    def fault_answer(self, fault: Fault) -> Answer:
        """A scripted status, in the shape of this platform's errors."""

    @abstractmethod
    def settings(self) -> dict[str, Any]:
        """The block of segmentloom.yml that leads to this simulator."""

    @abstractmethod
    def settle(self) -> None:
        """Let happen what the passing of time does to lists."""

    def handle(self, request: Request, fault: Fault | None) -> Answer:
        """Answer one request; one at a time, as if the platform were one machine."""
        with self._lock:
            if fault and fault.kind == "list_deleted":
                self.lists.delete_named(fault.list_name)
            self.settle()
            self.half_invalid = fault is not None and fault.kind == "half_invalid"
            answer = self.answer(request)
            if fault is not None and fault.kind == "headers":
                return replace(answer, headers={**answer.headers, **fault.headers})
            return answer

    def members(self, list_id: str) -> set[Key]:
        """The identifiers that a list holds now."""
        with self._lock:
            self.settle()
            entry = self.lists.get(list_id)
            return set(entry.members) if entry else set()

    def list_id(self, name: str) -> str:
        """The id of the list of that name. Raises KeyError."""
        with self._lock:
            for entry in self.lists:
                if entry.name == name:
                    return entry.id
        raise KeyError(name)

    def revoke(self) -> None:
        """Refuse every token from now on."""
        with self._lock:
            self.tokens.clear()

    def state(self, *, with_members: bool = False) -> dict[str, Any]:
        """What `/_simulator/state` shows."""
        with self._lock:
            self.settle()
            lists = []
            for entry in self.lists:
                shown: dict[str, Any] = {
                    "id": entry.id,
                    "name": entry.name,
                    "identifiers": dict(Counter(key.type for key in entry.members)),
                    "matched": self.matching.count(entry.members),
                }
                if with_members:
                    shown["members"] = sorted(list(key) for key in entry.members)
                lists.append(shown)
            return {
                "platform": self.name,
                "now": self.clock.now().isoformat(),
                "lists": lists,
                "requests": dict(self.counts),
            }

    def record(self, request: Request, status: int) -> None:
        """Note a request in the log."""
        with self._lock:
            self.requests.append((request, status))
            self.counts[f"{request.method} {request.path.rpartition('/')[2]} {status}"] += 1


def is_malformed(position: int, half_invalid: bool) -> bool:
    """Whether the fault `half_invalid` hits this member: every second one, the first included."""
    return half_invalid and position % 2 == 0
