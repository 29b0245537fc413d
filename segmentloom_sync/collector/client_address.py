"""Whose address a request counts as: the socket's, or what a proxy that is trusted says of it."""

from __future__ import annotations

from collections.abc import Iterable
from functools import lru_cache
from ipaddress import (
    IPv4Address,
    IPv4Network,
    IPv6Address,
    IPv6Network,
    ip_address,
    ip_network,
)
from typing import Final, Literal

from segmentloom_sync.errors import ConfigError

Address = IPv4Address | IPv6Address
Kept = Literal["full", "truncated", "none"]

_KEPT_BITS: Final = {4: 24, 6: 48}
"""Of a truncated address: what Google Analytics kept with `anonymizeIp`, and is enough for a country."""


class TrustedProxies:
    """The proxies whose `X-Forwarded-For` is believed.

    Args:
        networks: addresses or networks, as `10.0.0.0/8`.

    Raises:
        ConfigError: one is neither.
    """

    def __init__(self, networks: Iterable[str] = ()) -> None:
        self._networks: list[IPv4Network | IPv6Network] = []
        for text in networks:
            try:
                self._networks.append(ip_network(text))
            except ValueError:
                raise ConfigError(
                    f"{text!r} is no address or network", hint="for example --trusted-proxy 10.0.0.0/8"
                ) from None

    def __bool__(self) -> bool:
        return bool(self._networks)

    def client(self, peer: str, forwarded: str | None) -> str:
        """The address of the client.

        Args:
            peer: the other end of the socket.
            forwarded: the header X-Forwarded-For. Each proxy adds who spoke to it at the right, and a client
                can write what it likes at the left; so the rightmost address of no trusted proxy is it.
        """
        if not forwarded or not self.trusts(peer):
            return peer
        client = peer
        for hop in reversed(forwarded.split(",")):
            text = hop.strip().removeprefix("[").removesuffix("]")
            if _address(text) is None:
                break
            client = text
            if not self.trusts(text):
                break
        return client

    def trusts(self, text: str) -> bool:
        """Whether the address is a trusted proxy's."""
        if not self._networks:
            return False
        address = _address(text)
        return address is not None and any(address in network for network in self._networks)


def is_internal(text: str) -> bool:
    """Whether an address is of this machine or of a private network."""
    address = _address(text)
    return address is not None and (address.is_loopback or address.is_private)


def kept_address(text: str, kept: Kept) -> str | None:
    """What is stored of a client's address."""
    if kept == "full":
        return text
    address = _address(text)
    if kept == "none" or address is None:
        return None
    network = ip_network(f"{address}/{_KEPT_BITS[address.version]}", strict=False)
    return str(network.network_address)


@lru_cache(maxsize=4096)
def without_port(peer: str) -> str:
    """The address of `192.0.2.1:5555`, `[2001:db8::1]:5555` or `2001:db8::1:5555`."""
    host = peer.rpartition(":")[0]
    return host.removeprefix("[").removesuffix("]")


def _address(text: str) -> Address | None:
    try:
        address = ip_address(text)
    except ValueError:
        return None
    if isinstance(address, IPv6Address) and address.ipv4_mapped is not None:
        return address.ipv4_mapped
    return address
