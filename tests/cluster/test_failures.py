"""What the runtimes really say of a profile that they cannot load or start with is recognised, by status alone too."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from typing import Any

import pytest

from kubectl_seccomp.failures import SIGNATURES
from kubectl_seccomp.profiles.lint import Setting, lint
from kubectl_seccomp.profiles.problem import outcome
from tests.cluster.conftest import Lab
from tests.cluster.manifests.pods import localhost, pod

NAMESPACE = "failures"
DENY = "SCMP_ACT_ERRNO"
FILES: dict[str, str] = {
    "cut": '{"defaultAction": "SCMP_ACT_ALLOW"',
    "array": "[]",
    "bad-arch": '{"defaultAction": "SCMP_ACT_ALLOW", "architectures": ["SCMP_ARCH_ARM65"]}',
    "bad-op": json.dumps(
        {
            "defaultAction": "SCMP_ACT_ALLOW",
            "syscalls": [{"names": ["chmod"], "action": DENY, "args": [{"index": 0, "value": 1, "op": "SCMP_CMP_IS"}]}],
        }
    ),
    "deny-all": json.dumps({"defaultAction": DENY}),
    "notify": json.dumps({"defaultAction": "SCMP_ACT_NOTIFY"}),
    "short": json.dumps(
        {"defaultAction": DENY, "syscalls": [{"names": ["read", "write", "execve", "close"], "action": "SCMP_ACT_ALLOW"}]}
    ),
    "kill": json.dumps({"defaultAction": "SCMP_ACT_KILL", "syscalls": [{"names": ["read"], "action": "SCMP_ACT_ALLOW"}]}),
    "flags": json.dumps({"defaultAction": "SCMP_ACT_ALLOW", "flags": ["SECCOMP_FILTER_FLAG_LOG"]}),
}
NODES = ("node-a", "node-c", "node-d")
STARTS = {("flags", "node-a"), ("flags", "node-d")}
# Two minutes of waiting anywhere else.
ONLY_C = {"kill"}


def texts(found: dict[str, Any]) -> list[str]:
    told = []
    for entry in found["status"].get("containerStatuses", []):
        for state in (entry["state"], entry.get("lastState", {})):
            told += [each["message"] for each in state.values() if each.get("message")]
    return told


@pytest.fixture(scope="module")
def refused(lab: Lab) -> Iterator[dict[str, list[str]]]:
    """Yield what the kubelets say of each container that cannot start, by pod."""
    folders = [lab.instance.seccomp_root(node) / NAMESPACE for node in NODES]
    for folder in folders:
        (folder / "directory").mkdir(parents=True)
        for name, text in FILES.items():
            (folder / f"{name}.json").write_text(text)
    paths = {name: f"{NAMESPACE}/{name}.json" for name in FILES} | {
        "missing": f"{NAMESPACE}/no.json",
        "directory": f"{NAMESPACE}/directory",
        "empty": "",
    }
    pods = [
        pod(f"{name}-{node[-1]}", node, profile=localhost(path))
        for name, path in paths.items()
        for node in NODES
        if name not in ONLY_C or node == "node-c"
    ]
    for each in pods:
        each["metadata"]["namespace"] = NAMESPACE
    space = {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": NAMESPACE}}
    try:
        lab.kubectl("apply", "-f", "-", stdin=json.dumps({"apiVersion": "v1", "kind": "List", "items": [space, *pods]}))
        yield _told(lab, {each["metadata"]["name"] for each in pods} - {f"{name}-{node[-1]}" for name, node in STARTS})
    finally:
        lab.kubectl("delete", "namespace", NAMESPACE, "--wait=true")
        for folder in folders:
            for name in FILES:
                (folder / f"{name}.json").unlink()
            (folder / "directory").rmdir()
            folder.rmdir()


def _told(lab: Lab, wanted: set[str]) -> dict[str, list[str]]:
    """Return all that is said until each says something: some say another thing each time."""
    until = time.monotonic() + 120
    told: dict[str, list[str]] = {name: [] for name in wanted}
    while True:
        for item in json.loads(lab.kubectl("get", "pods", "-n", NAMESPACE, "-o", "json"))["items"]:
            if item["metadata"]["name"] in told:
                told[item["metadata"]["name"]] += texts(item)
        silent = {name for name, said in told.items() if not said}
        if not silent:
            return told
        assert time.monotonic() < until, f"nothing is said of {silent}"
        time.sleep(1)


def test_each_is_recognised_also_when_its_events_have_expired(lab: Lab, refused: dict[str, list[str]]) -> None:
    lab.kubectl("delete", "events", "--all", "-n", NAMESPACE)
    report = lab.run("audit", "-n", NAMESPACE, "-o", "json").json
    found = {each["name"]: set(each["containers"][0]["findings"]) for each in report["pods"]}
    unseen = {name: refused[name] for name in refused if not found[name] & {"KS111", "KS116"}}
    assert unseen == {}
    assert not found["flags-a"] & {"KS111"}


@pytest.mark.usefixtures("refused")
def test_a_start_that_crio_has_not_seen_is_recognised_in_back_off_too(lab: Lab) -> None:
    # A back-off lasts five minutes at most.
    until = time.monotonic() + 360
    said = ""
    while not said.endswith("exit code 139 before its program had started"):
        assert time.monotonic() < until, said
        lab.kubectl("delete", "events", "--all", "-n", NAMESPACE)
        report = lab.run("audit", "-n", NAMESPACE, "-o", "json").json
        (said,) = [each["reason"] for each in report["findings"] if each["id"] == "KS111" and each["subject"]["name"] == "deny-all-d"]
        time.sleep(2)


LANES = {"node-a": ("containerd+runc", (1, 5)), "node-c": ("containerd+runc", (1, 1)), "node-d": ("cri-o+runc", (1, 5))}


@pytest.mark.parametrize("node", NODES)
def test_lint_says_before_what_becomes_of_each(refused: dict[str, list[str]], node: str) -> None:
    lane, version = LANES[node]
    said = {name: outcome(lint(text.encode(), Setting(on_node=True)).problems, lane, version) for name, text in FILES.items()}
    for name, word in said.items():
        if name not in ONLY_C or node == "node-c":
            assert (f"{name}-{node[-1]}" in refused) is (word != "loads"), f"{name} on {node}: {word}"


def test_every_signature_of_these_runtimes_is_what_one_of_them_really_says(refused: dict[str, list[str]]) -> None:
    said = [text for told in refused.values() for text in told]
    mine = [
        entry for entry in SIGNATURES
        if "from source" not in entry.origin and not entry.origin.startswith(("crun", "cri-dockerd"))
    ]  # fmt: skip
    silent = [entry.origin for entry in mine if not any(entry.pattern.search(text) for text in said)]
    assert silent == [], refused["deny-all-d"]
