"""`audit --verify` and `--exec`: every node asked once, every running container seen, nothing left behind."""

from __future__ import annotations

import json
import signal
import subprocess
import time
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.cluster.conftest import Lab
from tests.cluster.independent import independent_modes
from tests.cluster.lab.start import start_apiserver
from tests.cluster.manifests.pods import localhost, pod
from tests.cluster.test_probe_life import endless_pull, gone, stopped

# No shell; and CRI-O's privileged exec asks for capabilities that a test machine may lack (kubectl exec fails there too).
CANNOT_EXEC = {("distroless", "c"), ("privileged-d", "c")}
NEEDED = ("rbac", "--verify", "--node-default")


def seen(report: Any) -> dict[tuple[str, str], Any]:
    return {(pod["name"], member["name"]): member for pod in report["pods"] for member in pod["containers"]}


@pytest.mark.parametrize("way", ["--verify", "--exec"])
def test_every_running_container_is_seen_as_this_machine_sees_it(lab: Lab, way: str) -> None:
    done = lab.run("audit", way, "-o", "json")
    expected = independent_modes(lab)
    members = seen(done.json)
    observed = {key: member["observed"] for key, member in members.items() if member["observed"]["state"] != "unchecked"}
    assert set(observed) == set(expected)
    exceptions = CANNOT_EXEC if way == "--exec" else set()
    for key, modes in expected.items():
        if key not in exceptions:
            assert {observed[key]["mode"]} == modes, key
            # Exec alone does not read the file that explains why there is no filter.
            unread = way == "--exec" and key[0].startswith(("empty-", "wrapped-"))
            assert members[key]["verdict"] in (("contradiction",) if unread else ("proven", "unprotected", "lost"))
    assert {gap["where"] for gap in done.json["gaps"]} == {f"pod/default/{name}" for name, _ in exceptions}
    assert done.code == 1
    assert lab.probes() == []


def test_files_are_read_and_decide(lab: Lab) -> None:
    members = seen(lab.run("audit", "--verify", "-o", "json").json)
    assert members["empty-a", "c"]["effective"]["decidedBy"] == "file"
    assert members["log-c", "c"]["profileFile"]["state"] == "present"
    assert members["local-b", "c"]["profileFile"]["state"] == "missing"


def test_exec_stands_before_the_node_and_the_node_stands_in_for_exec(lab: Lab) -> None:
    members = seen(lab.run("audit", "--verify", "--exec", "-o", "json").json)
    assert members["distroless", "c"]["observed"]["via"] == "node"
    assert members["default-a", "c"]["observed"]["via"] == "exec"


def test_a_node_that_does_not_answer_is_a_gap_and_the_rest_stands(lab: Lab) -> None:
    with stopped(lab, "node-e"):
        done = lab.run("audit", "--verify", "--timeout", "15", "-o", "json")
    members = seen(done.json)
    assert members["unset-e", "c"]["observed"]["state"] == "failed"
    assert members["default-a", "c"]["observed"]["state"] == "filtered"
    assert {gap["where"] for gap in done.json["gaps"] if gap["what"] == "node probe"} == {"node/node-e"}
    assert done.json["complete"] is False
    gone(lab)


def test_a_cordoned_node_is_not_asked_and_a_gap_says_so(lab: Lab) -> None:
    lab.kubectl("cordon", "node-c")
    try:
        done = lab.run("audit", "--verify", "-o", "json")
    finally:
        lab.kubectl("uncordon", "node-c")
    why = {gap["where"]: gap["why"] for gap in done.json["gaps"]}
    assert why["node/node-c"] == "not asked: the node is cordoned"
    assert seen(done.json)["default-c", "c"]["observed"]["state"] == "unchecked"


def test_only_chosen_nodes_and_only_so_many(lab: Lab) -> None:
    chosen = lab.run("audit", "--verify", "--nodes", "kubernetes.io/hostname=node-a", "-o", "json").json
    states = {key: member["observed"]["state"] for key, member in seen(chosen).items()}
    assert states["default-a", "c"] == "filtered"
    assert states["default-b", "c"] == "unchecked"
    assert chosen["gaps"] == []
    few = lab.run("audit", "--verify", "--max-nodes", "1", "-o", "json").json
    assert sorted(gap["where"] for gap in few["gaps"]) == ["node/node-b", "node/node-c", "node/node-d", "node/node-e"]
    assert "--max-nodes 1" in few["gaps"][0]["why"]


