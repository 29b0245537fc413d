"""Lands events from files in the warehouse: reads lines, normalises events, loads them."""
