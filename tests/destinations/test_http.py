"""What the network can do, and what never leaves with a request."""

from __future__ import annotations

import socket
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from requests.adapters import HTTPAdapter

from segmentloom_sync.destinations import http
from segmentloom_sync.errors import DestinationError, NothingListens, Unavailable
from segmentloom_sync.simulators import Fault
from tests.destinations.conftest import Pair

NOON = datetime(2026, 11, 25, 12, tzinfo=UTC)


@contextmanager
def serving(*pieces: bytes) -> Iterator[str]:
    """A server that answers one request with the pieces, the last one over and over until the client goes."""
    listener = socket.create_server(("127.0.0.1", 0))
    ended = threading.Event()

    def serve() -> None:
        connection, _ = listener.accept()
        with connection:
            connection.recv(65536)
            try:
                for piece in pieces:
                    connection.sendall(piece)
                while pieces[-1] and not ended.wait(0.01):
                    connection.sendall(pieces[-1])
            except OSError:
                pass

    thread = threading.Thread(target=serve, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{listener.getsockname()[1]}/"
    finally:
        ended.set()
        listener.close()
        thread.join(10)


def get(url: str, timeouts: http.Timeouts | None = None) -> http.Reply:
    return http.send(
        http.new_session(), "example", "GET", url, auth=http.Anonymous(), timeouts=timeouts or http.Timeouts()
    )


def test_a_server_that_drips_bytes_cannot_hold_a_run() -> None:
    head = b"HTTP/1.1 200 OK\r\nContent-Length: 1000000\r\n\r\n"
    with serving(head, b"x") as url, pytest.raises(Unavailable, match="in time") as caught:
        get(url, http.Timeouts(connect=1, read=1, total=0.2))
    assert caught.value.applied_unknown


def test_an_endless_answer_is_cut(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(http, "ANSWER_BYTES", 100_000)
    with serving(b"HTTP/1.1 200 OK\r\n\r\n", b"x" * 70_000) as url, pytest.raises(Unavailable):
        get(url)


def test_an_answer_that_breaks_off_is_unknown() -> None:
    head = b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{}"
    with serving(head, b"") as url, pytest.raises(Unavailable) as caught:
        get(url)
    assert caught.value.applied_unknown


def test_an_answer_that_is_no_http_is_unknown() -> None:
    with serving(b"SSH-2.0-OpenSSH\r\n", b"") as url, pytest.raises(Unavailable) as caught:
        get(url)
    assert caught.value.applied_unknown


def test_a_name_that_does_not_resolve_was_never_reached() -> None:
    with pytest.raises(Unavailable, match="cannot be reached") as caught:
        get("http://name.invalid/")
    assert not caught.value.applied_unknown


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost"])
def test_a_port_of_this_machine_at_which_nothing_listens_is_named(host: str) -> None:
    with socket.socket() as bound:
        bound.bind(("127.0.0.1", 0))  # and does not listen
        port = bound.getsockname()[1]
        with pytest.raises(NothingListens, match=f"nothing listens at http://{host}:{port}$") as caught:
            get(f"http://{host}:{port}/path?secret=1")
    assert "segmentloom-sync simulate" in str(caught.value.hint)
    assert not caught.value.applied_unknown


def test_json_that_is_deeper_than_any_answer_is_none() -> None:
    body = b"[" * 100_000
    head = b"HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n"
    with serving(head, body, b"") as url:
        assert get(url).body is None


def test_a_redirect_is_not_followed(pair: Pair) -> None:
    pair.destination.find_list("Pricing intent")
    elsewhere = Fault(kind="status", status=307, headers={"Location": "http://127.0.0.1:9/"}, body="")
    pair.simulator.faults.add(elsewhere)
    with pytest.raises(DestinationError, match="307"):
        pair.destination.find_list("Pricing intent")


def test_a_netrc_entry_does_not_replace_the_token(
    meta: Pair, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    netrc = tmp_path / "netrc"
    netrc.write_text("machine 127.0.0.1 login stranger password other\n")
    monkeypatch.setenv("NETRC", str(netrc))
    assert meta.destination.find_list("Pricing intent") is None


def test_a_proxy_is_not_asked_for_this_machine(meta: Pair, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    for name in ("NO_PROXY", "no_proxy"):
        monkeypatch.delenv(name, raising=False)
    assert meta.destination.find_list("Pricing intent") is None


def test_nothing_older_than_tls_1_2_is_spoken() -> None:
    adapter: Any = http.new_session().get_adapter("https://example.com")
    assert isinstance(adapter, HTTPAdapter)
    proxied: Any = adapter.proxy_manager_for("http://proxy.example.com")
    for manager in (adapter.poolmanager, proxied):
        context = manager.connection_pool_kw["ssl_context"]
        assert context.minimum_version == ssl.TLSVersion.TLSv1_2
        assert context.verify_mode == ssl.CERT_REQUIRED
        assert context.check_hostname


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("17", 17.0),
        ("0", 0.0),
        ("9" * 400, float("inf")),
        ("Wed, 25 Nov 2026 12:00:30 GMT", 30.0),
        ("Wed, 25 Nov 2026 11:00:00 GMT", 0.0),
        ("Wed, 25 Nov 2026 12:00:30 -0000", 30.0),
        ("Mon, 01 Jan 2024 99999999999999999999:00:00 GMT", None),
        ("Mon, 01 Jan 2024 00:00:00 +99999999999999999999", None),
        ("Mon, 99999999999999999999 Jan 2024 00:00:00 GMT", None),
        ("Mon, 01 Jan 99999 00:00:00 GMT", None),
        ("-5", None),
        ("1.5", None),
        ("٣", None),
        ("soon", None),
        ("", None),
    ],
)
def test_retry_after_is_read_as_a_number_or_a_date(text: str, seconds: float | None) -> None:
    assert http.retry_after({"Retry-After": text}, NOON) == seconds
