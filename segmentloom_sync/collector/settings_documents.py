"""The settings that two browser libraries fetch before they send anything: nothing is switched on in them.

Their shapes are those that @segment/analytics-next 1.84 and @rudderstack/analytics-js 3.34 start with.
"""

from __future__ import annotations

from typing import Any


def segment_settings(key: str) -> dict[str, Any]:
    """What Segment's library reads from `/v1/projects/<key>/settings`.

    Args:
        key: the public key, as the page has it.
    """
    return {
        "integrations": {
            "Segment.io": {"apiKey": key, "unbundledIntegrations": [], "addBundledMetadata": True}
        },
        "plan": {"track": {"__default": {"enabled": True}}},
        "edgeFunction": {},
        "analyticsNextEnabled": True,
        "middlewareSettings": {},
        "enabledMiddleware": {},
        "metrics": {"sampleRate": 0},
        "legacyVideoPluginsEnabled": False,
        "remotePlugins": [],
    }


def rudder_source(key: str, source: str) -> dict[str, Any]:
    """What RudderStack's library reads from `/sourceConfig/`.

    Args:
        key: the public key, as the page has it.
        source: the source of its events.
    """
    off = {"enabled": False}
    return {
        "source": {
            "id": source,
            "name": source,
            "writeKey": key,
            "enabled": True,
            "workspaceId": "segmentloom",
            "config": {"statsCollection": {"errors": off, "metrics": off}},
            "connections": [],
            "destinations": [],
            "dataplanes": {},
        },
        "updatedAt": "2026-01-01T00:00:00.000Z",
    }
