"""`simulate`: the ad platforms on this machine."""

from __future__ import annotations

import signal
from contextlib import ExitStack
from enum import StrEnum
from pathlib import Path
from threading import Event
from typing import TYPE_CHECKING, Annotated

import typer

from segmentloom_sync import terminal
from segmentloom_sync.cli.app import app
from segmentloom_sync.cli.parameters import Json

if TYPE_CHECKING:
    from segmentloom_sync.simulators import Platform


class Which(StrEnum):
    """The platforms, or all of them."""

    ALL = "all"
    GOOGLE_ADS = "google_ads"
    META = "meta"
    LINKEDIN = "linkedin"
    TIKTOK = "tiktok"
    WEBHOOK = "webhook"


@app.command()
def simulate(
    platform: Annotated[Which, typer.Argument(help="Which platform.")] = Which.ALL,
    port: Annotated[
        int,
        typer.Option(min=0, max=65531, help="The first platform's port, the others follow; 0: free ones."),
    ] = 8800,
    match_share: Annotated[
        float, typer.Option(min=0, max=1, help="The share of persons that the platforms know.")
    ] = 0.6,
    state: Annotated[
        Path | None, typer.Option(help="Keep the lists in this file between runs.", metavar="FILE")
    ] = None,
    json: Json = False,
) -> None:
    """Serve strict look-alikes of the ad platforms on this machine until Ctrl-C.

    Prints the block of segmentloom.yml that leads there. Faults, clock and state: docs/simulators.md.

    Example: segmentloom-sync simulate meta --port 8801
    """
    from segmentloom_sync import simulators
    from segmentloom_sync.errors import ConfigError
    from segmentloom_sync.simulators import snapshot

    names = list(simulators.PLATFORMS) if platform is Which.ALL else [platform.value]
    ports = {name: port + index if port else 0 for index, name in enumerate(names)}
    if state:
        snapshot.require_writable(state)
    stop = Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: stop.set())
    with ExitStack() as stack:
        try:
            matching = simulators.Matching(match_share)
            running = stack.enter_context(simulators.running(names, matching=matching, ports=ports))
        except OSError as error:
            raise ConfigError(
                f"cannot listen on port {port}: {error.strerror}", hint="choose another with --port"
            ) from None
        if state:
            snapshot.load(state, running)
            stack.callback(snapshot.save, state, running)
        _announce(running, as_json=json)
        stop.wait()
    terminal.say("stopped")


def _announce(running: dict[str, Platform], *, as_json: bool) -> None:
    """Print where the simulators are and how to point the sync at them."""
    import yaml

    destinations = {name: simulator.settings() for name, simulator in running.items()}
    if as_json:
        bases = {name: simulator.base_url for name, simulator in running.items()}
        terminal.print_json({"base_urls": bases, "destinations": destinations})
        return
    for name, simulator in running.items():
        terminal.say(f"{name}: {simulator.base_url} (state: {simulator.base_url}/_simulator/state)")
    terminal.say("segmentloom.yml that leads there:")
    typer.echo(yaml.safe_dump({"destinations": destinations}, sort_keys=False), nl=False)
    terminal.say("Ctrl-C stops")
