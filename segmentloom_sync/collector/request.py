"""What the collector is asked and what it answers, whatever server stands before it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final, NamedTuple

Headers = list[tuple[str, str]]
JSON: Final = "application/json"
TEXT: Final = "text/plain; charset=utf-8"


class Request(NamedTuple):
    """The head of a request.

    Attributes:
        path: without the query.
        query: what follows the question mark, as sent.
        peer: the address at the other end of the socket, without a port.
        header: gives a header by its lower-case name, None when absent.
    """

    method: str
    path: str
    query: str
    peer: str
    header: Callable[[str], str | None]


class Reply(NamedTuple):
    """What is sent back."""

    status: int
    body: bytes
    headers: Headers


class Refusal(Exception):
    """The request is answered without anything being stored.

    Args:
        status: of the answer.
        error: a stable word for programs.
        detail: the same for a person; holds nothing of what was sent.
        headers: to send along.
        field: which field of the event is to blame.
    """

    def __init__(
        self,
        status: int,
        error: str,
        detail: str,
        *,
        headers: Mapping[str, str] | None = None,
        field: str | None = None,
    ) -> None:
        super().__init__(detail)
        self.status, self.error, self.detail = status, error, detail
        self.headers, self.field = headers or {}, field

    def document(self) -> dict[str, Any]:
        """The body of the answer."""
        document = {"error": self.error, "detail": self.detail}
        return document if self.field is None else {**document, "field": self.field}
