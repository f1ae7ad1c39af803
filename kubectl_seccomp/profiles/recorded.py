"""What somebody recorded of a program's syscalls -> the calls: a list of names, what strace wrote, or a profile. Pure.

strace's own lines are in its `src/syscall.c` and `src/count.c` (6.1): a call begins with what -f, -i, -n, -r, -t and -Y put before it,
`<... read resumed>` goes on with one that another process interrupted, and -c gives a table with the name in the last column.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from itertools import chain

from msgspec import Struct

from .decoders import Container, resolve
from .gojson import Refused
from .oci import Rule
from .syscalls import by_number, known_since, similar
from .written import Form, Written

LONGEST = 64 * 1024
"""So much of a line is looked at, in bytes."""
_PROCESS = rb"\[pid +\d+(?:<[^<>]{0,64}>)?\]|\[ *\d+\]"  # or the number of the call
_POINTER = rb"\[(?:[0-9a-f]{8,16}|\?{8,16})\]"
_TIME = rb"\(\+ *[\d.]+\)|[\d:.]+(?:<[^<>]{0,64}>)?"  # or the bare number of a process
_BEFORE = rb"\s*(?:(?:" + rb"|".join((_PROCESS, _POINTER, _TIME)) + rb")\s+){0,6}"
_CALL = re.compile(_BEFORE + rb"(?:<\.\.\. )?([A-Za-z_]\w{0,62})(?:\(| resumed>)")
_ROW = re.compile(rb"\s*[\d.]+\s+[\d.]+\s+(?:\d+\s+){2,3}([a-z_]\w{0,62})\s*$")
# What strace says besides: signals, ends, messages, the head of a table, the stack of -k, the end of a call that a message interrupts.
_REMARK = re.compile(_BEFORE + rb"(?:---|\+\+\+|strace: |\[ Process |<detached|% time|System call usage|> |, |\) += )")
_MOST = 2000
_COMPAT = re.compile(rb"\[ Process PID=\d+ runs in 32 bit mode|System call usage summary for 32 bit")
_FORBIDDEN = {name: re.compile(rb"\bCLONE_NEW") for name in (b"clone", b"clone3")} | {b"socket": re.compile(rb"\(AF_(?:ALG|VSOCK)\b")}
_NUMBER = re.compile(r"syscall_0x([0-9a-f]{1,8})")
_PROFILE = re.compile(rb"(?:\xef\xbb\xbf)?\s*(?:\{|---\s*(?:#.*)?$|(?:apiVersion|kind|metadata|spec|defaultAction)\s*:)")
_BETWEEN = re.compile(r"[\s,;\"'\[\]]+")


class Recording(Struct, frozen=True):
    """What was recorded.

    `calls` were made with any arguments; of those in `rules` a recorded profile lets through only what meets the conditions.
    `architectures`: those that a profile lists. `compat`: 32-bit programs were seen. `whole`: calls that were seen to do what
    RuntimeDefault forbids them: clone and clone3 to make a namespace, socket to be one of AF_ALG or AF_VSOCK. `begun`: the start of a
    program was seen, or there is no telling. `unread`: how many lines are neither a call nor one of strace's remarks. `ignored`:
    indices of a profile's rules that let nothing through.
    """

    calls: frozenset[str]
    rules: tuple[Rule, ...] = ()
    architectures: tuple[str, ...] = ()
    compat: bool = False
    whole: frozenset[str] = frozenset()
    begun: bool = True
    unread: int = 0
    ignored: tuple[int, ...] = ()


def is_profile(start: bytes) -> bool:
    """Whether a text that begins with these bytes is a profile, or a resource that holds one."""
    return _PROFILE.match(start) is not None


def from_profile(written: Written, container: Container) -> Recording:
    """Return what a recorded profile lets through. Raises Refused, also for one that lets through what it does not name."""
    resolved = resolve(written.profile, "docker" if written.form is Form.DOCKER else "containerd", container)
    if resolved is None:
        raise Refused("gives no filter at all: nothing was recorded in it")
    if resolved.default.passes:
        raise Refused("lets through whatever it does not name: nothing was recorded in it")
    passing = [rule for rule in resolved.rules if rule.action.passes]
    return Recording(
        frozenset(name for rule in passing if not rule.conditions for name in rule.names),
        tuple(rule for rule in passing if rule.conditions),
        resolved.architectures,
        ignored=tuple(rule.index for rule in resolved.rules if not rule.action.passes),
    )


def from_lines(lines: Iterable[bytes], abi: str) -> Recording:
    """Return what a list of names, or an output of strace, holds for programs of one ABI. Raises Refused for what is neither.

    Lines end with a newline: what follows one that does not belongs to it. The first that is not empty tells which of both it is.
    """
    numbered = ((number, line) for number, line in enumerate(_whole(lines), start=1) if line.strip())
    first = next(numbered, None)
    if first is None:
        raise Refused("is empty")
    read = _traced if any(shape.match(first[1]) for shape in (_CALL, _REMARK)) else _listed
    found = read(chain([first], numbered), abi)
    if not found.calls:
        raise Refused("holds no syscall")
    return found


def _whole(lines: Iterable[bytes]) -> Iterator[bytes]:
    ended = True
    for line in lines:
        if ended:
            yield line
        ended = line.endswith(b"\n")


def _traced(lines: Iterable[tuple[int, bytes]], abi: str) -> Recording:
    found: set[bytes] = set()
    whole: set[str] = set()
    compat, unread = False, 0
    for _, line in lines:
        if call := _CALL.match(line) or _ROW.match(line):
            found.add(call[1])
            if len(found) > _MOST:
                raise Refused(f"names more than {_MOST} calls: strace did not write that")
            if (doing := _FORBIDDEN.get(call[1])) and doing.search(line):
                whole.add(call[1].decode())
        elif not _REMARK.match(line):
            unread += 1
        elif _COMPAT.search(line):
            compat = True
    calls = frozenset(_named(name.decode(), abi) for name in found - {b"total"})
    return Recording(calls, compat=compat, whole=frozenset(whole), begun="execve" in calls, unread=unread)


def _named(name: str, abi: str) -> str:
    """Return the name of a call that strace knows by its number only."""
    number = _NUMBER.fullmatch(name)
    return by_number(abi).get(int(number[1], 16), name) if number else name


def _listed(lines: Iterable[tuple[int, bytes]], _: str) -> Recording:
    found: set[str] = set()
    for number, line in lines:
        for name in _BETWEEN.split(line.decode("utf-8", "replace").partition("#")[0]):
            if name.strip("-") and name not in found:
                found.add(_known(name, number))
    return Recording(frozenset(found))


def _known(name: str, line: int) -> str:
    if known_since(name) is None:
        near = similar(name)
        meant = f" (did you mean {near}?)" if near else ""
        raise Refused(f"has {name[:64]!r} in line {line}, and no syscall is called that{meant}")
    return name
