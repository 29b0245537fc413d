"""`segmentloom-sync collect`: receive events over HTTP."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from segmentloom_sync import terminal
from segmentloom_sync.cli.app import app
from segmentloom_sync.cli.keys import KeysFile
from segmentloom_sync.cli.parameters import Config, Json, ProfilesDir, ProjectDir, Target

if TYPE_CHECKING:
    from segmentloom_sync.collector.listening import Listening


class Server(StrEnum):
    """What speaks HTTP."""

    GRANIAN = "granian"


class Addresses(StrEnum):
    """How much of a client's address is kept."""

    FULL = "full"
    TRUNCATED = "truncated"
    NONE = "none"


class Logged(StrEnum):
    """Which requests are logged."""

    ALL = "all"
    ERRORS = "errors"
    NONE = "none"


@app.command()
def collect(
    host: Annotated[str, typer.Option("--host", help="Address to listen on; 0.0.0.0: all.")] = "127.0.0.1",
    port: Annotated[
        int, typer.Option("--port", min=0, max=65535, help="Port to listen on; 0: a free one.")
    ] = 8080,
    spool: Annotated[
        Path, typer.Option("--spool", help="Folder for what is not in the warehouse yet.", metavar="DIR")
    ] = Path("spool"),
    keys: KeysFile = None,
    load_every: Annotated[
        float | None,
        typer.Option(
            "--load-every",
            min=1,
            help="Load the spool into the warehouse so often; default: never, `load --spool` does.",
            metavar="SECONDS",
        ),
    ] = None,
    tls_cert: Annotated[
        Path | None,
        typer.Option("--tls-cert", help="PEM certificate chain; default: no TLS.", metavar="FILE"),
    ] = None,
    tls_key: Annotated[
        Path | None, typer.Option("--tls-key", help="Its PEM private key, PKCS#8.", metavar="FILE")
    ] = None,
    trusted_proxy: Annotated[
        list[str] | None,
        typer.Option(
            "--trusted-proxy",
            help="Address or network of a proxy whose X-Forwarded-For is believed; may be repeated.",
            metavar="NETWORK",
        ),
    ] = None,
    allow_body_key: Annotated[
        bool,
        typer.Option(
            "--allow-body-key",
            help="Take secret keys in the body, too, from senders that can put them nowhere else.",
        ),
    ] = False,
    ip: Annotated[
        Addresses, typer.Option("--ip", help="How much of clients' addresses is kept.")
    ] = Addresses.FULL,
    log: Annotated[
        Logged, typer.Option("--log", help="Requests to log on stderr, as JSON without personal data.")
    ] = Logged.ERRORS,
    server: Annotated[Server, typer.Option("--server", help="What speaks HTTP.")] = Server.GRANIAN,
    json: Json = False,
    config: Config = None,
    target: Target = None,
    profiles_dir: ProfilesDir = None,
    project_dir: ProjectDir = None,
) -> None:
    """Receive events over HTTP until Ctrl-C or SIGTERM; docs/collector.md shows how to send some.

    An event is answered when it is on the disk, in the spool: no warehouse is needed for that. `keys create`
    makes the key that senders need.

    Example: segmentloom-sync collect --port 8080 --spool spool --load-every 5
    """
    from segmentloom_sync.collector import require_extra
    from segmentloom_sync.errors import ConfigError

    require_extra()
    from segmentloom_sync.collector.client_address import TrustedProxies
    from segmentloom_sync.collector.key_file import KeyFile, default_file
    from segmentloom_sync.collector.listening import Listening
    from segmentloom_sync.collector.loader import LoaderOptions, LoaderProcess
    from segmentloom_sync.collector.serve import Service, serve
    from segmentloom_sync.project import Project
    from segmentloom_sync.spool.directory import hold_directory
    from segmentloom_sync.spool.keys import read_keys, writing_keys
    from segmentloom_sync.spool.recovery import recover
    from segmentloom_sync.spool.writer import SEAL_SECONDS, SpoolWriter

    key_file = KeyFile(keys or default_file())
    if not any(key.revoked_at is None for key in key_file.read()):
        raise ConfigError(
            f"there is no key in {key_file.path}, so nobody could send",
            hint="segmentloom-sync keys create --name server",
        )
    proxies = TrustedProxies(trusted_proxy or ())
    listening = Listening.check(host, port, tls_cert, tls_key)
    encryption = _encryption(project_dir, config)
    ring = read_keys(encryption)
    loader = None
    if load_every is not None:
        Project.find(
            project_dir, profiles_dir, target
        )  # what is wrong there is said now, not at the first load
        given = [project_dir, profiles_dir, target, config]
        loader = LoaderProcess(
            LoaderOptions(str(spool), load_every, *(None if one is None else str(one) for one in given))
        )
    with hold_directory(spool):
        recovered = recover(spool, ring)
        if recovered.segments:
            terminal.say(f"recovered {recovered.records:,} events that a former collector had left open")
        service = Service(
            listening=listening,
            spool=spool,
            writer=SpoolWriter(
                spool,
                keys=writing_keys(encryption, ring),
                seal_seconds=min(SEAL_SECONDS, load_every or SEAL_SECONDS),
            ),
            keys=key_file,
            proxies=proxies,
            addresses=ip.value,
            logged=log.value,
            load=loader,
            allows_body_key=allow_body_key,
        )
        serve(service, lambda: _announce(listening, spool, as_json=json))
    terminal.say("stopped; what it received is in the spool")


def _encryption(project_dir: Path | None, config: Path | None) -> str:
    """`encryption` of segmentloom.yml; a machine that only receives may have none."""
    from segmentloom_sync.errors import ConfigError
    from segmentloom_sync.project import ProjectFolder
    from segmentloom_sync.settings import FILE, load_settings

    if config is not None:
        return load_settings(Path(), config).encryption
    try:
        directory = ProjectFolder.find(project_dir).directory
    except ConfigError:
        if project_dir is not None:
            raise
        directory = Path.cwd()
    return load_settings(directory).encryption if (directory / FILE).exists() else "preferred"


def _announce(listening: Listening, spool: Path, *, as_json: bool) -> None:
    if as_json:
        terminal.print_json({"url": listening.url, "spool": str(spool)})
        return
    terminal.say(f"listening on {listening.url}, spool in {spool}; Ctrl-C stops")
