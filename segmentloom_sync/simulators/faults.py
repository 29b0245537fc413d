"""What a test tells a simulator to do wrong, request by request."""

from __future__ import annotations

import threading
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field


class Fault(BaseModel):
    """One scripted fault.

    `status` answers with a status (for Meta and TikTok with an error code) in the platform's own shape, or
    with `body` as it is; `headers` answers as usual, with `headers` over its own; `reset` breaks the
    connection; `delay` waits; `half_invalid` finds every second member malformed; `list_deleted` deletes
    `list_name` (or every list) and then answers as usual.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    kind: Literal["status", "reset", "delay", "half_invalid", "headers", "list_deleted"]
    when: Literal["before", "after"] = "before"
    """`after`: the request is applied first, and the client does not get to know."""
    status: int = Field(default=503, ge=100, le=599)
    code: int | None = None
    """Meta's or TikTok's error code."""
    headers: dict[str, str] = {}
    body: str | None = None
    seconds: float = Field(default=1.0, ge=0, le=600)
    list_name: str | None = None
    method: str = ""
    path: str = ""
    """Only requests whose path contains this."""
    skip: int = Field(default=0, ge=0)
    """Let so many matching requests pass first."""
    count: int = Field(default=1, ge=1)
    """Hit so many matching requests."""


class Faults:
    """The scripted faults that are still to come; each request takes at most one."""

    def __init__(self) -> None:
        self._pending: list[Fault] = []
        self._lock = threading.Lock()

    def add(self, fault: Fault) -> None:
        """Script one more."""
        with self._lock:
            self._pending.append(fault)

    def clear(self) -> None:
        """Forget all."""
        with self._lock:
            self._pending.clear()

    def take(self, method: str, path: str) -> Fault | None:
        """The fault that hits this request, if any."""
        with self._lock:
            for index, fault in enumerate(self._pending):
                if fault.path not in path or fault.method not in ("", method):
                    continue
                if fault.skip:
                    self._pending[index] = fault.model_copy(update={"skip": fault.skip - 1})
                    continue
                if fault.count > 1:
                    self._pending[index] = fault.model_copy(update={"count": fault.count - 1})
                else:
                    del self._pending[index]
                return fault
        return None
