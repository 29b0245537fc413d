"""A receiver of Segmentloom's webhooks, with the standard library only.

WEBHOOK_SIGNING_SECRET=whsec_... python webhook_receiver.py 8080

It verifies each signature, takes each event once, and answers 204: lists are known by their names.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import os
import sys
import time
from collections import defaultdict
from collections.abc import Mapping
from email.message import Message
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

TOLERANCE_SECONDS = 300
LONGEST_BODY = 8 * 1024 * 1024


def is_genuine(secret: str, headers: Mapping[str, str] | Message, body: bytes, now: float) -> bool:
    """Whether the sender knows the secret, and sent this lately.

    Args:
        secret: `whsec_` and the key in base64.
        body: exactly the bytes that came, before anything decodes them.
        now: seconds since 1970.
    """
    webhook_id, timestamp = headers.get("webhook-id", ""), headers.get("webhook-timestamp", "")
    if not timestamp.isdecimal() or abs(now - int(timestamp)) > TOLERANCE_SECONDS:
        return False  # an old request that somebody repeats
    key = base64.b64decode(secret.removeprefix("whsec_"))
    content = f"{webhook_id}.{timestamp}.".encode() + body
    expected = base64.b64encode(hmac.new(key, content, hashlib.sha256).digest()).decode()
    given = headers.get("webhook-signature", "").split(" ")  # two while a secret is being replaced
    return any(hmac.compare_digest(f"v1,{expected}".encode(), one.encode()) for one in given)


class Receiver(ThreadingHTTPServer):
    """Keeps lists in memory; yours belong into a database, and so do the ids of what was taken."""

    def __init__(self, secret: str, port: int) -> None:
        super().__init__(("127.0.0.1", port), Handler)
        self.secret = secret
        self.lists: dict[str, set[tuple[str, str]]] = defaultdict(set)
        self.taken: set[str] = set()

    def take(self, webhook_id: str, event: dict[str, Any]) -> None:
        """Apply an event, once."""
        if webhook_id in self.taken or not event["type"].startswith("members."):
            return
        held = self.lists[event["data"]["list"]["name"]]
        for member in event["data"]["members"]:
            keys = {(one["type"], one["value"]) for one in member["identifiers"]}
            if event["type"] == "members.add":
                held |= keys
            else:
                held -= keys
        self.taken.add(webhook_id)


class Handler(BaseHTTPRequestHandler):
    """One request."""

    server: Receiver

    def do_POST(self) -> None:
        """Verify first, decode after."""
        length = int(self.headers.get("Content-Length") or 0)
        if length > LONGEST_BODY:
            self.send_error(413)
            return
        body = self.rfile.read(length)
        if not is_genuine(self.server.secret, self.headers, body, time.time()):
            self.send_error(401)
            return
        self.server.take(self.headers["webhook-id"], json.loads(body))
        self.send_response(204)
        self.end_headers()

    def log_message(self, format: str, *args: Any) -> None:
        """Nothing: bodies hold hashed identifiers, which are personal data."""


if __name__ == "__main__":
    Receiver(os.environ["WEBHOOK_SIGNING_SECRET"], int(sys.argv[1])).serve_forever()
