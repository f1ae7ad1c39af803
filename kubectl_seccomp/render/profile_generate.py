"""What `profile generate` says of the profile that it made: what is in it besides the recordings, and why. Pure."""

from __future__ import annotations

from collections.abc import Iterator

from ..profiles.generate import Generated
from ..profiles.recorded import Recording
from .summary import count


def of_recording(found: Recording) -> Iterator[str]:
    """Yield what has to be said of one recording, as what follows its name."""
    if found.unread:
        yield f"{count(found.unread, 'line')} passed over: not what strace writes of a syscall"
    if not found.begun:
        yield "it does not show how a program starts: what that calls is missing, but for the loader's calls"
    if found.ignored:
        yield f"rules that let nothing through are passed over: {', '.join(map(str, found.ignored))}"


def of_profile(made: Generated) -> Iterator[str]:
    """Yield what has to be said of the profile."""
    yield f"{count(made.recorded, 'syscall')} recorded, {made.allowed} let through"
    for added in made.added:
        yield f"added, since {added.why}: {', '.join(added.names)}"
    if "clone" in made.narrowed:
        yield (
            "clone is let through without the flags that make namespaces, and clone3 refused with ENOSYS, for which C libraries take"
            " clone; for a program that makes namespaces, record unshare too"
        )
    if "socket" in made.narrowed:
        yield "socket is let through but for AF_ALG and AF_VSOCK, which RuntimeDefault refuses: a full output of strace may show them"
    if made.risky:
        groups = "; ".join(f"{group} ({', '.join(calls)})" for group, calls in made.risky.items())
        yield f"let through, though attackers want it: {groups}"
    if made.refused:
        yield f"refused with EPERM, since attackers want it (all else with ENOSYS): {', '.join(made.refused)}"
    if made.lacking:
        yield f"left out, since no architecture of the profile has it: {', '.join(made.lacking)}"
