"""Which addresses a webhook may lead to, and that the connection goes to the one that was looked at."""

from __future__ import annotations

import http.server
import socket
import ssl
import threading
from collections.abc import Callable, Iterator
from ipaddress import IPv4Address, IPv6Address, ip_address
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from segmentloom_sync.destinations import http as platform_http
from segmentloom_sync.destinations import public_addresses
from segmentloom_sync.destinations.public_addresses import why_refused
from segmentloom_sync.errors import ConfigError, Unreachable
from tests.destinations.certificates import certificate

# First address and length of each range that is not of the public Internet: the registries of special-purpose
# addresses of IANA, multicast, and the metadata server that stands among public addresses.
SPECIAL_V4 = [
    ("0.0.0.0", 8),  # noqa: S104 (nothing is bound to it)
    ("10.0.0.0", 8),
    ("100.64.0.0", 10),
    ("127.0.0.0", 8),
    ("168.63.129.16", 32),
    ("169.254.0.0", 16),
    ("172.16.0.0", 12),
    ("192.0.0.0", 24),
    ("192.0.2.0", 24),
    ("192.88.99.0", 24),
    ("192.168.0.0", 16),
    ("198.18.0.0", 15),
    ("198.51.100.0", 24),
    ("203.0.113.0", 24),
    ("224.0.0.0", 4),
    ("240.0.0.0", 4),
]
SPECIAL_V6 = [("2001::", 23), ("2001:db8::", 32), ("2002::", 16), ("3fff::", 20)]
"""Within 2000::/3, which is all that is assigned to the public Internet."""
METADATA = ["169.254.169.254", "fd00:ec2::254", "100.100.100.200", "192.0.0.192", "168.63.129.16"]
HOST = "hooks.example.test"


def spans(ranges: list[tuple[str, int]], bits: int) -> list[range]:
    return [range(start := int(ip_address(text)), start + 2 ** (bits - length)) for text, length in ranges]


V4, V6 = spans(SPECIAL_V4, 32), spans(SPECIAL_V6, 128)
special_v4 = st.sampled_from(V4).flatmap(lambda span: st.integers(span[0], span[-1])).map(IPv4Address)
public_v4 = (
    st.integers(0, 2**32 - 1).filter(lambda number: not any(number in span for span in V4)).map(IPv4Address)
)
special_v6 = st.one_of(
    st.sampled_from(V6).flatmap(lambda span: st.integers(span.start, span.stop - 1)),
    st.integers(0, 2**125 - 1).filter(lambda number: number >> 32 not in (0xFFFF, 0x64FF9B << 64)),
    st.integers(2**126, 2**128 - 1),
).map(IPv6Address)
public_v6 = (
    st.integers(2**125, 2**126 - 1)
    .filter(lambda number: not any(number in span for span in V6))
    .map(IPv6Address)
)


def inside(prefix: str, address: IPv4Address) -> IPv6Address:
    """An IPv4 address inside an IPv6 one."""
    return IPv6Address(int(IPv6Address(prefix)) | int(address))


@given(special_v4)
def test_special_addresses_are_refused_however_they_are_written(address: IPv4Address) -> None:
    for written in (address, inside("::ffff:0:0", address), inside("64:ff9b::", address)):
        assert why_refused(written)


@given(public_v4)
def test_public_addresses_are_not_refused(address: IPv4Address) -> None:
    for written in (address, inside("::ffff:0:0", address), inside("64:ff9b::", address)):
        assert why_refused(written) is None
    # An address of 6to4 or a compatible one may lead to a network of any kind.
    assert why_refused(IPv6Address((0x2002 << 112) | (int(address) << 80)))
    assert why_refused(inside("::", address))


@given(special_v6)
def test_ipv6_outside_the_public_internet_is_refused(address: IPv6Address) -> None:
    assert why_refused(address)


@given(public_v6)
def test_public_ipv6_is_not_refused(address: IPv6Address) -> None:
    assert why_refused(address) is None


@pytest.mark.parametrize(
    "text", [*METADATA, "fe80::1%eth0", "::", "::1", "fec0::1", "ff02::1", "::127.0.0.1"]
)
def test_addresses_of_machines_that_answer_secrets_are_refused(text: str) -> None:
    assert why_refused(ip_address(text))


def test_the_reason_is_named() -> None:
    reasons = {
        "127.0.0.1": "loopback",
        "::ffff:127.0.0.1": "loopback",
        "169.254.169.254": "link-local",
        "224.0.0.1": "multicast",
        "ff0e::1": "multicast",
        "10.0.0.1": "private or reserved",
        "8.8.8.8": None,
        "2606:4700::1111": None,
    }
    assert {text: why_refused(ip_address(text)) for text in reasons} == reasons


