"""The real libseccomp, driven as runc drives it, and the program that it makes, run by an emulator of the kernel's classic BPF."""

from __future__ import annotations

import ctypes
import errno
import os
import struct
from collections.abc import Sequence
from ctypes.util import find_library
from functools import cache
from typing import Any

from kubectl_seccomp.profiles.oci import Action, Condition, Resolved

OPERATORS = {"NE": 1, "LT": 2, "LE": 3, "EQ": 4, "GE": 5, "GT": 6, "MASKED_EQ": 7}
# linux/seccomp.h; libseccomp has the same values.
ACTIONS = {
    "KILL_PROCESS": 0x80000000,
    "KILL_THREAD": 0,
    "TRAP": 0x00030000,
    "ERRNO": 0x00050000,
    "NOTIFY": 0x7FC00000,
    "TRACE": 0x7FF00000,
    "LOG": 0x7FFC0000,
    "ALLOW": 0x7FFF0000,
}
NATIVE = 0xC000003E


class RefusedByLibrary(Exception):
    """libseccomp's own error number."""


class _Comparison(ctypes.Structure):
    _fields_ = (("arg", ctypes.c_uint), ("op", ctypes.c_int), ("a", ctypes.c_uint64), ("b", ctypes.c_uint64))


@cache
def library() -> Any:
    found = ctypes.CDLL(find_library("seccomp") or "libseccomp.so.2", use_errno=True)
    context, word = ctypes.c_void_p, ctypes.c_uint32
    found.seccomp_init.restype, found.seccomp_init.argtypes = context, [word]
    found.seccomp_release.argtypes = [context]
    found.seccomp_arch_add.argtypes = [context, word]
    found.seccomp_arch_resolve_name.restype, found.seccomp_arch_resolve_name.argtypes = word, [ctypes.c_char_p]
    found.seccomp_syscall_resolve_name.argtypes = [ctypes.c_char_p]
    found.seccomp_syscall_resolve_name_arch.argtypes = [word, ctypes.c_char_p]
    found.seccomp_rule_add_array.argtypes = [context, word, ctypes.c_int, ctypes.c_uint, ctypes.POINTER(_Comparison)]
    found.seccomp_export_bpf.argtypes = [context, ctypes.c_int]
    found.seccomp_attr_set.argtypes = [context, ctypes.c_int, word]
    return found


def version() -> tuple[int, ...] | None:
    """The library's release, None where there is no library."""

    class Version(ctypes.Structure):
        _fields_ = (("major", ctypes.c_uint), ("minor", ctypes.c_uint), ("micro", ctypes.c_uint))

    try:
        library().seccomp_version.restype = ctypes.POINTER(Version)
    except OSError:
        return None
    found = library().seccomp_version().contents
    return found.major, found.minor, found.micro


def code(action: Action) -> int:
    return ACTIONS[action.kind] | action.errno & 0xFFFF


def token(architecture: str) -> int:
    """libseccomp's number for SCMP_ARCH_X86_64, ...."""
    return int(library().seccomp_arch_resolve_name(architecture.removeprefix("SCMP_ARCH_").lower().encode()))


Program = tuple[tuple[int, int, int, int], ...]


def compile_(profile: Resolved, tree: bool = False) -> Program:
    """Return the program that libseccomp makes of a profile. Raises RefusedByLibrary.

    In runc's order (`libcontainer/seccomp/seccomp_linux.go`, 1.5): architectures, then rules one name at a time, by
    seccomp_rule_add_array, each condition alone where two are about one argument; actions equal to the default are skipped.
    """
    found = library()
    context = found.seccomp_init(code(profile.default))
    assert context
    try:
        for architecture in profile.architectures:
            _checked(found.seccomp_arch_add(context, token(architecture)), allowed=(-errno.EEXIST,))
        if tree:
            _checked(found.seccomp_attr_set(context, 8, 2))
        for rule in profile.rules:
            if code(rule.action) != code(profile.default):
                for name in rule.names:
                    number = found.seccomp_syscall_resolve_name(name.encode())
                    if number != -1:
                        for part in _parts(rule.conditions):
                            _add(context, code(rule.action), number, part)
        return _export(context)
    finally:
        found.seccomp_release(context)


def _parts(conditions: Sequence[Condition]) -> list[list[Condition]]:
    indexes = [condition.index for condition in conditions]
    return [[one] for one in conditions] if len(set(indexes)) < len(indexes) else [list(conditions)]


def _add(context: Any, action: int, number: int, conditions: list[Condition]) -> None:
    array = (_Comparison * max(1, len(conditions)))(
        *(_Comparison(one.index, OPERATORS[one.op], one.value, one.other) for one in conditions)
    )
    _checked(library().seccomp_rule_add_array(context, action, number, len(conditions), array))


def _checked(status: int, allowed: tuple[int, ...] = ()) -> None:
    if status < 0 and status not in allowed:
        raise RefusedByLibrary(-status)


def _export(context: Any) -> Program:
    handle = os.memfd_create("bpf")
    try:
        _checked(library().seccomp_export_bpf(context, handle))
        size = os.lseek(handle, 0, os.SEEK_END)
        return tuple(struct.iter_unpack("<HBBI", os.pread(handle, size, 0)))
    finally:
        os.close(handle)


def data(audit: int, number: int, arguments: Sequence[int]) -> tuple[int, ...]:
    """The 16 words of struct seccomp_data on a little-endian machine."""
    words = [number & 0xFFFFFFFF, audit, 0, 0]
    for argument in arguments:
        words += (argument & 0xFFFFFFFF, argument >> 32)
    return tuple(words)


def run(program: Program, words: Sequence[int]) -> int:
    """Return what the program returns for one call: the opcodes that libseccomp generates (linux/bpf_common.h)."""
    place = accumulator = 0
    while True:
        opcode, yes, no, operand = program[place]
        place += 1
        if opcode == 0x20:  # ld abs
            accumulator = words[operand >> 2]
        elif opcode == 0x06:  # ret
            return operand
        elif opcode == 0x05:  # ja
            place += operand
        elif opcode == 0x54:  # and
            accumulator &= operand
        elif opcode == 0x15:
            place += yes if accumulator == operand else no
        elif opcode == 0x25:
            place += yes if accumulator > operand else no
        elif opcode == 0x35:
            place += yes if accumulator >= operand else no
        elif opcode == 0x45:
            place += yes if accumulator & operand else no
        else:
            raise AssertionError(f"opcode {opcode:#x}")
