"""Looks at tables that are in the warehouse already, to become event sources."""
