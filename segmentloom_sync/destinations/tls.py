"""The versions of TLS that connections to a platform may have."""

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


def _context() -> ssl.SSLContext:
    context = ssl.create_default_context()
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    return context
