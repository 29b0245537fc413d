"""Strict local look-alikes of the ad platforms and of a webhook's receiver, for demos, tests and trials.

    with simulators.running() as sims:
        sims["meta"].settings()            # the block of segmentloom.yml that leads there
        sims["meta"].members(list_id)      # what a list holds

Their servers listen on loopback; `/_simulator/state`, `/_simulator/faults` and `/_simulator/clock` beside the
platform's own paths show the state, script faults and move the clock.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager

from segmentloom_sync.simulators.clock import SimulatorClock
from segmentloom_sync.simulators.faults import Fault
from segmentloom_sync.simulators.google_ads import GoogleAdsSimulator
from segmentloom_sync.simulators.linkedin import LinkedInSimulator
from segmentloom_sync.simulators.lists import Matching
from segmentloom_sync.simulators.meta import MetaSimulator
from segmentloom_sync.simulators.platform import Platform
from segmentloom_sync.simulators.server import SimulatorServer
from segmentloom_sync.simulators.tiktok import TikTokSimulator
from segmentloom_sync.simulators.webhook import WebhookSimulator

__all__ = ["PLATFORMS", "Fault", "Matching", "Platform", "SimulatorClock", "running"]

_Kind = (
    type[GoogleAdsSimulator]
    | type[MetaSimulator]
    | type[LinkedInSimulator]
    | type[TikTokSimulator]
    | type[WebhookSimulator]
)

PLATFORMS: Mapping[str, _Kind] = {
    "google_ads": GoogleAdsSimulator,
    "meta": MetaSimulator,
    "linkedin": LinkedInSimulator,
    "tiktok": TikTokSimulator,
    "webhook": WebhookSimulator,
}


@contextmanager
def running(
    names: Sequence[str] = tuple(PLATFORMS),
    *,
    clock: SimulatorClock | None = None,
    matching: Matching | None = None,
    ports: Mapping[str, int] | None = None,
) -> Iterator[dict[str, Platform]]:
    """Serve the named platforms while the block runs.

    Args:
        clock: one clock for all; default: the real time.
        matching: whom the platforms know; default: 60 % of all hashes.
        ports: fixed ports by name; default: free ones.

    Raises:
        OSError: a port is taken.
    """
    clock, matching = clock or SimulatorClock(), matching or Matching()
    with ExitStack() as stack:
        platforms: dict[str, Platform] = {}
        for name in names:
            platform = PLATFORMS[name](clock=clock, matching=matching)
            server = SimulatorServer(platform, (ports or {}).get(name, 0))
            server.start()
            stack.callback(server.stop)
            platforms[name] = platform
        yield platforms
