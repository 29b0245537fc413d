"""A git repository with a project in it, for tests of what git tells."""

from __future__ import annotations

import subprocess
from pathlib import Path


class Clone:
    """A repository with a project in a folder of it."""

    def __init__(self, path: Path) -> None:
        self.root = path
        self.project = path / "warehouse" / "shop"
        (self.project / "audiences").mkdir(parents=True, exist_ok=True)
        self.git("init", "--quiet", "--initial-branch", "main")

    def git(self, *arguments: str, author: str = "Ann Miller") -> str:
        identity = ["-c", f"user.name={author}", "-c", "user.email=someone@example.com"]
        done = subprocess.run(
            ["git", *identity, *arguments], cwd=self.root, capture_output=True, text=True, check=True
        )
        return done.stdout.strip()

    def write(self, name: str, text: str = "match: {event: x}") -> None:
        (self.project / "audiences" / f"{name}.yml").write_text(text)

    def commit(self, author: str = "Ann Miller") -> str:
        self.git("add", "--all")
        self.git("commit", "--quiet", "--message", "x", author=author)
        return self.git("rev-parse", "HEAD")
