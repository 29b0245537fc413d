"""`segmentloom-sync keys`: the API keys of the collector."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from segmentloom_sync import terminal
from segmentloom_sync.cli.app import app
from segmentloom_sync.cli.parameters import Json

if TYPE_CHECKING:
    from segmentloom_sync.collector.key import Key, KeyText
    from segmentloom_sync.collector.key_file import KeyFile

KeysFile = Annotated[
    Path | None,
    typer.Option(
        "--keys",
        envvar="SEGMENTLOOM_KEYS",
        help="The file of the keys; default: collector-keys.json in the dbt project's folder, or here.",
        metavar="FILE",
    ),
]
KeyId = Annotated[str, typer.Argument(help="The key's id, as `keys list` shows it.", metavar="ID")]

_COLUMNS = ("id", "name", "scope", "source", "origins", "events/s", "made", "state")

keys = typer.Typer(no_args_is_help=True, help="API keys of the collector: who may send events.")
app.add_typer(keys, name="keys")


@keys.command()
def create(
    name: Annotated[str, typer.Option("--name", help="What it is for.", metavar="NAME")],
    public: Annotated[
        bool,
        typer.Option("--public", help="For web pages and apps, where anybody can read it: it can only send."),
    ] = False,
    origin: Annotated[
        list[str] | None,
        typer.Option(
            "--origin",
            help="A web site that may use a public key; may be repeated; default: any.",
            metavar="URL",
        ),
    ] = None,
    source: Annotated[
        str | None,
        typer.Option("--source", help="source_id of its events; default: the name.", metavar="ID"),
    ] = None,
    rate: Annotated[
        float | None,
        typer.Option(
            "--rate",
            min=0.1,
            help="Events a second that it may send; default: 1000 for a public key, else no limit.",
            metavar="N",
        ),
    ] = None,
    file: KeysFile = None,
    json: Json = False,
) -> None:
    """Make a key and print it, this once: only a hash of it is kept.

    A running collector knows it within seconds.

    Example: segmentloom-sync keys create --name web --public --origin https://shop.example
    """
    from segmentloom_sync.collector.origins import normal_origin
    from segmentloom_sync.errors import ConfigError

    if origin and not public:
        raise ConfigError("--origin is for public keys", hint="add --public, or leave it out")
    origins = tuple(dict.fromkeys(normal_origin(one) for one in origin or ()))
    text = _file(file).create(
        _named(name, "--name"),
        "public" if public else "secret",
        source=None if source is None else _named(source, "--source"),
        origins=origins,
        rate=rate,
    )
    _print_once(text, as_json=json)


@keys.command(name="list")
def list_(file: KeysFile = None, json: Json = False) -> None:
    """Show all keys, without their secrets.

    Example: segmentloom-sync keys list
    """
    from segmentloom_sync.cli.shown import shown, shown_time, table

    found = _file(file).read()
    if json:
        terminal.print_json({"keys": [_document(key) for key in found]})
        return
    if not found:
        terminal.stdout().print("no keys yet: segmentloom-sync keys create --name server")
        return
    rows = table(
        ("id", "name", "scope", "source", "origins", "events/s", "made", "state"), counts=("events/s",)
    )
    for key in found:
        rows.add_row(
            key.id,
            shown(key.name),
            key.scope,
            shown(key.source),
            " ".join(key.origins) or ("any" if key.scope == "public" else ""),
            "" if key.rate is None else f"{key.rate:g}",
            shown_time(key.created_at),
            _state(key),
        )
    terminal.stdout().print(rows)


@keys.command()
def rotate(
    key_id: KeyId,
    grace_hours: Annotated[
        float,
        typer.Option("--grace-hours", min=0, help="So long the present secret stays good, too.", metavar="N"),
    ] = 24,
    file: KeysFile = None,
    json: Json = False,
) -> None:
    """Give a key a new secret and print it, this once; id, name and source stay.

    Example: segmentloom-sync keys rotate k3j9x0q2m4ab --grace-hours 48
    """
    from datetime import timedelta

    _print_once(_file(file).rotate(key_id, timedelta(hours=grace_hours)), as_json=json)


@keys.command()
def revoke(key_id: KeyId, file: KeysFile = None, json: Json = False) -> None:
    """Close a key for ever; a running collector refuses it within seconds.

    Example: segmentloom-sync keys revoke k3j9x0q2m4ab
    """
    revoked = _file(file).revoke(key_id)
    if json:
        terminal.print_json(_document(revoked))
    else:
        terminal.say(f"revoked {revoked.id}")


def _file(given: Path | None) -> KeyFile:
    from segmentloom_sync.collector.key_file import KeyFile, default_file

    return KeyFile(given or default_file())


def _named(text: str, option: str) -> str:
    from segmentloom_sync.collector.key import LONGEST_NAME
    from segmentloom_sync.errors import ConfigError

    text = text.strip()
    if not text or len(text) > LONGEST_NAME or not text.isprintable():
        raise ConfigError(f"{option} must be 1 to {LONGEST_NAME} printable characters")
    return text


def _print_once(text: KeyText, *, as_json: bool) -> None:
    if as_json:
        terminal.print_json({"id": text.id, "key": str(text), "scope": text.scope})
        return
    terminal.stdout().print(str(text), markup=False)
    terminal.say(f"{text.scope} key {text.id}: keep it now, it is not shown again")


def _document(key: Key) -> dict[str, object]:
    return {
        "id": key.id,
        "name": key.name,
        "scope": key.scope,
        "source": key.source,
        "origins": list(key.origins),
        "rate": key.rate,
        "created_at": key.created_at.isoformat(),
        "state": _state(key),
    }


def _state(key: Key) -> str:
    if key.revoked_at is not None:
        return "revoked"
    return "rotated" if len(key.secrets) > 1 else "live"