class Resolver:
    """A name server of the test's own: what it answers to each question about a name, the last for ever."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, *answers: list[str]) -> None:
        self.answers, self.asked = list(answers), 0
        self._real: Callable[..., Any] = socket.getaddrinfo
        monkeypatch.setattr(socket, "getaddrinfo", self)

    def __call__(self, host: Any, port: Any, *args: Any, **kwargs: Any) -> Any:
        if not str(host).endswith("example.test"):
            return self._real(host, port, *args, **kwargs)
        self.asked += 1
        answer = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        if not answer:
            raise socket.gaierror(socket.EAI_NONAME, "no such name")
        return [entry for text in answer for entry in self._real(text, port, type=socket.SOCK_STREAM)]


@pytest.fixture
def server() -> Iterator[http.server.ThreadingHTTPServer]:
    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            body = f'"{self.headers["Host"]}"'.encode()
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: Any) -> None:
            pass

    made = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=made.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()
    yield made
    made.shutdown()
    made.server_close()


def get(url: str, *, allow_loopback: bool = True) -> platform_http.Reply:
    with public_addresses.session(allow_loopback=allow_loopback) as session:
        return platform_http.send(session, "webhook", "GET", url, auth=platform_http.Anonymous())


def test_the_connection_goes_to_the_address_that_was_looked_at(
    server: http.server.ThreadingHTTPServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    resolver = Resolver(monkeypatch, ["127.0.0.1"], ["127.0.0.2"])  # asked again, it would lead elsewhere
    port = server.server_address[1]
    assert get(f"http://{HOST}:{port}/").body == f"{HOST}:{port}"
    assert resolver.asked == 1
    with pytest.raises(Unreachable):
        get(f"http://{HOST}:{port}/")
    assert resolver.asked == 2


def test_a_second_address_is_tried_when_the_first_does_not_answer(
    server: http.server.ThreadingHTTPServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    resolver = Resolver(monkeypatch, ["127.0.0.2", "127.0.0.1"])
    assert get(f"http://{HOST}:{server.server_address[1]}/").is_ok
    assert resolver.asked == 1


@pytest.mark.parametrize("others", [["10.0.0.1"], ["93.184.216.34", "10.0.0.1"], ["2606:4700::1111", "::1"]])
def test_one_address_that_is_not_public_refuses_the_host(
    monkeypatch: pytest.MonkeyPatch, others: list[str]
) -> None:
    Resolver(monkeypatch, others)
    monkeypatch.setattr(socket.socket, "connect", lambda *_: pytest.fail("a connection was made"))
    with pytest.raises(ConfigError, match=HOST):
        get(f"https://{HOST}/", allow_loopback=False)


def test_no_proxy_resolves_the_name_instead(
    server: http.server.ThreadingHTTPServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    Resolver(monkeypatch, ["127.0.0.1"])
    for name in ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
        monkeypatch.setenv(name.lower(), "http://127.0.0.1:9")
    assert get(f"http://{HOST}:{server.server_address[1]}/").is_ok
    with pytest.raises(ConfigError):
        get(f"https://{HOST}/", allow_loopback=False)


def test_a_name_that_does_not_resolve_was_never_reached(monkeypatch: pytest.MonkeyPatch) -> None:
    Resolver(monkeypatch, [])
    with pytest.raises(Unreachable):
        get(f"https://{HOST}/")


@pytest.mark.parametrize("allow_loopback", [False, True])
def test_nothing_older_than_tls_1_2_is_spoken(allow_loopback: bool) -> None:
    adapter: Any = public_addresses.session(allow_loopback=allow_loopback).get_adapter("https://x.example")
    context = adapter.poolmanager.connection_pool_kw["ssl_context"]
    assert context.minimum_version == ssl.TLSVersion.TLSv1_2
    assert context.verify_mode == ssl.CERT_REQUIRED
    assert context.check_hostname


def test_the_certificate_is_checked_against_the_name_not_the_address(
    server: http.server.ThreadingHTTPServer, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    Resolver(monkeypatch, ["127.0.0.1"])
    trusted, key = certificate(tmp_path, HOST)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(trusted, key)
    seen: list[str | None] = []
    context.sni_callback = lambda _socket, name, _context: seen.append(name)
    server.socket = context.wrap_socket(server.socket, server_side=True)
    monkeypatch.setattr(server, "handle_error", lambda *_: None)
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(trusted))
    port = server.server_address[1]
    assert get(f"https://{HOST}:{port}/").is_ok
    assert seen == [HOST]
    with pytest.raises(Unreachable, match="TLS"):
        get(f"https://other.example.test:{port}/")
