"""Keeps accepted events safe on disk until they are in the warehouse: written, sealed, loaded once each."""
