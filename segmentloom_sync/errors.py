"""What can go wrong, in the words of the person who has to fix it.

The class decides the exit code of the command (see docs/sync.md) and whether trying again can help:

* SegmentloomError             exit 1   something was refused or failed
  - ConfigError                exit 2   the caller changes a file, a flag or a variable
    - DefinitionError          exit 2   an audience file is wrong; lists every problem
    - PlanMoved                exit 2   a saved plan no longer holds
    - CredentialsError         exit 2   the platform refused who we are
      - WarehouseAccessError   exit 2   the warehouse did
  - TryAgainLater              exit 3   somebody else holds what we need
  - HeldByGuard                exit 4   a person must release it
  - WarehouseError             exit 1   the warehouse refused a statement
  - DbtError                   exit 1   dbt failed
  - DestinationError
    - Rejected                 exit 1   the platform refused; trying again won't help
    - DestinationMissing       exit 1   the list has gone at the platform
    - Unavailable              exit 3   the platform is down or busy; try again later
      - Unreachable            exit 3   no connection to it comes about
        - NothingListens       exit 3   it is to be on this machine, and is not running
      - PutOff                 exit 3   it wants a wait, and other platforms come first

Messages name the thing first and never carry personal data or secrets; `hint` says what to do.
"""

from __future__ import annotations

import re
from typing import Any, ClassVar

_LOCATED = re.compile(r"(?P<file>.+?):(?P<line>[0-9]+):(?:(?P<column>[0-9]+):)? (?P<message>.*)", re.DOTALL)


class SegmentloomError(Exception):
    """Base of all errors that a command reports without a stack trace.

    Args:
        message: what is wrong, in one line, lower case, naming the thing.
        hint: what to do about it, in one line.
    """

    exit_code: ClassVar[int] = 1

    def __init__(self, message: str, *, hint: str | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint


class ConfigError(SegmentloomError):
    """The caller must change a file, a flag or an environment variable."""

    exit_code = 2


class DefinitionError(ConfigError):
    """One or more audience files are wrong.

    Args:
        problems: one line each, `path:line:column: message`, in file order.
    """

    def __init__(self, problems: list[str], *, hint: str | None = None) -> None:
        super().__init__("\n".join(problems), hint=hint)
        self.problems = problems

    def document(self) -> dict[str, Any]:
        """What `--json` prints instead of the answer: `problems`, and `hint` where there is one."""
        found = [_LOCATED.fullmatch(problem) for problem in self.problems]
        problems = [
            {
                "file": located["file"] if located else None,
                "line": int(located["line"]) if located else None,
                "column": int(located["column"] or 1) if located else None,
                "message": located["message"] if located else problem,
            }
            for located, problem in zip(found, self.problems, strict=True)
        ]
        return {"problems": problems, **({"hint": self.hint} if self.hint else {})}


class PlanMoved(ConfigError):
    """What a saved plan was computed from has changed: it has to be made anew. Nothing was sent.

    Args:
        reason: what of it.
    """

    def __init__(self, message: str, *, hint: str | None = None, reason: str = "") -> None:
        super().__init__(message, hint=hint)
        self.reason = reason


class CredentialsError(ConfigError):
    """The platform or the warehouse refused the credentials: wrong, revoked or lacking a scope."""


class WarehouseAccessError(CredentialsError):
    """It is the warehouse that refused the credentials, not a platform."""


class TryAgainLater(SegmentloomError):
    """Another process holds the warehouse file or the lease; nothing was done."""

    exit_code = 3


class HeldByGuard(SegmentloomError):
    """A guard stopped the change until a person releases it."""

    exit_code = 4


class WarehouseError(SegmentloomError):
    """The warehouse refused a statement or the connection broke."""


class DbtError(SegmentloomError):
    """dbt ended with a failure; its own summary is in the message."""


class DestinationError(SegmentloomError):
    """Base of what an ad platform can answer."""


class Rejected(DestinationError):
    """The platform refused the request as a whole; sending it again won't help.

    Args:
        bad_positions: positions (from 0) of the members in the batch that the platform named as the cause,
            so that the caller can cut them out and send the rest; empty when it named none.
        is_about_members: False when the cause is the account or the request, so that no choice of members
            would be taken.
    """

    def __init__(
        self,
        message: str,
        *,
        hint: str | None = None,
        bad_positions: frozenset[int] = frozenset(),
        is_about_members: bool = True,
    ) -> None:
        super().__init__(message, hint=hint)
        self.bad_positions = bad_positions
        self.is_about_members = is_about_members


class DestinationMissing(DestinationError):
    """The list that we filled is gone at the platform; it is never created again silently."""


class Unavailable(DestinationError):
    """The platform is down, busy or over quota.

    Args:
        retry_after: seconds that the platform asked us to wait, or None.
        applied_unknown: True when the request may have been applied (timeout or reset after sending).
    """

    exit_code = 3

    def __init__(
        self,
        message: str,
        *,
        hint: str | None = None,
        retry_after: float | None = None,
        applied_unknown: bool = False,
    ) -> None:
        super().__init__(message, hint=hint)
        self.retry_after = retry_after
        self.applied_unknown = applied_unknown


class Unreachable(Unavailable):
    """No connection to the platform came about, whatever was asked of it; it has not acted."""


class NothingListens(Unreachable):
    """A port of this machine refused the connection: waiting does not start what should listen there."""


class PutOff(Unavailable):
    """The platform wants a wait, `retry_after`, in which lists of other platforms are served."""
