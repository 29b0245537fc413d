"""Audience files: reading and checking them, compiling them to dbt models, previewing them."""
