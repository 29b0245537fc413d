"""Times that people type."""

from __future__ import annotations

from datetime import datetime

from segmentloom_sync.errors import ConfigError


def moment(text: str | None, option: str) -> datetime | None:
    """A time given with an option, in UTC unless it has a zone; None when it was not given.

    Raises:
        ConfigError: it is no date or time.
    """
    from segmentloom_sync.audiences.yaml_scalars import timestamp

    if text is None:
        return None
    try:
        return timestamp(text)
    except (ValueError, OverflowError):
        raise ConfigError(
            f"{option}: '{text}' is no date or time", hint="write it as 2026-07-01 or 2026-07-01T12:00:00Z"
        ) from None
