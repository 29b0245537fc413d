"""Connections that lead to public addresses only, for URLs that a configuration names freely.

A host name is resolved once for each connection; every address it has must be public; and the socket goes
to the address that was looked at, so that a name server cannot answer differently in between (DNS rebinding).
TLS still checks the certificate against the name. Sources: the IANA registries of special-purpose addresses
(RFC 6890), RFC 6052 for NAT64.
"""

from __future__ import annotations

import socket
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address
from typing import Any

import requests
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.connectionpool import HTTPConnectionPool, HTTPSConnectionPool
from urllib3.exceptions import ConnectTimeoutError, NameResolutionError, NewConnectionError

from segmentloom_sync.destinations import http
from segmentloom_sync.destinations.tls import Tls12Adapter
from segmentloom_sync.errors import ConfigError

Address = IPv4Address | IPv6Address

GLOBAL_UNICAST = IPv6Network("2000::/3")
NAT64 = IPv6Network("64:ff9b::/96")
SPECIAL: tuple[IPv4Network | IPv6Network, ...] = (
    IPv4Network("192.0.0.0/24"),  # protocol assignments; a cloud's metadata service among them
    IPv4Network("192.88.99.0/24"),  # 6to4 relays
    IPv4Network("168.63.129.16/32"),  # Azure's metadata and wire server
    IPv6Network("2001::/23"),  # protocol assignments, Teredo among them
    IPv6Network("2002::/16"),  # 6to4: whatever IPv4 address stands inside
    IPv6Network("3fff::/20"),  # documentation
)
"""What `is_global` lets through, or did in some version of Python."""


def why_refused(address: Address) -> str | None:
    """What an address is when it is none of the public Internet; None when it is public.

    An IPv4 address inside an IPv6 one (mapped, NAT64) is looked at instead.
    """
    inner = _inner(address)
    if inner is not None:
        return why_refused(inner)
    if address.is_loopback:
        return "loopback"
    if address.is_link_local:
        return "link-local"
    if address.is_multicast:
        return "multicast"
    if address.is_unspecified or not address.is_global:
        return "private or reserved"
    is_foreign = isinstance(address, IPv6Address) and address not in GLOBAL_UNICAST
    if is_foreign or address.is_reserved or any(address in network for network in SPECIAL):
        return "reserved"
    return None


def _inner(address: Address) -> IPv4Address | None:
    if isinstance(address, IPv4Address):
        return None
    if address in NAT64:
        return IPv4Address(int(address) & 0xFFFF_FFFF)
    return address.ipv4_mapped


def addresses(host: str, port: int, *, allow_loopback: bool) -> list[str]:
    """The addresses of a host, all of them fit to be connected to.

    Args:
        allow_loopback: let this machine pass as well.

    Raises:
        ConfigError: one of them is not public.
        OSError: the name does not resolve.
    """
    found = [str(entry[4][0]) for entry in socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)]
    for text in found:
        reason = why_refused(ip_address(text))
        if reason is not None and not (allow_loopback and reason == "loopback"):
            raise ConfigError(
                f"{host} leads to a {reason} address, which is not connected to",
                hint="base_url must be a public host; a receiver on this machine needs allow_loopback: true",
            )
    return list(dict.fromkeys(found))


def session(*, allow_loopback: bool) -> requests.Session:
    """A session of `http.new_session` that goes to public addresses only, and through no proxy.

    A proxy would resolve the name itself, after we looked.
    """
    made = http.new_session()
    made.mount("https://", _Adapter(allow_loopback))
    made.mount("http://", _Adapter(allow_loopback))
    return made


class _Checked(HTTPConnection):
    """Connects to an address that was looked at."""

    allow_loopback = False

    def _new_conn(self) -> socket.socket:
        name = self._dns_host
        try:
            found = addresses(name, self.port, allow_loopback=self.allow_loopback)
        except (OSError, UnicodeError) as error:
            reason = error if isinstance(error, socket.gaierror) else socket.gaierror(str(error))
            raise NameResolutionError(self.host, self, reason) from None
        failure: NewConnectionError | ConnectTimeoutError | None = None
        for address in found:
            # What urllib3 gives to the socket; the name stays what TLS and the Host header see.
            self._dns_host = address
            try:
                return super()._new_conn()
            except (NewConnectionError, ConnectTimeoutError) as error:
                failure = error
            finally:
                self._dns_host = name
        raise failure or NewConnectionError(self, f"{self.host} has no address")


class _CheckedTls(_Checked, HTTPSConnection):
    """The same with TLS."""


class _LoopbackToo(_Checked):
    allow_loopback = True


class _LoopbackTooTls(_CheckedTls):
    allow_loopback = True


class _CheckedPool(HTTPConnectionPool):
    ConnectionCls = _Checked


class _CheckedTlsPool(HTTPSConnectionPool):
    ConnectionCls = _CheckedTls


class _LoopbackTooPool(HTTPConnectionPool):
    ConnectionCls = _LoopbackToo


class _LoopbackTooTlsPool(HTTPSConnectionPool):
    ConnectionCls = _LoopbackTooTls


class _Adapter(Tls12Adapter):
    """TLS 1.2 or newer, checked addresses, no proxy."""

    def __init__(self, allow_loopback: bool) -> None:
        self._pools = (
            {"http": _LoopbackTooPool, "https": _LoopbackTooTlsPool}
            if allow_loopback
            else {"http": _CheckedPool, "https": _CheckedTlsPool}
        )
        super().__init__()

    def init_poolmanager(self, *args: Any, **kwargs: Any) -> None:
        super().init_poolmanager(*args, **kwargs)
        self.poolmanager.pool_classes_by_scheme = self._pools

    def send(self, request: requests.PreparedRequest, *args: Any, **kwargs: Any) -> requests.Response:
        kwargs["proxies"] = {}
        return super().send(request, *args, **kwargs)
