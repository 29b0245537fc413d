"""The warehouse as the runner sees it. Engine differences of the Python side live in this folder only."""
