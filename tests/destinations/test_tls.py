"""When TLS fails: before anything was sent, or after the request was read."""

from __future__ import annotations

import os
import socket
import ssl
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
import requests

from segmentloom_sync.destinations import http, public_addresses
from segmentloom_sync.errors import Unavailable, Unreachable
from tests.destinations.certificates import certificate

BODY = {"members": "all of them"}
NO_RECORD = b"\x17\x03\x03\x00\x20" + b"garbage that is no sealed record"
"""The head of a TLS record, and content that nobody sealed."""
ALERT = b"\x15\x03\x03\x00\x02\x02\x28"
"""A fatal alert, handshake_failure."""


def sessions() -> list[Callable[[], requests.Session]]:
    return [http.new_session, lambda: public_addresses.session(allow_loopback=True)]


@contextmanager
def serving(answer: Callable[[socket.socket], None]) -> Iterator[str]:
    """A server of one connection."""
    listener = socket.create_server(("127.0.0.1", 0))

    def serve() -> None:
        connection, _ = listener.accept()
        with connection:
            answer(connection)

    thread = threading.Thread(target=serve, daemon=True)
    thread.start()
    try:
        yield f"https://localhost:{listener.getsockname()[1]}/"
    finally:
        listener.close()
        thread.join(10)


def post(url: str, session: requests.Session) -> http.Reply:
    return http.send(session, "meta", "POST", url, auth=http.Anonymous(), json=BODY)


@pytest.mark.parametrize("session", sessions(), ids=["plain", "checked"])
@pytest.mark.parametrize("last_words", [NO_RECORD, ALERT, b""])
@pytest.mark.parametrize("head", [b"", b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n{"])
def test_tls_that_breaks_after_the_request_was_read_leaves_open_what_was_done(
    session: Callable[[], requests.Session],
    last_words: bytes,
    head: bytes,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    trusted, key = certificate(tmp_path, "localhost")
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(trusted))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(trusted, key)
    read: list[bytes] = []

    def answer(connection: socket.socket) -> None:
        wire = os.dup(connection.fileno())  # beneath TLS
        with context.wrap_socket(connection, server_side=True) as sealed:
            received = b""
            while not received.endswith(b"}"):
                received += sealed.recv(65536)
            read.append(received)
            if head:
                sealed.sendall(head)
            os.write(wire, last_words)
            os.close(wire)

    with serving(answer) as url, pytest.raises(Unavailable) as caught:
        post(url, session())
    assert b"all of them" in read[0]
    assert not isinstance(caught.value, Unreachable)
    assert caught.value.applied_unknown


def plain_text(connection: socket.socket) -> None:
    connection.recv(65536)
    connection.sendall(b"HTTP/1.1 400 Bad Request\r\n\r\n")


def refusal(connection: socket.socket) -> None:
    connection.recv(65536)
    connection.sendall(ALERT)


def silence(connection: socket.socket) -> None:
    connection.recv(65536)


@pytest.mark.parametrize("session", sessions(), ids=["plain", "checked"])
@pytest.mark.parametrize("answer", [plain_text, refusal, silence])
def test_a_handshake_that_fails_is_no_connection(
    session: Callable[[], requests.Session], answer: Callable[[socket.socket], None]
) -> None:
    with serving(answer) as url, pytest.raises(Unreachable, match="no trusted TLS connection") as caught:
        post(url, session())
    assert not caught.value.applied_unknown


@pytest.mark.parametrize("session", sessions(), ids=["plain", "checked"])
@pytest.mark.parametrize("name", ["localhost", "another.example"])
def test_a_certificate_that_is_not_trusted_is_no_connection(
    session: Callable[[], requests.Session], name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    certified, key = certificate(tmp_path, name)
    if name != "localhost":
        monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(certified))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certified, key)
    sent: list[bytes] = []

    def answer(connection: socket.socket) -> None:
        try:
            with context.wrap_socket(connection, server_side=True) as sealed:
                sent.append(sealed.recv(65536))
        except OSError:
            pass

    with serving(answer) as url, pytest.raises(Unreachable, match="no trusted TLS connection") as caught:
        post(url, session())
    assert not caught.value.applied_unknown
    assert b"all of them" not in b"".join(sent)
