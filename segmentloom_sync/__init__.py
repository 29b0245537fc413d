"""Segmentloom: lands events, runs dbt, and keeps ad audiences in step with the warehouse."""

__version__ = "0.1.0"
