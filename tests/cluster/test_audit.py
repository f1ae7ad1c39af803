"""`audit` and `list` on the real cluster, as an admin and as users with few rights."""

from __future__ import annotations

from typing import Any

from tests.cluster.conftest import Lab

READ_PODS = [{"apiGroups": [""], "resources": ["pods"], "verbs": ["list", "get"]}]


def by_container(report: Any) -> dict[tuple[str, str], Any]:
    return {(pod["name"], member["name"]): member for pod in report["pods"] for member in pod["containers"]}


def test_the_audit_knows_each_nodes_default_by_config_by_flag_and_off(lab: Lab) -> None:
    done = lab.run("audit", "-o", "json")
    members = by_container(done.json)
    said = {
        name: (members[name, "c"]["effective"]["type"], members[name, "c"]["effective"]["decidedBy"])
        for name in ("unset-a", "unset-b", "unset-c", "unset-d", "unset-e")
    }
    assert said == {
        "unset-a": ("RuntimeDefault", "kubelet"),
        "unset-b": ("Unconfined", "kubelet"),
        "unset-c": ("Unconfined", "kubelet"),
        "unset-d": ("Unconfined", "kubelet"),
        "unset-e": ("RuntimeDefault", "kubelet"),
    }
    assert done.code == 1
    assert done.json["complete"] is True


def test_an_unread_file_is_assumed_and_the_row_says_so(lab: Lab) -> None:
    member = by_container(lab.run("audit", "-o", "json").json)["empty-a", "c"]
    assert (member["effective"]["type"], member["effective"]["certainty"]) == ("Localhost", "assumed")
    assert member["profileFile"]["state"] == "unchecked"
    row = next(line for line in lab.run("audit").stdout.splitlines() if "pod/empty-a" in line)
    assert "file unchecked" in row


def test_replicas_on_nodes_that_differ_are_two_rows(lab: Lab) -> None:
    rows = [line for line in lab.run("audit").stdout.splitlines() if "deploy/web" in line]
    assert sorted(line.split()[0] for line in rows) == ["high", "medium"]  # KS121: where it is confined it could land where it is not


def test_the_static_pod_is_assumed_and_named_as_a_mirror(lab: Lab) -> None:
    member = by_container(lab.run("audit", "-o", "json").json)["static-web-node-a", "web"]
    assert member["effective"]["certainty"] == "assumed"
    assert "KS109" in member["findings"]


def test_list_shows_the_current_namespace_in_the_apis_order(lab: Lab) -> None:
    done = lab.run("list", "--no-headers")
    names = [line.split()[0] for line in done.stdout.splitlines()]
    assert names == sorted(names)
    assert "static-web-node-a" not in names
    assert "static-web-node-a" in lab.run("list", "-A").stdout


def test_a_namespace_that_does_not_exist_is_an_error(lab: Lab) -> None:
    done = lab.run("audit", "-n", "typo")
    assert done.code == 3
    assert done.stdout == ""
    assert 'namespace "typo" not found' in done.stderr


def test_who_may_only_list_pods_gets_unknown_and_gaps(lab: Lab) -> None:
    lab.allow("lister", "lister", READ_PODS)
    done = lab.run("audit", "-o", "json", user="lister")
    report = done.json
    members = by_container(report)
    unset = [name for name in members if name[0].startswith("unset-")]
    assert {members[name]["effective"]["type"] for name in unset} == {"Unknown"}
    assert {members[name]["effective"]["certainty"] for name in unset} == {"unknown"}
    assert done.code in (1, 3)
    assert report["complete"] is False
    nodes = next(gap for gap in report["gaps"] if gap["what"] == "nodes")
    assert 'cannot list resource "nodes"' in nodes["why"]
    assert nodes["affects"] >= len(unset)
    assert "gap:" in done.stderr
    assert lab.run("audit", "--fail-on", "never", user="lister").code == 3
    assert lab.run("audit", "--fail-on", "never", "--allow-gaps", user="lister").code == 0


def test_who_may_list_nodes_but_not_ask_kubelets_gets_unknown(lab: Lab) -> None:
    nodes = [{"apiGroups": [""], "resources": ["nodes"], "verbs": ["list", "get"]}]
    lab.allow("viewer", "viewer", [*READ_PODS, *nodes])
    done = lab.run("audit", "-o", "json", user="viewer")
    members = by_container(done.json)
    assert {members[f"unset-{node}", "c"]["effective"]["type"] for node in "abcde"} == {"Unknown"}
    why = [gap["why"] for gap in done.json["gaps"] if gap["what"] == "kubelet default"]
    assert len(why) == 5
    assert any("nodes/proxy" in reason for reason in why)


def test_a_namespaced_user_gets_the_namespace_and_is_told(lab: Lab) -> None:
    lab.allow("tenant", "tenant", READ_PODS, namespace="default")
    done = lab.run("audit", "-o", "json", user="tenant")
    assert done.json["scope"]["namespaces"] == ["default"]
    assert "only namespace default is audited" in done.stderr
    assert {pod["namespace"] for pod in done.json["pods"]} == {"default"}


def test_who_may_not_exec_is_told_which_verb_is_missing(lab: Lab) -> None:
    lab.allow("reader", "reader", READ_PODS)
    done = lab.run("check", "pod", "default-b", "--no-node", "-o", "json", user="reader")
    observed = done.json["pods"][0]["containers"][0]["observed"]
    assert observed["state"] == "failed"
    assert 'resource "pods/exec"' in observed["explanation"]
    assert any(gap["what"] == "observed mode" for gap in done.json["gaps"])


def test_impersonation_reaches_lists_and_exec(lab: Lab) -> None:
    listed = lab.run("audit", "--as", "nobody")
    assert listed.code == 3
    assert 'User "nobody" cannot list resource "pods"' in listed.stderr
    lab.allow("reader", "reader", READ_PODS)
    done = lab.run("check", "pod", "default-b", "--no-node", "-o", "json", "--as", "reader")
    assert 'User "reader" cannot' in done.json["pods"][0]["containers"][0]["observed"]["explanation"]
