"""What `check pod` says, against what this machine's own /proc says of the same containers."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.cluster.conftest import Lab
from tests.cluster.independent import independent_modes
from tests.cluster.manifests.pods import localhost, pod

# pod, container -> effective, observed, verdict
TABLE = {
    ("unset-a", "c"): ("RuntimeDefault", "filtered", "proven"),
    ("unset-b", "c"): ("Unconfined", "unfiltered", "unprotected"),
    ("default-b", "c"): ("RuntimeDefault", "filtered", "proven"),
    ("default-b", "free"): ("Unconfined", "unfiltered", "unprotected"),
    ("default-b", "priv"): ("Unconfined", "unfiltered", "lost"),
    ("local-a", "c"): ("Localhost", "filtered", "proven"),
    ("empty-a", "c"): ("Unconfined", "unfiltered", "lost"),
    ("local-b", "c"): ("Localhost", "failed", "unproven"),
    ("distroless", "c"): ("RuntimeDefault", "filtered", "proven"),
    ("unset-e", "c"): ("RuntimeDefault", "filtered", "proven"),
    ("default-c", "c"): ("RuntimeDefault", "filtered", "proven"),
    ("default-d", "c"): ("RuntimeDefault", "filtered", "proven"),
    ("unset-c", "c"): ("Unconfined", "unfiltered", "unprotected"),
    ("unset-d", "c"): ("Unconfined", "unfiltered", "unprotected"),
    ("privileged-a", "c"): ("Unconfined", "unfiltered", "lost"),
    ("privileged-c", "c"): ("Unconfined", "unfiltered", "lost"),
    ("privileged-d", "c"): ("Unconfined", "unfiltered", "lost"),
    ("log-a", "c"): ("Localhost", "filtered", "proven"),
    ("log-c", "c"): ("Localhost", "filtered", "proven"),
    ("log-d", "c"): ("Localhost", "filtered", "proven"),
    ("empty-c", "c"): ("Unconfined", "unfiltered", "lost"),
    ("empty-d", "c"): ("Unconfined", "unfiltered", "lost"),
    ("wrapped-a", "c"): ("Unconfined", "unfiltered", "lost"),
    ("wrapped-c", "c"): ("Unconfined", "unfiltered", "lost"),
    ("wrapped-d", "c"): ("Unconfined", "unfiltered", "lost"),
    ("hostpid-b", "c"): ("RuntimeDefault", "filtered", "proven"),
    ("shared-b", "c"): ("RuntimeDefault", "filtered", "proven"),
    ("shared-b", "free"): ("Unconfined", "unfiltered", "unprotected"),
    ("two-b", "c"): ("RuntimeDefault", "filtered", "proven"),
    ("two-b", "priv"): ("Unconfined", "unfiltered", "lost"),
    ("lists-b", "side"): ("Unconfined", "unfiltered", "unprotected"),
    ("lists-b", "c"): ("RuntimeDefault", "filtered", "proven"),
    ("ephemeral-b", "c"): ("RuntimeDefault", "filtered", "proven"),
    ("ephemeral-b", "plain"): ("RuntimeDefault", "filtered", "proven"),
    ("ephemeral-b", "free"): ("Unconfined", "unfiltered", "unprotected"),
    ("overridden-b", "c"): ("RuntimeDefault", "filtered", "proven"),
    ("annotated-b", "c"): ("Unconfined", "unfiltered", "unprotected"),
}
FINDINGS = {
    "local-b": {"KS301"},
    "local-e": {"KS301"},
    "empty-a": {"KS302"},
    "wrapped-d": {"KS302"},
    "broken-a": {"KS303"},
    "broken-c": {"KS303"},
    "broken-d": {"KS303"},
    "badaction-a": {"KS303"},
    "badaction-c": {"KS303"},
    "badaction-d": {"KS303"},
    "log-a": {"KS304"},
    "prefix-a": {"KS110", "KS301"},
    "killed-a": {"KS112", "KS308"},
    "local-a": {"KS308"},
    "annotated-b": {"KS102", "KS106"},
    "overridden-b": {"KS107"},
    "default-b": {"KS101", "KS105"},
}
# Their containers cannot start, so there is nothing to look at: the only gaps.
STUCK = {"local-b", "local-e", "prefix-a"} | {f"{kind}-{node}" for kind in ("broken", "badaction") for node in "acd"}


@pytest.fixture(scope="module")
def proved(lab: Lab) -> dict[str, Any]:
    """One run over all pods of the two tables, by pod name."""
    done = lab.run("check", "pod", *sorted({pod for pod, _ in TABLE} | set(FINDINGS)), "-o", "json")
    assert done.code == 1, done.stderr
    assert {gap["where"].rpartition("/")[2] for gap in done.json["gaps"]} == STUCK
    assert all(": it is not running (" in gap["why"] for gap in done.json["gaps"])
    assert lab.probes() == []
    return {pod["name"]: pod for pod in done.json["pods"]}


@pytest.mark.parametrize(("pod", "container"), TABLE)
def test_effective_observed_verdict(proved: dict[str, Any], pod: str, container: str) -> None:
    member = next(entry for entry in proved[pod]["containers"] if entry["name"] == container)
    said = (member["effective"]["type"], member["observed"]["state"], member["verdict"])
    assert said == TABLE[pod, container]


@pytest.mark.parametrize("pod", FINDINGS)
def test_findings(proved: dict[str, Any], pod: str) -> None:
    found = {entry for member in proved[pod]["containers"] for entry in member["findings"]}
    assert found == FINDINGS[pod]


def test_every_observed_mode_is_what_this_machine_says(lab: Lab, proved: dict[str, Any]) -> None:
    modes = independent_modes(lab)
    compared = 0
    for name, shown in proved.items():
        for member in shown["containers"]:
            found = modes.get((name, member["name"]))
            if found is not None and member["observed"]["mode"] is not None:
                assert found == {member["observed"]["mode"]}, (name, member["name"])
                compared += 1
    assert compared >= len(TABLE) - 1


def test_a_missing_file_is_named_with_node_path_event_and_fix(lab: Lab) -> None:
    done = lab.run("check", "pod", "local-b")
    text = " ".join(done.stdout.split())
    assert done.code == 1
    assert "on node-b" in text
    assert "/var/lib/kubelet/seccomp/profiles/custom-profile.json missing" in text
    assert "event: Error: failed to create containerd container: cannot load seccomp profile" in text
    assert "Fix: Put the profile at that path" in text


def test_a_file_without_effect_is_critical_although_the_api_says_localhost(lab: Lab) -> None:
    done = lab.run("check", "pod", "empty-a")
    assert done.code == 1
    assert "KS302 critical" in done.stdout


def test_no_exec_reads_everything_from_the_node(lab: Lab) -> None:
    done = lab.run("check", "pod", "shared-b", "--no-exec", "-o", "json")
    members = done.json["pods"][0]["containers"]
    assert [(entry["observed"]["mode"], entry["observed"]["via"]) for entry in members] == [(2, "node"), (0, "node")]


def test_no_node_leaves_the_file_unchecked_and_says_so(lab: Lab) -> None:
    done = lab.run("check", "pod", "empty-a", "--no-node", "-o", "json")
    member = done.json["pods"][0]["containers"][0]
    assert member["profileFile"]["state"] == "unchecked"
    assert (member["effective"]["type"], member["effective"]["certainty"]) == ("Localhost", "assumed")
    assert member["verdict"] == "contradiction"
    assert done.code == 1


def test_a_file_that_the_probe_may_not_see_is_a_gap_although_the_container_runs(lab: Lab) -> None:
    """The runtime follows a link out of the seccomp directory; the probe, which sees that directory only, cannot."""
    root = lab.instance.seccomp_root("node-a")
    outside = lab.instance.home / "node-a" / "outside.json"
    outside.write_bytes((root / "profiles" / "log.json").read_bytes())
    link = root / "profiles" / "outside.json"
    link.unlink(missing_ok=True)
    link.symlink_to(outside)
    try:
        lab.kubectl("apply", "-f", "-", stdin=json.dumps(pod("outside-a", "node-a", profile=localhost("profiles/outside.json"))))
        lab.kubectl("wait", "--for=condition=Ready", "pod/outside-a", "--timeout=60s")
        done = lab.run("check", "pod", "outside-a", "-o", "json", "--fail-on", "never")
    finally:
        lab.kubectl("delete", "pod", "outside-a", "--now", "--ignore-not-found")
        link.unlink()
    member = done.json["pods"][0]["containers"][0]
    assert (member["profileFile"]["state"], member["effective"]["certainty"]) == ("unreadable", "assumed")
    assert [gap["what"] for gap in done.json["gaps"]] == ["profile file"]
    assert done.code == 3


REFUSED = [
    localhost("/a.json"),
    localhost("../a.json"),
    localhost("a/../b.json"),
    {"type": "RuntimeDefault", "localhostProfile": "a.json"},
]


@pytest.mark.parametrize("profile", REFUSED)
def test_what_we_say_is_refused_the_api_server_refuses(lab: Lab, profile: dict[str, str], tmp_path: Path) -> None:
    manifest = tmp_path / "pod.json"
    manifest.write_text(json.dumps(pod("refused", "node-a", profile=profile)))
    assert "KS120" in lab.run("audit", "-f", str(manifest), "-o", "wide").stdout
    with pytest.raises(RuntimeError, match="localhostProfile"):
        lab.kubectl("create", "--dry-run=server", "-f", str(manifest))


def test_a_pod_that_is_not_there_costs_only_itself(lab: Lab) -> None:
    done = lab.run("check", "pod", "default-a", "absent", "default-a", "--no-node", "-o", "json")
    assert [pod["name"] for pod in done.json["pods"]] == ["default-a"]
    assert [(gap["what"], gap["where"]) for gap in done.json["gaps"]] == [("pod", "pod/default/absent")]
    assert done.code == 3
    alone = lab.run("check", "pod", "absent")
    assert (alone.code, alone.stdout) == (3, "")
    assert 'pods "absent" not found' in alone.stderr
    assert lab.run("check", "pod", "deploy/web").code == 2