@pytest.mark.parametrize(("ending", "after"), [(signal.SIGINT, 0.1), (signal.SIGTERM, 0.5), (signal.SIGINT, 1.5)])
def test_an_ending_in_the_middle_leaves_no_probe_on_any_node(lab: Lab, ending: signal.Signals, after: float) -> None:
    child = subprocess.Popen(
        lab.command("audit", "--verify", "-o", "name"),
        env=lab.environment(None), stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip
    until = time.monotonic() + 20
    while not lab.probes() and time.monotonic() < until:
        time.sleep(0.05)
    time.sleep(after)
    child.send_signal(ending)
    time.sleep(0.2)
    child.send_signal(ending)
    _, stderr = child.communicate(timeout=90)
    assert child.returncode in (0, 1, 128 + ending)
    assert "Traceback" not in stderr
    assert lab.probes() == []


def account(lab: Lab, name: str, roles: list[dict[str, Any]]) -> str:
    """Make a ServiceAccount with exactly these roles and return a token of it."""
    api = "rbac.authorization.k8s.io"
    subject = {"kind": "ServiceAccount", "name": name, "namespace": "default"}
    items: list[dict[str, Any]] = [{"apiVersion": "v1", "kind": "ServiceAccount", "metadata": {"name": name, "namespace": "default"}}]
    for role in roles:
        role["metadata"]["name"] = f"{name}-{role['kind'].lower()}"
        reference = {"apiGroup": api, "kind": role["kind"], "name": role["metadata"]["name"]}
        binding = {"apiVersion": f"{api}/v1", "kind": f"{role['kind']}Binding", "metadata": role["metadata"], "roleRef": reference}
        items += [role, {**binding, "subjects": [subject]}]
    lab.kubectl("apply", "-f", "-", stdin=json.dumps({"apiVersion": "v1", "kind": "List", "items": items}))
    return lab.kubectl("create", "token", name).strip()


def with_token(lab: Lab, token: str, *words: str) -> Any:
    """Run the product with a token alone: no certificate, no user of the kubeconfig."""
    server = ("--kubeconfig", "/dev/null", "-s", "https://127.0.0.1:6443")
    return lab.run(*words, *server, "--certificate-authority", str(lab.instance.pki / "ca.crt"), "--token", token)


def needed(lab: Lab) -> list[dict[str, Any]]:
    return list(yaml.safe_load_all(lab.run(*NEEDED).stdout))


def test_exactly_the_printed_rights_are_enough(lab: Lab) -> None:
    done = with_token(lab, account(lab, "enough", needed(lab)), "audit", "--verify", "-o", "json")
    assert done.json["gaps"] == []
    assert done.json["complete"] is True
    assert done.json["summary"]["observed"]["filtered"] > 10


@pytest.mark.parametrize(
    ("resource", "verb", "told"),
    [
        ("nodes/proxy", "get", 'resource "nodes/proxy"'),
        ("pods/log", "get", 'resource "pods/log"'),
        ("pods", "create", 'cannot create resource "pods"'),
        ("runtimeclasses", "list", 'resource "runtimeclasses"'),
    ],
)
def test_one_right_less_is_a_gap_that_names_it(lab: Lab, resource: str, verb: str, told: str) -> None:
    roles = needed(lab)
    for rule in (rule for role in roles for rule in role["rules"] if rule["resources"] == [resource]):
        rule["verbs"] = [word for word in rule["verbs"] if word != verb]
    for role in roles:
        role["rules"] = [rule for rule in role["rules"] if rule["verbs"]]
    name = f"less-{resource.replace('/', '-')}-{verb}"
    done = with_token(lab, account(lab, name, roles), "audit", "--verify", "-o", "json")
    assert any(told in gap["why"] for gap in done.json["gaps"]), done.json["gaps"]
    assert done.code in (1, 3)
    gone(lab)


def test_without_nodes_proxy_the_kubelets_own_flag_still_counts(lab: Lab) -> None:
    """node-e's kubelet has the flag on its command line; the others' configuration cannot be read, and stays unknown."""
    roles = list(yaml.safe_load_all(lab.run("rbac", "--verify").stdout))
    members = seen(with_token(lab, account(lab, "proxyless", roles), "audit", "--verify", "-o", "json").json)
    said = {name: members[f"unset-{name}", "c"]["effective"]["type"] for name in "ab"}
    assert said == {"a": "Unknown", "b": "Unknown"}
    assert members["unset-e", "c"]["effective"]["type"] == "RuntimeDefault"


def test_a_file_that_is_edited_or_deleted_under_a_running_pod(lab: Lab, tmp_path: Path) -> None:
    place = lab.instance.seccomp_root("node-a") / "profiles" / "drift.json"
    text = (place.parent / "log.json").read_text()
    place.write_text(text)
    time.sleep(1.1)
    lab.kubectl("apply", "-f", "-", stdin=json.dumps(pod("drift-a", "node-a", profile=localhost("profiles/drift.json"))))
    lab.kubectl("wait", "--for=condition=Ready", "pod/drift-a", "--timeout=60s")
    first = lab.run("audit", "--verify", "--nodes", "kubernetes.io/hostname=node-a", "-o", "json")
    (tmp_path / "earlier.json").write_text(first.stdout)
    before = seen(first.json)["drift-a", "c"]
    assert (before["effective"]["certainty"], before["findings"]) == ("certain", ["KS304"])
    time.sleep(1.1)
    place.write_text(text + "\n")
    words = ("--nodes", "kubernetes.io/hostname=node-a", "--earlier", str(tmp_path / "earlier.json"))
    second = lab.run("audit", "--verify", *words, "-o", "json").json
    edited = seen(second)["drift-a", "c"]
    (drift,) = [finding for finding in second["findings"] if finding["id"] == "KS305" and finding["subject"]["name"] == "drift-a"]
    for digest in (before["profileFile"]["sha256"], edited["profileFile"]["sha256"]):
        assert digest in " ".join(drift["evidence"])
    assert "KS305" in edited["findings"]
    assert edited["effective"]["certainty"] == "assumed"
    assert edited["profileFile"]["sha256"] != before["profileFile"]["sha256"]
    place.unlink()
    report = lab.run("audit", "--verify", "--nodes", "kubernetes.io/hostname=node-a", "-o", "json").json
    assert seen(report)["drift-a", "c"]["profileFile"]["state"] == "missing"
    told = [finding["detail"] for finding in report["findings"] if finding["subject"]["name"] == "drift-a"]
    assert any("does not survive its next restart" in detail for detail in told)
    lab.kubectl("delete", "pod", "drift-a", "--now")


def test_an_api_server_that_restarts_while_the_nodes_are_asked(lab: Lab) -> None:
    child = subprocess.Popen(
        lab.command("audit", "--verify", "-o", "json"),
        env=lab.environment(None), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip
    until = time.monotonic() + 20
    while not lab.probes() and time.monotonic() < until:
        time.sleep(0.05)
    lab.instance.stop("apiserver")
    start_apiserver(lab.instance)
    stdout, stderr = child.communicate(timeout=200)
    assert "Traceback" not in stderr
    expected = independent_modes(lab)
    for key, member in seen(json.loads(stdout)).items():
        mode = member["observed"]["mode"]
        assert mode is None or expected[key] == {mode}, key
    gone(lab)


def test_a_killed_run_on_all_nodes_is_swept_up(lab: Lab) -> None:
    with endless_pull(lab) as image:
        child = subprocess.Popen(
            lab.command("audit", "--verify", "--image", image),
            env=lab.environment(None), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        )  # fmt: skip
        until = time.monotonic() + 30
        while len(lab.probes()) < 5 and time.monotonic() < until:
            time.sleep(0.05)
        child.kill()
        child.wait()
        assert len(lab.probes()) == 5
    assert lab.run("cleanup", "--all").code == 0
    gone(lab)
