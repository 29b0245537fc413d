"""How connections to a platform speak TLS: which versions, and when one did not come about."""

from __future__ import annotations

import ssl
from typing import Any

from requests.adapters import HTTPAdapter


class Tls12Adapter(HTTPAdapter):
    """TLS 1.2 or newer, whatever the distribution allows, directly and through a proxy."""

    def init_poolmanager(self, *args: Any, **kwargs: Any) -> None:
        super().init_poolmanager(*args, ssl_context=_context(), **kwargs)

    def proxy_manager_for(self, proxy: str, **kwargs: Any) -> Any:
        return super().proxy_manager_for(proxy, ssl_context=_context(), **kwargs)


class HandshakeFailed(ssl.SSLError):
    """No connection came about, so that nothing was sent. Any other SSLError may come after the request."""


class _Socket(ssl.SSLSocket):
    def do_handshake(self, block: bool = False) -> None:
        try:
            super().do_handshake(block)
        except ssl.SSLError as error:
            raise HandshakeFailed(*error.args) from error


def _context() -> ssl.SSLContext:
    context = ssl.create_default_context()
    context.sslsocket_class = _Socket
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    return context
