"""Where the collector listens: checked before it starts, for the server shares a taken port silently."""

from __future__ import annotations

import asyncio
import socket
import ssl
from dataclasses import dataclass
from ipaddress import ip_address
from pathlib import Path
from typing import Any, Final

from segmentloom_sync.errors import ConfigError, SegmentloomError

_PAUSE: Final = 0.02
_PATIENCE: Final = 10.0


@dataclass(frozen=True, slots=True)
class Listening:
    """An address that was free.

    Attributes:
        address: an IP address.
        certificate: PEM file with the certificate and those that vouch for it; None: no TLS.
        private_key: PEM file, PKCS#8.
    """

    address: str
    port: int
    certificate: Path | None = None
    private_key: Path | None = None

    @property
    def url(self) -> str:
        """What clients on this machine use."""
        host = f"[{self._reachable}]" if ":" in self._reachable else self._reachable
        return f"{'https' if self.certificate else 'http'}://{host}:{self.port}"

    @property
    def _reachable(self) -> str:
        """The address, or where it stands for all of this machine's, one of these."""
        address = ip_address(self.address)
        if not address.is_unspecified:
            return self.address
        return "127.0.0.1" if address.version == 4 else "::1"

    @classmethod
    def check(
        cls, host: str, port: int, certificate: Path | None = None, private_key: Path | None = None
    ) -> Listening:
        """Find out whether one can listen there.

        Args:
            port: 0 takes a free one.

        Raises:
            ConfigError: the host is not this machine's, the port is taken, or certificate and key do not
                work.
        """
        if (certificate is None) != (private_key is None):
            raise ConfigError("--tls-cert and --tls-key go together", hint="give both, or none")
        if certificate is not None and private_key is not None:
            _check_tls(certificate, private_key)
        try:
            family, kind, _, _, where = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
            with socket.socket(family, kind) as tried:
                tried.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
                tried.bind(where)
                address, free = tried.getsockname()[:2]
        except (OSError, UnicodeError) as error:  # UnicodeError: no host can have that name
            reason = getattr(error, "strerror", None) or "refused"
            raise ConfigError(
                f"cannot listen on {host} port {port}: {reason.lower()}",
                hint="choose another with --host and --port",
            ) from None
        return cls(str(address), int(free), certificate, private_key)

    async def until_open(self, serving: asyncio.Task[Any]) -> None:
        """Wait until connections are taken.

        Args:
            serving: ends when the server does.

        Raises:
            SegmentloomError: it does not come to that.
        """
        for _ in range(int(_PATIENCE / _PAUSE)):
            if serving.done():
                break
            try:
                _, writer = await asyncio.open_connection(self._reachable, self.port)
            except OSError:
                await asyncio.sleep(_PAUSE)
                continue
            writer.close()
            return
        raise SegmentloomError(f"the server does not listen on {self.address} port {self.port}")


def _check_tls(certificate: Path, private_key: Path) -> None:
    for file in (certificate, private_key):
        if not file.is_file():
            raise ConfigError(f"there is no file {file}", hint="--tls-cert and --tls-key name PEM files")
    try:
        # First of all: for the phrase of an encrypted key OpenSSL would ask the terminal, and wait.
        if b"BEGIN PRIVATE KEY" not in private_key.read_bytes():
            raise ConfigError(
                f"{private_key} is not in PKCS#8, or encrypted",
                hint=f"openssl pkcs8 -topk8 -nocrypt -in {private_key} -out key.pem",
            )
        ssl.create_default_context(ssl.Purpose.CLIENT_AUTH).load_cert_chain(certificate, private_key)
    except (OSError, ssl.SSLError) as error:
        reason = getattr(error, "reason", None) or getattr(error, "strerror", None) or "not readable"
        raise ConfigError(f"{certificate} and {private_key} cannot be used: {reason}") from None
