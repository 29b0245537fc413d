"""The file format of a segment of the spool.

A segment is a header and frames, each written at once and synced before anybody is told that it is kept:

    header   magic 8 bytes | length u32 | CRC-32 u32 | JSON
    frame    length u32 | CRC-32 u32 | payload

The header's JSON has `segment`, `created_at`, `worker` and, when encrypted, `key`, `wrapped_key` and `salt`.
A payload is lines of records, plain or encrypted (cipher.py). The CRC-32 covers the length and the payload;
of an encrypted one the length and the tag, which vouches for the rest. The last frame of a sealed segment has
the top bit of its length set and says how many frames and records there are, so that nothing can be cut off
unnoticed. Numbers are little-endian.
"""

from __future__ import annotations

import hashlib
import json
import os
import struct
import zlib
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

from segmentloom_sync.spool.keys import KeyRing

if TYPE_CHECKING:
    from segmentloom_sync.spool.cipher import SegmentCipher

MAGIC: Final = b"SGLSPL1\n"
Payload = bytes | memoryview
_HEADER = struct.Struct("<8sII")
_FRAME = struct.Struct("<II")
_LENGTH = struct.Struct("<I")
_CLOSING: Final = 1 << 31
_TAG_BYTES: Final = 16
_MAX_HEADER: Final = 4096


class Unreadable(Exception):
    """A header, or a part of a segment, is not what a writer writes there.

    Args:
        reason: in a few words, without content.
    """

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class UnknownKey(Unreadable):
    """The segment was encrypted under a key that the ring does not have; with that key it is fine.

    Args:
        key_id: the id of that key.
    """

    def __init__(self, key_id: str) -> None:
        super().__init__(f"encrypted under the key {key_id}, which is not given")
        self.key_id = key_id


@dataclass(slots=True)
class Layout:
    """How far a segment has been written or read: what the next frame has to say.

    Attributes:
        cipher: None in a plain segment.
        offset: bytes so far.
        frames: frames so far.
        records: records so far.
        digest: of what identifies the content: the header, each frame's length, checksum and tag.
    """

    cipher: SegmentCipher | None
    offset: int
    frames: int = 0
    records: int = 0
    digest: Any = field(default_factory=hashlib.sha256)

    def frame(self, content: bytes) -> tuple[bytes, Payload]:
        """Head and payload of the next frame. It counts once `add` was called, when it is on the disk."""
        return self._frame(content, closing=False)

    def closing_frame(self) -> tuple[bytes, Payload]:
        """Head and payload of the last frame, which follows from those before."""
        return self._frame(self.closing_content(), closing=True)

    def closing_content(self) -> bytes:
        """What the last frame says."""
        return json.dumps({"frames": self.frames, "records": self.records}).encode()

    def add(self, head: bytes, payload: Payload, records: int) -> None:
        """Count a frame that was written or read."""
        self.digest.update(head)
        if self.cipher is not None:
            self.digest.update(payload[-_TAG_BYTES:])
        self.offset += len(head) + len(payload)
        self.frames += 1
        self.records += records

    def _frame(self, content: bytes, *, closing: bool) -> tuple[bytes, Payload]:
        payload: Payload = content
        if self.cipher is not None:
            payload = self.cipher.encrypt(content, self.frames, self.offset, closing=closing)
        length = len(payload) | _CLOSING if closing else len(payload)
        return _FRAME.pack(length, _checksum(length, payload, self.cipher is not None)), payload


@dataclass(frozen=True, slots=True)
class Frame:
    """A frame of a segment that was read.

    Attributes:
        content: its lines.
        offset: where it begins in the file.
    """

    content: bytes
    offset: int


@dataclass(frozen=True, slots=True)
class Damage:
    """A part of a segment that is no good frame.

    Attributes:
        offset: where it begins in the file.
        size: its bytes.
        reason: what is wrong with it.
    """

    offset: int
    size: int
    reason: str


def new_segment(created_at: str, worker: str, keys: KeyRing | None) -> tuple[bytes, Layout]:
    """The header of a segment to be written, encrypted when there are keys.

    Args:
        created_at: now, UTC, ISO 8601.
        worker: the writer's name.
    """
    segment_id = os.urandom(16)
    said = {"segment": segment_id.hex(), "created_at": created_at, "worker": worker}
    cipher = None
    if keys is not None:
        from segmentloom_sync.spool.cipher import new_cipher

        cipher, of_cipher = new_cipher(segment_id, keys)
        said |= of_cipher
    body = json.dumps(said, separators=(",", ":")).encode()
    header = _HEADER.pack(MAGIC, len(body), zlib.crc32(body)) + body
    layout = Layout(cipher, len(header))
    layout.digest.update(header)
    return header, layout


