"""Unpacks the body of a request in bounded memory."""

from __future__ import annotations

import zlib
from typing import Final

from segmentloom_sync.collector.limits import BATCH_BYTES
from segmentloom_sync.collector.request import Refusal

_GZIP_MAGIC: Final = b"\x1f\x8b"
_GZIP_WINDOW: Final = 31
_PLAIN: Final = frozenset({None, "", "identity"})
_GZIP: Final = frozenset({"gzip", "x-gzip"})


def check_encoding(encoding: str | None) -> None:
    """Refuse a `Content-Encoding` other than gzip.

    Raises:
        Refusal: 415.
    """
    if encoding not in _PLAIN and (encoding or "").strip().lower() not in _GZIP | {"identity"}:
        raise Refusal(415, "unsupported_encoding", "Content-Encoding may be gzip or absent")


def unpacked(body: bytes, limit: int = BATCH_BYTES) -> bytes:
    """The text of a body; gzip is known by its first bytes, for some clients do not say it.

    Raises:
        Refusal: 413 where the text is longer than `limit`, 400 where it is no whole gzip member.
    """
    if not body.startswith(_GZIP_MAGIC):
        if len(body) > limit:
            raise too_large(limit)
        return body
    stream = zlib.decompressobj(_GZIP_WINDOW)
    try:
        text = stream.decompress(body, limit + 1)
    except zlib.error:
        raise Refusal(400, "invalid_gzip", "the body is no whole gzip file") from None
    if len(text) > limit or stream.unconsumed_tail:
        raise too_large(limit)
    if not stream.eof or stream.unused_data:
        raise Refusal(400, "invalid_gzip", "the body is not exactly one whole gzip file")
    return text


def too_large(limit: int) -> Refusal:
    """The answer to more than `limit` bytes."""
    return Refusal(413, "too_large", f"at most {limit // 1024} KiB are taken here")
