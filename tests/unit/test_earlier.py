"""Hashes of an earlier report: what is read of it, what is refused, and which files are told to be others now."""

from __future__ import annotations

import json

import pytest

from kubectl_seccomp.audit import Policy, audit
from kubectl_seccomp.earlier import compared, hashes
from kubectl_seccomp.facts import NodeFacts, ProfileFile
from kubectl_seccomp.model import Evidence, Head, Scope, Tool
from kubectl_seccomp.pods import from_mapping
from kubectl_seccomp.render.json import render
from kubectl_seccomp.words import FileState

OLD, NEW = "a" * 64, "b" * 64
KEY = ("n", "p.json")
HEAD = Head("2026-11-24T00:00:00Z", Tool("kubectl-seccomp", "0"), Scope("cluster", None, ["*"], None))


def report(digest: str | None) -> bytes:
    """A report as it is printed, of one pod whose file has this hash."""
    spec = {
        "nodeName": "n",
        "containers": [{"name": "c"}],
        "securityContext": {"seccompProfile": {"type": "Localhost", "localhostProfile": "p.json"}},
    }
    pod = from_mapping({"kind": "Pod", "metadata": {"name": "p"}, "spec": spec})
    assert pod is not None
    evidence = Evidence({"n": NodeFacts("n", "linux")}, files={KEY: ProfileFile(FileState.PRESENT, "/r/p.json", digest)})
    return "".join(render(audit([pod], evidence, Policy(), HEAD))).encode()


def test_a_report_is_read_as_it_was_printed() -> None:
    assert hashes(report(OLD)) == {KEY: OLD}
    assert hashes(report(None)) == {}


@pytest.mark.parametrize(
    "body",
    [b"", b"[]", b"{}", b"\xff", b'{"kind": "PodList"}', b'{"kind": "SeccompReport", "pods": {}}', b"[" * 100_000],
    ids=["empty", "list", "nothing", "bytes", "other", "shape", "deep"],
)
def test_what_is_no_report_is_refused(body: bytes) -> None:
    with pytest.raises(ValueError):  # noqa: PT011
        hashes(body)


def test_a_hash_is_one_or_is_left_out() -> None:
    assert hashes(json.dumps(json.loads(report(OLD))).replace(OLD, "\\u001b[31m").encode()) == {}


@pytest.mark.parametrize(
    ("now", "known", "told"),
    [(NEW, {KEY: OLD}, OLD), (OLD, {KEY: OLD}, None), (NEW, {}, None), (None, {KEY: OLD}, OLD)],
    ids=["another", "the-same", "not-known", "gone"],
)
def test_only_another_hash_is_told(now: str | None, known: dict[tuple[str, str], str], told: str | None) -> None:
    found = compared({KEY: ProfileFile(FileState.PRESENT, "/r/p.json", now)}, known)
    assert found[KEY].earlier_sha256 == told
