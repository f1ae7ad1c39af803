"""`profile generate` from the command line: what goes to stdout and what to stderr, what cannot be read, and what is too much."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import yaml

from . import inside

RECORDED = Path(__file__).parents[1] / "fixtures" / "recorded"
BUSYBOX, ATTACHED = str(RECORDED / "busybox.strace"), str(RECORDED / "attached.strace")


def run(*words: str, stdin: bytes = b"") -> inside.Done:
    return inside.run("profile", "generate", *words, stdin=stdin, COLUMNS="80")


def test_a_profile_on_stdout_and_the_reasons_on_stderr() -> None:
    done = run(BUSYBOX)
    profile = json.loads(done.out)
    assert (done.code, profile["defaultErrnoRet"], profile["architectures"]) == (0, 38, ["SCMP_ARCH_X86_64"])
    assert "clock_nanosleep" in profile["syscalls"][0]["names"]
    allowed = [name for rule in profile["syscalls"] if rule["action"] == "SCMP_ACT_ALLOW" for name in rule["names"]]
    assert done.err.splitlines()[0] == f"note: 29 syscalls recorded, {len(allowed)} let through"
    for words in ("runc or crun makes them to start a container", "clone is let through without", "with EPERM, since attackers"):
        assert words in done.err
    assert all(line.startswith("note: ") for line in done.err.splitlines())


def test_what_is_made_is_read_by_the_other_commands() -> None:
    made = run(BUSYBOX).out.encode()
    shown = inside.run("profile", "show", "-", stdin=made, COLUMNS="80")
    assert (shown.code, " of 385 syscalls open" in shown.out) == (0, True)
    assert inside.run("profile", "lint", "-", stdin=made, COLUMNS="80").code == 0


def test_several_sources_and_stdin_are_one_profile() -> None:
    done = run(BUSYBOX, ATTACHED, "-", stdin=b"getrandom\n")
    assert f"note: {ATTACHED}: it does not show how a program starts" in done.err
    assert {"restart_syscall", "getrandom", "execve"} <= set(json.loads(done.out)["syscalls"][0]["names"])


def test_a_resource_for_the_operator() -> None:
    document = yaml.safe_load(run(BUSYBOX, "--to", "seccompprofile").out)
    assert (document["kind"], document["metadata"]["name"]) == ("SeccompProfile", "busybox")
    again = run("-", "--to", "seccompprofile", "--name", "web", "-o", "json", stdin=yaml.safe_dump(document).encode())
    assert json.loads(again.out)["metadata"]["name"] == "web"
    assert "rules that let nothing through are passed over: 2" in again.err


def test_the_runtime_and_the_architecture_can_be_told() -> None:
    done = run("-", "--runtime", "crun@1.28", "--arch", "arm64", stdin=b"read openat spu_run")
    assert "crun@1.28 makes them" in done.err
    assert "left out, since no architecture of the profile has it: spu_run" in done.err
    assert json.loads(done.out)["architectures"] == ["SCMP_ARCH_AARCH64"]


@pytest.mark.parametrize(
    ("words", "stdin", "code", "text"),
    [
        ((), b"", 2, "profile generate"),
        (("/nonexistent",), b"", 3, "/nonexistent cannot be read: No such file"),
        ((str(RECORDED),), b"", 3, "cannot be read: Is a directory"),
        (("-",), b"", 3, "is empty"),
        (("-",), b"read\nwritte", 3, "did you mean write?"),
        (("-",), b"{}", 3, "gives no filter at all"),
        (("-",), b"{", 3, "JSON"),
        (("-",), b"\xff\xfe\x00", 3, "no syscall is called that"),
        (("-",), b"[" * 100_000, 3, "holds no syscall"),
        (("-",), b'{"defaultAction": "SCMP_ACT_ALLOW"}', 3, "lets through whatever it does not name"),
        (("-",), b'{"a":"' + b"x" * 2_000_000, 3, "larger than 1 MiB"),
        (("-", "--to", "yaml"), b"read", 2, "must be one of oci, seccompprofile"),
        (("-", "--runtime", "youki"), b"read", 2, "must be runc or crun"),
    ],
)
def test_what_is_wrong_is_one_sentence(words: tuple[str, ...], stdin: bytes, code: int, text: str) -> None:
    done = run(*words, stdin=stdin)
    assert (done.code, done.out) == (code, "")
    assert text in done.err
    assert done.err.startswith("error: ")


def test_a_long_log_takes_no_more_memory_than_a_short_one(tmp_path: Path) -> None:
    """Only the names are kept; a line without an end is not taken into memory either."""
    import tracemalloc

    log = tmp_path / "long.strace"
    log.write_bytes(b'read(3, "' + b"x" * 10_000_000 + b'", 9) = 9\n' + b'write(1, "y", 1) = 1\n' * 20_000)
    run("-", stdin=b"read")  # what is imported, and the tables, are no matter of the log
    tracemalloc.start()
    done = run(str(log))
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert (done.code, "2 syscalls recorded" in done.err) == (0, True)
    assert peak < 1_000_000, peak
