"""The ways in which destinations normalise and hash an e-mail address, from the macros that hash them."""

from __future__ import annotations

from segmentloom_sync.macros import MacroRenderer

_NAMES = "normalize_*_email"


def email_hashes(renderer: MacroRenderer, column: str = "identifier_value") -> list[str]:
    """SQL of the hash of a column of addresses, one text for each rule; null where a rule refuses it."""
    return [renderer.render("sha256_hex", renderer.render(macro, column)) for macro in renderer.names(_NAMES)]
