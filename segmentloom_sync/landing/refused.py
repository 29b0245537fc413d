"""Why a line is refused; the texts are stored with the line and counted, so they hold no values."""

from __future__ import annotations

from typing import Final

NOT_UTF8: Final = "not UTF-8 text"
NOT_JSON: Final = "not valid JSON"
NOT_AN_OBJECT: Final = "not a JSON object"
DUPLICATE_KEY: Final = "a key occurs twice"
LONE_SURROGATE: Final = "half of a surrogate pair in text"
NUL: Final = "NUL character in text"
NUMBER_RANGE: Final = "number out of range"
TOO_DEEP: Final = "nested too deeply"
TOO_LONG: Final = "line too long"
EMPTY_BATCH: Final = "empty batch"
UNKNOWN_TYPE: Final = "unknown type"
TRACK_WITHOUT_EVENT: Final = "track without event"
ID_NOT_TEXT: Final = "id is neither text nor a whole number"
NO_IDENTIFIER: Final = "no identifier"
TIMESTAMP: Final = "unreadable timestamp"


class Refused(Exception):
    """A line or an event cannot be landed.

    Args:
        reason: one of this module's texts.
    """

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason
