"""The file of the API keys: readable by its owner alone, replaced as a whole, changed by one at a time."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final, Literal

from pydantic import BaseModel, ConfigDict, ValidationError

from segmentloom_sync.collector.key import Key, KeyText, Scope, new_text
from segmentloom_sync.errors import ConfigError
from segmentloom_sync.private_file import write_whole
from segmentloom_sync.project import PROJECT_FILE

DEFAULT_NAME: Final = "collector-keys.json"
PUBLIC_RATE: Final = 1_000.0
"""Events a second of a public key without a rate of its own: whoever reads a page can send with it."""


class _Document(BaseModel):
    model_config = ConfigDict(extra="forbid")

    version: Literal[1] = 1
    keys: tuple[Key, ...] = ()


def default_file() -> Path:
    """`collector-keys.json` in the dbt project's folder, else in the working directory."""
    here = Path.cwd()
    folders = [folder for folder in (here, *here.parents) if (folder / PROJECT_FILE).is_file()]
    return (folders or [here])[0] / DEFAULT_NAME


class KeyFile:
    """The keys of a collector.

    Args:
        path: the file; it is made with the first key.
        clock: gives the time, aware.
    """

    def __init__(self, path: Path, clock: Callable[[], datetime] = lambda: datetime.now(UTC)) -> None:
        self.path = path
        self._clock = clock

    def read(self) -> tuple[Key, ...]:
        """All keys, revoked ones too; none when there is no file.

        Raises:
            ConfigError: the file cannot be read, is no file of keys, or others may read it.
        """
        try:
            with self.path.open("rb") as file:
                if os.fstat(file.fileno()).st_mode & 0o077:
                    raise ConfigError(f"others may read {self.path}", hint=f"chmod 600 {self.path}")
                content = file.read()
        except FileNotFoundError:
            return ()
        except OSError as error:
            raise ConfigError(f"cannot read {self.path}: {(error.strerror or 'refused').lower()}") from None
        try:
            return _Document.model_validate_json(content).keys
        except ValidationError:
            raise ConfigError(
                f"{self.path} is no file of API keys, or a later version's",
                hint="restore it, or move it away and make new keys",
            ) from None

    def stamp(self) -> tuple[int, int, int] | None:
        """Changes when the file does; None when there is none."""
        try:
            status = self.path.stat()
        except OSError:
            return None
        return status.st_ino, status.st_size, status.st_mtime_ns

    def create(
        self,
        name: str,
        scope: Scope = "secret",
        *,
        source: str | None = None,
        origins: tuple[str, ...] = (),
        rate: float | None = None,
    ) -> KeyText:
        """Make a key; its text is given this once.

        Args:
            source: the `source_id` of its events; default: the name.
            rate: events a second; default: PUBLIC_RATE for a public key, none for a secret one.

        Raises:
            ConfigError: a live key has that name, or the file cannot be read or written.
        """
        with self._changed() as keys:
            if any(key.name == name and key.revoked_at is None for key in keys):
                raise ConfigError(f"there is a key named {name!r}", hint="choose another name, or rotate it")
            text = new_text(scope)
            keys.append(
                Key(
                    id=text.id,
                    name=name,
                    scope=scope,
                    source=source or name,
                    origins=origins,
                    rate=rate or (PUBLIC_RATE if scope == "public" else None),
                    created_at=self._clock(),
                    secrets=(text.stored(),),
                )
            )
        return text

    def rotate(self, key_id: str, grace: timedelta) -> KeyText:
        """Give a key a new secret; the present one is good for `grace` more, older ones no longer.

        Raises:
            ConfigError: there is no such live key, or the file cannot be read or written.
        """
        with self._changed() as keys:
            index = self._live(keys, key_id)
            key, now = keys[index], self._clock()
            text = new_text(key.scope, key_id)
            former = key.secrets[0].model_copy(update={"expires_at": now + grace})
            kept = (text.stored(), former) if grace else (text.stored(),)
            keys[index] = key.model_copy(update={"secrets": kept})
        return text

    def revoke(self, key_id: str) -> Key:
        """Close a key for ever.

        Raises:
            ConfigError: there is no such live key, or the file cannot be read or written.
        """
        with self._changed() as keys:
            index = self._live(keys, key_id)
            keys[index] = keys[index].model_copy(update={"revoked_at": self._clock()})
            return keys[index]

    def _live(self, keys: list[Key], key_id: str) -> int:
        for index, key in enumerate(keys):
            if key.id == key_id:
                if key.revoked_at is not None:
                    raise ConfigError(f"the key {key_id} is revoked", hint="make a new one with keys create")
                return index
        raise ConfigError(f"no key has the id {key_id!r}", hint="segmentloom-sync keys list shows them")

    @contextmanager
    def _changed(self) -> Iterator[list[Key]]:
        """The keys to be changed in place; written when the block ends well."""
        import fcntl  # the collector and its keys are for Linux and macOS

        lock = self.path.with_name(f"{self.path.name}.lock")
        try:
            descriptor = os.open(lock, os.O_RDWR | os.O_CREAT, 0o600)
        except OSError as error:
            raise ConfigError(f"cannot write {lock}: {(error.strerror or 'refused').lower()}") from None
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX)
            keys = list(self.read())
            yield keys
            write_whole(self.path, _Document(keys=tuple(keys)).model_dump_json(indent=2) + "\n")
        finally:
            os.close(descriptor)