def read_header(data: bytes, keys: KeyRing | None) -> Layout:
    """What a segment's header says, as the place where its frames begin.

    Args:
        data: the file's content, or the beginning of it.

    Raises:
        UnknownKey: it is encrypted under a key that is not in the ring.
        Unreadable: it is no header, or was changed.
    """
    if len(data) < _HEADER.size or not data.startswith(MAGIC):
        raise Unreadable("no header of a segment")
    _, length, checksum = _HEADER.unpack_from(data)
    body = data[_HEADER.size : _HEADER.size + length]
    if length > _MAX_HEADER or len(body) < length or zlib.crc32(body) != checksum:
        raise Unreadable("damaged header")
    try:
        said = json.loads(body)
        segment_id = bytes.fromhex(said["segment"])
        layout = Layout(_cipher(segment_id, said, keys), _HEADER.size + length)
    except (ValueError, KeyError, TypeError):
        raise Unreadable("damaged header") from None
    layout.digest.update(data[: layout.offset])
    return layout


@dataclass(slots=True)
class Reading:
    """A segment that was read.

    Attributes:
        layout: behind the last frame: where a writer would go on.
        frames: the good ones, in order.
        damages: what is wrong with the rest, in order.
        is_closed: whether the closing frame is there, which a sealed segment has.
    """

    layout: Layout
    frames: list[Frame] = field(default_factory=list)
    damages: list[Damage] = field(default_factory=list)
    is_closed: bool = False


def read_segment(data: bytes, keys: KeyRing | None) -> Reading:
    """Read a segment, as far as it can be read.

    Args:
        data: the whole content of the file.

    Raises:
        UnknownKey: it is encrypted under a key that is not in the ring.
        Unreadable: its header is none, or was changed.
    """
    reading = Reading(read_header(data, keys))
    layout = reading.layout
    while layout.offset < len(data):
        offset = layout.offset
        if reading.is_closed:
            reading.damages.append(Damage(offset, len(data) - offset, "content behind the end"))
            break
        try:
            head, payload, is_closing = _next_frame(data, offset, layout.cipher is not None)
            content = _content(payload, layout, closing=is_closing)
        except _BadFrame as error:
            reading.damages.append(Damage(offset, error.size, error.reason))
            layout.offset += error.size
            layout.frames += 1
            continue
        if is_closing:
            reading.is_closed = True
            if not reading.damages and content != layout.closing_content():
                reading.damages.append(Damage(offset, 0, "records are missing"))
            layout.add(head, payload, 0)
        else:
            reading.frames.append(Frame(content, offset))
            layout.add(head, payload, content.count(b"\n"))
    return reading


class _BadFrame(Exception):
    def __init__(self, reason: str, size: int) -> None:
        super().__init__(reason)
        self.reason = reason
        self.size = size


def _next_frame(data: bytes, offset: int, encrypted: bool) -> tuple[bytes, bytes, bool]:
    """Head and payload of the frame at this place, and whether it is a closing frame."""
    rest = len(data) - offset
    size = _whole_size(data, offset)
    if size is None:
        raise _BadFrame("ends within a frame", rest)
    if not _checks(data, offset, size, encrypted):
        # A length that another good frame follows can be believed; else all the rest is lost.
        behind = _whole_size(data, offset + size)
        believed = behind is not None and _checks(data, offset + size, behind, encrypted)
        raise _BadFrame("wrong checksum", size if believed else rest)
    start = offset + _FRAME.size
    (length,) = _LENGTH.unpack_from(data, offset)
    return data[offset:start], data[start : offset + size], bool(length & _CLOSING)


def _whole_size(data: bytes, offset: int) -> int | None:
    """The bytes of the frame at this place, with its head; None when it is not all there."""
    rest = len(data) - offset
    if rest < _FRAME.size:
        return None
    (length,) = _LENGTH.unpack_from(data, offset)
    payload = length & ~_CLOSING
    if payload > rest - _FRAME.size:
        return None
    return _FRAME.size + int(payload)


def _checks(data: bytes, offset: int, size: int, encrypted: bool) -> bool:
    length, checksum = _FRAME.unpack_from(data, offset)
    payload = data[offset + _FRAME.size : offset + size]
    return _checksum(length, payload, encrypted) == int(checksum)


def _content(payload: bytes, layout: Layout, *, closing: bool) -> bytes:
    if layout.cipher is None:
        return payload
    from segmentloom_sync.spool.cipher import NotAuthentic

    try:
        return layout.cipher.decrypt(payload, layout.frames, layout.offset, closing=closing)
    except NotAuthentic:
        raise _BadFrame("not what was encrypted there", _FRAME.size + len(payload)) from None


def _checksum(length: int, payload: Payload, encrypted: bool) -> int:
    covered = payload[-_TAG_BYTES:] if encrypted else payload
    return zlib.crc32(covered, zlib.crc32(_LENGTH.pack(length)))


def _cipher(segment_id: bytes, said: dict[str, Any], keys: KeyRing | None) -> SegmentCipher | None:
    name = said.get("key")
    if name is None:
        return None
    if keys is None or name not in keys.keys:
        raise UnknownKey(str(name))
    from segmentloom_sync.spool.cipher import NotAuthentic, cipher_of

    try:
        return cipher_of(
            segment_id, keys.keys[name], bytes.fromhex(said["wrapped_key"]), bytes.fromhex(said["salt"])
        )
    except NotAuthentic:
        raise Unreadable(
            f"damaged header, or the key {name} is another one than it was written under"
        ) from None
