"""How much the collector takes at once: Segment's documented limits, and what bounds memory and time."""

from __future__ import annotations

from typing import Final

EVENT_BYTES: Final = 32 * 1024
"""Of one event, unpacked; Segment's limit (HTTP API source, "Max request size")."""

BATCH_BYTES: Final = 500 * 1024
"""Of a request, packed and unpacked; Segment's limit, and above the 475,000 bytes that its libraries send."""

BATCH_EVENTS: Final = 2_500

KEPT_BYTES: Final = 8 * 1024 * 1024
"""Of what a batch says for all its events: kept with each of them, a small request could fill memory."""

MESSAGE_ID_CHARACTERS: Final = 100
"""Segment's limit for a `messageId`."""

BODY_SECONDS: Final = 30.0
"""A body that takes longer to arrive is answered with 408."""

HEAD_SECONDS: Final = 15.0
"""A connection that does not bring the whole head of a request within this is closed, an idle one too. Many
libraries deliver every ten seconds; they are to find their connection open."""

SMALL_BODY_BYTES: Final = 64 * 1024
"""Bodies up to this are read in one piece; longer ones share `ARRIVING_BYTES`."""

ARRIVING_BYTES: Final = 48 * 1024 * 1024
"""What long bodies that are still arriving may hold together; more is asked to come again (503)."""

DISCARDED_BYTES: Final = 16 * 1024 * 1024
"""So much of a refused body is read and thrown away: its sender is to see the answer and no broken pipe."""

RETRY_SECONDS: Final = 5
"""`Retry-After` of a 503."""

TOLD_ERRORS: Final = 20
"""At most so many refused events of a batch are named in its answer."""
