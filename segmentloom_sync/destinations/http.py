"""Requests to an ad platform: what the network can do to them becomes an error the runner understands.

Neither bodies nor tokens nor query strings ever reach a log or an error, since hashed identifiers are
personal data too.
"""

from __future__ import annotations

import json
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING, Any, Protocol
from urllib.parse import urlsplit

from segmentloom_sync import __version__
from segmentloom_sync.destinations.settings import is_loopback
from segmentloom_sync.errors import ConfigError, NothingListens, Unavailable, Unreachable

if TYPE_CHECKING:
    # Loaded where something is sent: most commands load the destinations for their rules alone.
    import requests

CONNECT_SECONDS = 5.0
READ_SECONDS = 25.0
"""Between two pieces of an answer."""
TOTAL_SECONDS = 30.0
"""For the whole answer, so that a server that drips bytes cannot hold a run. The last piece may take
READ_SECONDS more; together that is less than a run's lease on its list."""
ANSWER_BYTES = 64 * 1024 * 1024


class Auth(Protocol):
    """Puts the credentials into a request; as requests' `auth`, so that no .netrc entry replaces them."""

    def __call__(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        """The request, with them."""
        ...


class Bearer:
    """The Authorization header."""

    def __init__(self, token: str) -> None:
        self._token = token

    def __call__(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        request.headers["Authorization"] = f"Bearer {self._token}"
        return request


class Anonymous:
    """No Authorization header, not even from .netrc."""

    def __call__(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        return request


ABOUT_CONTENT = frozenset({400, 413, 422})
"""Statuses of refusals that a part of the request may have caused."""


@dataclass(frozen=True, slots=True)
class Reply:
    """An answer that arrived whole."""

    status: int
    headers: Mapping[str, str]
    """Case-insensitive."""
    body: Any
    """The decoded JSON; None when the body is empty or no JSON."""

    @property
    def is_ok(self) -> bool:
        """2xx."""
        return 200 <= self.status < 300

    def object(self) -> dict[str, Any]:
        """The body as a JSON object; empty when it is none."""
        return self.body if isinstance(self.body, dict) else {}


@dataclass(frozen=True, slots=True)
class Timeouts:
    """Seconds to connect, between two pieces of an answer, and for the whole answer."""

    connect: float = CONNECT_SECONDS
    read: float = READ_SECONDS
    total: float = TOTAL_SECONDS


def new_session() -> requests.Session:
    """A session for one platform. It follows no redirects and repeats nothing."""
    import requests

    from segmentloom_sync.destinations.tls import Tls12Adapter

    session = requests.Session()
    session.mount("https://", Tls12Adapter())
    session.headers["User-Agent"] = f"segmentloom/{__version__}"
    session.headers["Accept"] = "application/json"
    return session


def send(
    session: requests.Session,
    platform: str,
    method: str,
    url: str,
    *,
    auth: Auth,
    timeouts: Timeouts = Timeouts(),
    max_bytes: int | None = None,
    **kwargs: Any,
) -> Reply:
    """Send one request and read its answer.

    Args:
        platform: named in errors.
        max_bytes: the longest answer that is read; default `ANSWER_BYTES`.
        kwargs: `headers`, `params`, `json` or `data`, as requests takes them.

    Raises:
        NothingListens: the URL is of this machine, which refused the connection.
        Unreachable: no connection was made.
        Unavailable: no whole answer came. `applied_unknown` tells whether the platform may have acted.
    """
    import requests
    from urllib3.exceptions import HTTPError

    deadline = time.monotonic() + timeouts.total
    try:
        with session.request(
            method,
            url,
            auth=auth,
            timeout=(timeouts.connect, timeouts.read),
            allow_redirects=False,
            proxies={"http": ""},  # plain http is for this machine only, which no proxy can reach
            stream=True,
            **kwargs,
        ) as response:
            content = _read(response, deadline, max_bytes or ANSWER_BYTES)
    except requests.exceptions.RequestException as error:
        raise _unavailable(platform, url, error) from None
    except HTTPError:
        raise Unavailable(f"the answer of {platform} broke off", applied_unknown=True) from None
    if content is None:
        raise Unavailable(f"{platform} sent no whole answer in time", applied_unknown=True)
    return Reply(response.status_code, response.headers, _json(content))


def _read(response: requests.Response, deadline: float, max_bytes: int) -> bytes | None:
    """The body; None when it is too slow or too large."""
    content = bytearray()
    # read1 gives what has arrived; the other ways to read wait for a full piece, however slowly it drips.
    while piece := response.raw.read1(65536, decode_content=True):
        content += piece
        if time.monotonic() > deadline or len(content) > max_bytes:
            return None
    return bytes(content)


def _json(content: bytes) -> Any:
    try:
        return json.loads(content)
    except (ValueError, RecursionError):
        return None


def _unavailable(platform: str, url: str, error: requests.exceptions.RequestException) -> Unavailable:
    import requests

    parts = urlsplit(url)
    if is_loopback(parts.hostname or "") and _is_port_closed(error):
        return NothingListens(
            f"{platform} cannot be reached: nothing listens at {parts.scheme}://{parts.netloc}",
            hint="is `segmentloom-sync simulate` running? else correct base_url",
        )
    if _is_untrusted(error):
        return Unreachable(
            f"no trusted TLS connection to {platform}",
            hint="check base_url, the proxy and the certificates of this machine",
        )
    if isinstance(error, requests.exceptions.ConnectTimeout | requests.exceptions.ProxyError) or _refused(
        error
    ):
        return Unreachable(
            f"{platform} cannot be reached",
            hint="check the network, the proxy settings and base_url; does `segmentloom-sync simulate` run?",
        )
    if isinstance(error, requests.exceptions.Timeout):
        return Unavailable(f"{platform} did not answer in time", applied_unknown=True)
    return Unavailable(f"the connection to {platform} broke", applied_unknown=True)


def _refused(error: BaseException) -> bool:
    """Whether no connection was made: refused, or the name did not resolve."""
    from urllib3.exceptions import NewConnectionError

    return isinstance(_reason(error), NewConnectionError)


def _is_untrusted(error: BaseException) -> bool:
    """Whether the TLS handshake failed. Where TLS breaks later, the request may have been read."""
    from segmentloom_sync.destinations.tls import HandshakeFailed

    reason = _reason(error)
    return reason is not None and any(isinstance(cause, HandshakeFailed) for cause in reason.args)


def _is_port_closed(error: BaseException) -> bool:
    """Whether the host answered that nothing listens there."""
    reason = _reason(error)
    return reason is not None and isinstance(reason.__cause__, ConnectionRefusedError)


def _reason(error: BaseException) -> BaseException | None:
    """What urllib3 says of a connection that did not come about."""
    reason = getattr(error.args[0], "reason", None) if error.args else None
    return reason if isinstance(reason, BaseException) else None


@contextmanager
def understood(platform: str) -> Iterator[None]:
    """Read an answer; one that has not the documented form leaves open what the platform did.

    Raises:
        Unavailable: the answer lacks something or has it in another type.
    """
    try:
        yield
    except (KeyError, TypeError, ValueError, AttributeError):
        raise Unavailable(
            f"{platform} answered in a form that is not its own",
            hint="check base_url and api_version, and what sits between",
            applied_unknown=True,
        ) from None


def foreign(platform: str, reply: Reply) -> ConfigError:
    """The error of a refusal that is not the platform's own, such as the 404 of a proxy or of another host.

    It says nothing about a list, whatever the status.
    """
    return ConfigError(
        f"{platform}: the answer {reply.status} is not the platform's own",
        hint="check base_url and api_version, and what sits between",
    )


def new_id(platform: str, value: object) -> str:
    """The id of something just created.

    Raises:
        Unavailable: there is none; whether the platform created it is open.
    """
    if isinstance(value, str | int) and str(value).isdigit():
        return str(value)
    raise Unavailable(f"{platform} named no id for the new list", applied_unknown=True)


def retry_after(headers: Mapping[str, str], now: datetime) -> float | None:
    """Seconds of a Retry-After header, a number or a date (RFC 9110, 10.2.3); None when unusable."""
    text = headers.get("Retry-After", "").strip()
    if text.isascii() and text.isdigit():
        return float(text)
    try:
        moment = parsedate_to_datetime(text)
    except (ValueError, OverflowError):  # the latter where a number is too large for any date
        return None
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=UTC)
    return max(0.0, (moment - now).total_seconds())


def server_fault(platform: str, reply: Reply, now: datetime) -> Unavailable | None:
    """The error of an answer that says nothing about the request itself, whatever the platform.

    5xx may come from a proxy after the platform acted, and so may an answer that is no JSON: unknown.
    """
    if reply.status >= 500:
        return Unavailable(
            f"{platform} answered {reply.status}",
            retry_after=retry_after(reply.headers, now),
            applied_unknown=True,
        )
    if reply.status in {408, 425}:
        return Unavailable(f"{platform} answered {reply.status}", retry_after=retry_after(reply.headers, now))
    return None
