"""Encrypts the frames of one segment: AES-256-GCM under a key of the segment's own.

The segment's key lies in its header, encrypted ("wrapped") under a key of the ring, so that keys can be
changed without touching segments. A nonce is 4 random bytes of the segment and the frame's number, which
never comes twice. What is authenticated beside the content is the segment and the place in it, so that
frames cannot be moved, swapped, or taken from another segment.
"""

from __future__ import annotations

import os
from typing import Final

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from segmentloom_sync.spool.keys import KEY_BYTES, KeyRing

TAG_BYTES: Final = 16
SEGMENT_ID_BYTES: Final = 16
_SALT_BYTES: Final = 4
_NONCE_BYTES: Final = 12
_CLOSING: Final = 1 << 63  # numbers of closing frames: their nonces are no other frame's


class NotAuthentic(Exception):
    """What was to be decrypted is not what was encrypted there under this key."""


class SegmentCipher:
    """Encrypts and decrypts the frames of one segment.

    Args:
        key: 32 bytes, the segment's own.
        segment_id: 16 bytes.
        salt: 4 random bytes, the beginning of each nonce.
    """

    def __init__(self, key: bytes, segment_id: bytes, salt: bytes) -> None:
        self._aead = AESGCM(key)
        self._segment_id = segment_id
        self._salt = salt
        self._buffer = bytearray()

    def encrypt(self, content: bytes, number: int, offset: int, *, closing: bool = False) -> memoryview:
        """The content of a frame, encrypted, with the tag of 16 bytes behind; it holds until the next call.

        Args:
            number: the frame's, counted from 0; never twice with other content.
            offset: bytes from the beginning of the file to the frame.
        """
        nonce, place = self._bound(number, offset, closing)
        size = len(content) + TAG_BYTES
        if len(self._buffer) < size:
            self._buffer = bytearray(size)  # kept: fresh memory for each frame costs more than the cipher
        payload = memoryview(self._buffer)[:size]
        self._aead.encrypt_into(nonce, content, place, payload)
        return payload

    def decrypt(self, payload: bytes, number: int, offset: int, *, closing: bool = False) -> bytes:
        """The content again.

        Raises:
            NotAuthentic: it was changed or stood elsewhere.
        """
        nonce, place = self._bound(number, offset, closing)
        try:
            return self._aead.decrypt(nonce, payload, place)
        except InvalidTag:
            raise NotAuthentic from None

    def _bound(self, number: int, offset: int, closing: bool) -> tuple[bytes, bytes]:
        counter = number | _CLOSING if closing else number
        return self._salt + counter.to_bytes(8), self._segment_id + offset.to_bytes(8)


def new_cipher(segment_id: bytes, keys: KeyRing) -> tuple[SegmentCipher, dict[str, str]]:
    """A cipher with a fresh key, and what the segment's header says of it."""
    key, salt, nonce = os.urandom(KEY_BYTES), os.urandom(_SALT_BYTES), os.urandom(_NONCE_BYTES)
    wrapped = nonce + AESGCM(keys.keys[keys.current]).encrypt(nonce, key, segment_id)
    said = {"key": keys.current, "wrapped_key": wrapped.hex(), "salt": salt.hex()}
    return SegmentCipher(key, segment_id, salt), said


def cipher_of(segment_id: bytes, key: bytes, wrapped: bytes, salt: bytes) -> SegmentCipher:
    """The cipher of a segment that was written before.

    Args:
        key: that of the ring which its header names.
        wrapped: the segment's key as its header has it.
        salt: as its header has it.

    Raises:
        NotAuthentic: the header was changed, or the key is not the one that it was written under.
    """
    if len(salt) != _SALT_BYTES:
        raise NotAuthentic
    try:
        own = AESGCM(key).decrypt(wrapped[:_NONCE_BYTES], wrapped[_NONCE_BYTES:], segment_id)
        return SegmentCipher(own, segment_id, salt)
    except (InvalidTag, ValueError):
        raise NotAuthentic from None
