"""What a node said becomes its report: every file with who uses it."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from kubectl_seccomp.facts import NodeFacts, Observed, ProfileFile
from kubectl_seccomp.node_report import node_report, users
from kubectl_seccomp.node_values import FileReport, User
from kubectl_seccomp.nodes.answer import Answer, Audit, Entry, Kernel, Key, Kubelet, Listing, Root
from kubectl_seccomp.pods import from_mapping
from kubectl_seccomp.words import FileState, KubeletDefault, Observation

ROOT = "/var/lib/kubelet/seccomp"
NODE = NodeFacts(
    "node-a", "linux", "amd64", "6.18.44", "v1.37.2", "containerd://2.4.2", KubeletDefault.ON, "configz says true", True, False
)


def entry(name: str, kind: str = "file", path: str | None = None, **facts: Any) -> Entry:
    return Entry(name, kind, ProfileFile(**{"state": FileState.PRESENT, "path": path or f"{ROOT}/{name}", **facts}))


def user(path: str, node: str | None = "node-a", pod: str = "web", privileged: bool = False) -> User:
    return User("shop", pod, "c", node, path, privileged)


def files(*entries: Entry, found: tuple[User, ...] | None = (), asked: dict[str, ProfileFile] | None = None) -> dict[str, FileReport]:
    answer = Answer[Key](asked or {}, listing=Listing(entries), said=True)
    return {file.name: file for file in node_report(NODE, answer, found).files or ()}


@pytest.mark.parametrize(
    ("mode", "expected"),
    [
        ("644", None),
        ("664", "group"),
        ("666", "others"),
        ("602", "others"),
        ("4755", None),
        ("1777", "others"),
        (None, None),
        ("x", None),
    ],
)
def test_who_can_write_a_file(mode: str | None, expected: str | None) -> None:
    assert files(entry("a", mode=mode))["a"].writable_by == expected


@pytest.mark.parametrize(
    ("name", "expected"), [("operator/ns/a.json", True), ("operator", True), ("operators/a.json", False), ("x/operator/a.json", False)]
)
def test_profiles_of_the_operator(name: str, expected: bool) -> None:
    assert files(entry(name))[name].operator is expected


def test_users_on_this_node_and_elsewhere() -> None:
    found = (user("a.json"), user("./x/../a.json", pod="other"), user("a.json", "node-b"), user("a.json", None), user("b.json"))
    seen = files(entry("a.json"), entry("unused.json"), found=found)
    assert [(each.pod, each.node) for each in seen["a.json"].used_by or ()] == [("web", "node-a"), ("other", "node-a")]
    assert [each.node for each in seen["a.json"].used_elsewhere or ()] == ["node-b", None]
    assert (seen["unused.json"].used_by, seen["unused.json"].used_elsewhere) == ((), ())


def test_a_link_is_used_by_its_name_and_its_target_by_whoever_it_leads_there() -> None:
    asked = {"latest.json": ProfileFile(FileState.PRESENT, f"{ROOT}/v3.json")}
    seen = files(entry("latest.json", path=f"{ROOT}/v3.json"), entry("v3.json"), found=(user("latest.json"),), asked=asked)
    assert [len(seen[name].used_by or ()) for name in ("latest.json", "v3.json")] == [1, 1]


def test_what_is_asked_for_and_not_there_is_a_row() -> None:
    asked = {
        "gone.json": ProfileFile(FileState.MISSING, f"{ROOT}/gone.json"),
        "a.json": ProfileFile(FileState.PRESENT, f"{ROOT}/a.json"),
    }
    seen = files(entry("a.json"), found=(user("gone.json"),), asked=asked)
    assert list(seen) == ["a.json", "gone.json"]
    assert (seen["gone.json"].kind, seen["gone.json"].state, len(seen["gone.json"].used_by or ())) == ("absent", FileState.MISSING, 1)


def test_users_that_are_not_known_are_not_none() -> None:
    file = files(entry("a.json"), found=None)["a.json"]
    assert (file.used_by, file.used_elsewhere, file.loaded_by) == (None, None, ())


def test_a_privileged_container_does_not_load_the_file() -> None:
    file = files(entry("a.json"), found=(user("a.json", privileged=True), user("a.json", pod="x")))["a.json"]
    assert [each.pod for each in file.loaded_by] == ["x"]
    assert len(file.used_by or ()) == 2


def pod(name: str, phase: str = "Running", node: str | None = "node-a", profile: str = "a.json") -> Any:
    security = {"seccompProfile": {"type": "Localhost", "localhostProfile": profile}}
    made = from_mapping({
        "kind": "Pod", "metadata": {"name": name, "namespace": "shop"}, "status": {"phase": phase},
        "spec": {"nodeName": node, "securityContext": security, "containers": [
            {"name": "c"}, {"name": "free", "securityContext": {"seccompProfile": {"type": "Unconfined"}}},
            {"name": "priv", "securityContext": {"privileged": True}},
        ]},
    })  # fmt: skip
    assert made is not None
    return made


def test_who_uses_profiles() -> None:
    pods = [pod("one"), pod("done", "Succeeded"), pod("failed", "Failed"), pod("waiting", "Pending", None)]
    found = [each for one in pods for each in users(one)]
    assert [(each.pod, each.container, each.node, each.privileged) for each in found] == [
        ("one", "c", "node-a", False), ("one", "priv", "node-a", True),
        ("waiting", "c", None, False), ("waiting", "priv", None, True),
    ]  # fmt: skip


def test_a_node_that_told_everything() -> None:
    facts = {"kernel/osrelease": "6.18.44", "kernel/version": "#1", "kernel/seccomp/actions_avail": "errno log", "kernel/x": "1"}
    seen = {("u", "a"): Observed(Observation.FILTERED), ("u", "b"): Observed(Observation.UNFILTERED)}
    answer = Answer[Key](
        {}, seen, kubelet=Kubelet(1, "/r", None, started=1_790_000_000), root=Root("/r", True, "flagz"),
        kernel=Kernel(facts, Audit(True, True, False)), listing=Listing((), whole=False),
        sandboxes={"u": Observed(Observation.FILTERED)}, said=True,
    )  # fmt: skip
    report = node_report(NODE, answer, ())
    assert msgspec.json.decode(msgspec.json.encode(report)) == {
        "name": "node-a", "os": "linux", "architecture": "amd64", "ready": True, "answered": True,
        "kernel": {
            "release": "6.18.44", "version": "#1", "actionsAvailable": ["errno", "log"], "actionsLogged": None,
            "audit": {"built": True, "thread": True, "daemon": False}, "settings": {"kernel.x": "1"},
        },
        "kubelet": {
            "version": "v1.37.2", "seccompDefault": "on", "source": "configz says true",
            "answers": {"configz": True, "flagz": False, "commandLine": False}, "started": 1_790_000_000,
            "root": "/r", "rootKnown": True, "rootSource": "flagz",
        },
        "runtime": {
            "name": "containerd", "version": "2.4.2",
            "runtimeDefault": {
                "variant": "containerd 2.3.7", "open": 309, "conditional": 3, "calls": 385, "doubts": [], "unknown": None,
            },
        },
        "containers": {"filtered": 1, "unfiltered": 1}, "sandboxes": {"filtered": 1},
        "directory": True, "files": [], "filesComplete": False,
    }  # fmt: skip


def test_a_node_that_was_not_asked_says_nothing_and_not_nothing_found() -> None:
    report = node_report(NODE, Answer(), ())
    assert not report.answered
    assert (report.containers, report.sandboxes, report.directory, report.files) == (None, None, None, None)
    assert report.kernel.release == "6.18.44"
    assert report.kubelet.answers.command_line is None
    assert (report.kubelet.root, report.kubelet.started) == (None, None)
