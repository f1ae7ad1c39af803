"""`check node` on real nodes: what it tells equals what this machine itself says of them."""

from __future__ import annotations

import csv
import hashlib
import io
import json
import os
import subprocess
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.cluster.conftest import Lab
from tests.cluster.independent import modes_by_id
from tests.cluster.lab.nodes import NODES
from tests.cluster.test_verify import account, needed, with_token

OPERATOR = Path("/var/lib/security-profiles-operator")


@pytest.fixture(scope="module")
def report(lab: Lab) -> Any:
    done = lab.run("check", "node", "--all", "-o", "json")
    assert done.code == 1, done.stderr
    assert lab.probes() == []
    return done.json


def node(report: Any, name: str) -> Any:
    return next(entry for entry in report["nodes"] if entry["name"] == name)


def test_every_node_is_told_and_nothing_is_open(report: Any) -> None:
    assert {entry["name"] for entry in report["nodes"]} == {each.name for each in NODES}
    assert (report["kind"], report["complete"], report["gaps"]) == ("NodeReport", True, [])


def test_the_kernel_is_this_machines(report: Any) -> None:
    actions = Path("/proc/sys/kernel/seccomp")
    for entry in report["nodes"]:
        kernel = entry["kernel"]
        assert kernel["release"] == os.uname().release
        assert kernel["actionsAvailable"] == (actions / "actions_avail").read_text().split()
        assert kernel["actionsLogged"] == (actions / "actions_logged").read_text().split()
        assert kernel["audit"]["built"] is Path("/proc/self/loginuid").exists()
        assert kernel["settings"]["user.max_user_namespaces"] == Path("/proc/sys/user/max_user_namespaces").read_text().strip()


# configz, flagz, command line
ANSWERS = {"node-a": (True, False, False), "node-b": (False, False, False), "node-e": (False, True, True)}


@pytest.mark.parametrize("name", list(ANSWERS))
def test_every_source_of_the_kubelets_default_is_told(report: Any, name: str) -> None:
    kubelet = node(report, name)["kubelet"]
    assert tuple(kubelet["answers"][key] for key in ("configz", "flagz", "commandLine")) == ANSWERS[name]
    assert kubelet["seccompDefault"] == ("on" if any(ANSWERS[name]) else "off")


def test_the_kubelets_start_and_root(lab: Lab, report: Any) -> None:
    for entry in report["nodes"]:
        (line,) = [line for line in Path("/proc/stat").read_text().splitlines() if line.startswith("btime")]
        pid = (lab.instance.home / "run" / f"kubelet-{entry['name']}.pid").read_text().strip()
        ticks = int(Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[19])
        assert abs(entry["kubelet"]["started"] - (int(line.split()[1]) + ticks // os.sysconf("SC_CLK_TCK"))) <= 1
        assert entry["kubelet"]["root"] == lab.instance.kubelet_root(entry["name"])
        assert entry["kubelet"]["rootKnown"]


def test_the_runtimes(report: Any) -> None:
    found = {name: node(report, name)["runtime"] for name in ("node-a", "node-c", "node-d")}
    assert {name: runtime["name"] for name, runtime in found.items()} == {
        "node-a": "containerd",
        "node-c": "containerd",
        "node-d": "cri-o",
    }
    assert found["node-d"]["version"] == "1.36.3"
    assert found["node-c"]["version"].startswith("1.6.20")
    variants = {name: runtime["runtimeDefault"]["variant"] for name, runtime in found.items()}
    assert variants == {"node-a": "containerd 2.3.7", "node-c": "containerd 1.6.16", "node-d": "CRI-O 1.35.1"}


@pytest.mark.parametrize("name", ["node-a", "node-c", "node-d"])
def test_every_file_is_told_as_it_lies_there(lab: Lab, report: Any, name: str) -> None:
    root = lab.instance.seccomp_root(name)
    there = {str(path.relative_to(root)): path for path in root.rglob("*") if path.is_file() and path.parent.name == "profiles"}
    told = {
        file["name"]: file for file in node(report, name)["files"] if file["name"].startswith("profiles/") and file["kind"] == "file"
    }
    assert set(told) >= set(there)
    for key, path in there.items():
        facts = path.stat()
        assert told[key]["sha256"] == hashlib.sha256(path.read_bytes()).hexdigest()
        assert (told[key]["size"], told[key]["mode"]) == (facts.st_size, f"{facts.st_mode & 0o7777:o}")
        assert (told[key]["mtime"], told[key]["ctime"]) == (int(facts.st_mtime), int(facts.st_ctime))
        assert told[key]["owner"] == f"{facts.st_uid}:{facts.st_gid}"
    assert told["profiles/empty.json"]["effect"] == "none"
    assert told["profiles/custom-profile.json"]["effect"] == "filter"
    assert told["profiles/broken.json"]["state"] == "invalid"
    pods = {user["pod"] for user in told["profiles/empty.json"]["usedBy"]}
    assert f"empty-{name[-1]}" in pods
    assert {user["node"] for user in told["profiles/empty.json"]["usedElsewhere"]} >= {"node-a", "node-c", "node-d"} - {name}
    assert told["profiles/kill-chmod.json"]["usedBy"] == []


def test_a_node_without_the_directory_and_one_where_it_is_empty(report: Any) -> None:
    assert node(report, "node-e")["directory"] is False
    assert node(report, "node-b")["directory"] is True
    missing = {
        file["name"]: file["state"] for file in node(report, "node-e")["files"] + node(report, "node-b")["files"] if file["name"]
    }
    assert missing["profiles/log.json"] == "missing"
    assert missing["profiles/custom-profile.json"] == "missing"


def expected(lab: Lab, name: str) -> tuple[Counter[str], int]:
    """Return the modes of the running containers of a node, as this machine sees them, and how many pods run there."""
    words = {0: "unfiltered", 2: "filtered"}
    modes = modes_by_id()
    pods = json.loads(lab.kubectl("get", "pods", "-A", "--field-selector", f"spec.nodeName={name}", "-o", "json"))["items"]
    ids = [
        entry["containerID"].rpartition("/")[2]
        for pod in pods
        for key in ("containerStatuses", "initContainerStatuses", "ephemeralContainerStatuses")
        for entry in pod["status"].get(key, [])
        if "running" in entry["state"]
    ]
    return Counter(words[min(modes[each])] for each in ids if each in modes), sum(bool(pod["status"].get("podIP")) for pod in pods)


@pytest.mark.parametrize("name", ["node-c", "node-d", "node-e"])
def test_containers_and_sandboxes_are_counted_as_this_machine_sees_them(lab: Lab, name: str) -> None:
    for _ in range(3):
        before = expected(lab, name)
        told = lab.run("check", "node", name, "-o", "json").json["nodes"][0]
        if expected(lab, name) == before:  # others use this cluster, too
            break
    modes, pods = before
    assert told["containers"] == dict(modes)
    # CRI-O keeps no process for a sandbox.
    assert sum(told["sandboxes"].values()) == (0 if name == "node-d" else pods)


def test_findings_and_exit_codes(lab: Lab, report: Any) -> None:
    found = {(each["id"], each["severity"]) for each in report["findings"] if each["subject"]["name"] == "node-c"}
    assert found >= {("KS204", "critical"), ("KS205", "high"), ("KS207", "medium"), ("KS201", "low")}
    assert [each["severity"] for each in report["findings"]] == sorted(
        (each["severity"] for each in report["findings"]), key=["critical", "high", "medium", "low", "info"].index
    )
    assert lab.run("check", "node", "node-c", "--fail-on", "never", "-o", "name").code == 0
    done = lab.run("check", "node", "node-c", "--select", "KS201", "-o", "json")
    assert ({each["id"] for each in done.json["findings"]}, done.code) == ({"KS201"}, 0)


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ((), "no node is named"),
        (("--all", "node-a"), "cannot be combined with --all"),
        (("pod/x",), "is not a node"),
        (("node-a", "--select", "KS101"), 'there is no check "KS101" on nodes'),
        (("node-a", "--query", "["), "--query"),
    ],
)
def test_wrong_usage(lab: Lab, words: tuple[str, ...], said: str) -> None:
    done = lab.run("check", "node", *words)
    assert (done.code, done.stdout) == (2, "")
    assert said in done.stderr


def test_a_node_that_is_not_there(lab: Lab) -> None:
    alone = lab.run("check", "node", "absent")
    assert (alone.code, alone.stdout) == (3, "")
    assert 'nodes "absent" not found' in alone.stderr
    beside = lab.run("check", "node", "absent", "node/node-e", "-o", "json", "--fail-on", "never")
    assert beside.code == 3
    assert [each["name"] for each in beside.json["nodes"]] == ["node-e"]
    assert [gap["where"] for gap in beside.json["gaps"]] == ["node/absent"]


def test_every_format(lab: Lab) -> None:
    def run(output: str) -> str:
        return lab.run("check", "node", "node-c", "-o", output).stdout

    assert run("name") == "node/node-c\n"
    assert yaml.safe_load(run("yaml"))["nodes"][0]["name"] == "node-c"
    assert "profiles/empty.json" in {row["name"] for row in csv.DictReader(io.StringIO(run("csv")))}
    assert run("markdown").startswith("| Node")
    wide = run("wide")
    assert "USED-BY" in wide
    assert "default/empty-c/c" in wide
    found = lab.run("check", "node", "node-c", "--query", "nodes[].runtime.name").stdout
    assert json.loads(found) == ["containerd"]


def test_the_table_fits_eighty_columns(lab: Lab) -> None:
    command = ["script", "-qec", "stty cols 80; " + " ".join(lab.command("check", "node", "node-c")), "/dev/null"]
    done = subprocess.run(command, env=lab.environment(None), capture_output=True, text=True, timeout=120, check=False)
    lines = [line.rpartition("\x1b[K")[2] for line in done.stdout.replace("\r", "\n").split("\n")]
    assert any(line.startswith("Node node-c (containerd 1.6.20") for line in lines)
    assert [line for line in lines if len(line) > 80] == []


@pytest.fixture
def files(lab: Lab) -> Iterator[Path]:
    """A folder of our own below node-c's seccomp directory."""
    folder = lab.instance.seccomp_root("node-c") / "checknode"
    folder.mkdir()
    try:
        yield folder
    finally:
        for path in sorted(folder.rglob("*"), reverse=True):
            path.rmdir() if path.is_dir() and not path.is_symlink() else path.unlink()
        folder.rmdir()


def test_files_that_others_can_change(lab: Lab, files: Path) -> None:
    for name, mode, owner in (("open.json", 0o666, 0), ("group.json", 0o664, 0), ("foreign.json", 0o644, 4242)):
        (files / name).write_text('{"defaultAction": "SCMP_ACT_ERRNO", "syscalls": [{"names": ["read"], "action": "SCMP_ACT_ALLOW"}]}')
        (files / name).chmod(mode)
        os.chown(files / name, owner, 0)
    (files / "shared").mkdir()
    (files / "shared").chmod(0o777)
    done = lab.run("check", "node", "node-c", "-o", "json").json
    found = {(each["id"], each["severity"], each["reason"].split(" ")[0]) for each in done["findings"] if "checknode" in each["reason"]}
    assert found == {
        ("KS202", "high", "checknode/open.json"),
        ("KS202", "medium", "checknode/group.json"),
        ("KS202", "high", "checknode/shared"),
        ("KS203", "medium", "checknode/foreign.json"),
    }


def test_the_security_profiles_operators_own_files(lab: Lab, files: Path) -> None:
    link = files.parent / "operator"
    (OPERATOR / "shop").mkdir(parents=True)
    try:
        profile = OPERATOR / "shop" / "web.json"
        profile.write_text('{"defaultAction": "SCMP_ACT_ERRNO", "syscalls": [{"names": ["read"], "action": "SCMP_ACT_ALLOW"}]}')
        os.chown(profile, 65535, 65535)
        link.symlink_to(OPERATOR)
        done = lab.run("check", "node", "node-c", "-o", "json").json
    finally:
        link.unlink()
        (OPERATOR / "shop" / "web.json").unlink()
        (OPERATOR / "shop").rmdir()
        OPERATOR.rmdir()
    assert done["gaps"] == []
    (web,) = [file for file in done["nodes"][0]["files"] if file["name"] == "operator/shop/web.json"]
    assert (web["path"], web["state"], web["effect"], web["operator"]) == (str(profile), "present", "filter", True)
    assert web["owner"] == "65535:65535"
    assert [each for each in done["findings"] if "operator" in each["reason"]] == []
    assert done["gaps"] == []
    assert lab.probes() == []


def test_exactly_the_printed_rights_are_enough(lab: Lab) -> None:
    done = with_token(lab, account(lab, "nodes-enough", needed(lab)), "check", "node", "--all", "-o", "json")
    assert (done.json["gaps"], done.json["complete"]) == ([], True)


def test_who_may_not_list_pods_is_told_that_users_are_not_known(lab: Lab) -> None:
    roles = needed(lab)
    for role in roles:
        if role["kind"] == "ClusterRole":
            for rule in role["rules"]:
                if "pods" in rule["resources"]:
                    rule["resources"] = [each for each in rule["resources"] if each != "pods"]
            role["rules"] = [rule for rule in role["rules"] if rule["resources"]]
    done = with_token(lab, account(lab, "nodes-podless", roles), "check", "node", "node-c", "-o", "json")
    assert done.code == 3 or done.json["findings"]
    assert "containers and the users of profiles are not shown" in done.json["gaps"][0]["why"]
    assert {file["usedBy"] is None for file in done.json["nodes"][0]["files"]} == {True}


def test_a_cordoned_node_is_left_out_of_all_and_asked_when_it_is_named(lab: Lab) -> None:
    lab.kubectl("cordon", "node-e")
    try:
        everywhere = lab.run("check", "node", "--all", "-o", "json").json
        named = lab.run("check", "node", "node-e", "-o", "json").json
    finally:
        lab.kubectl("uncordon", "node-e")
    assert [gap["why"] for gap in everywhere["gaps"] if gap["where"] == "node/node-e"] == ["not asked: the node is cordoned"]
    left = next(entry for entry in everywhere["nodes"] if entry["name"] == "node-e")
    assert (left["answered"], left["files"], left["containers"], left["kubelet"]["seccompDefault"]) == (False, None, None, "on")
    assert named["nodes"][0]["answered"]
    assert named["gaps"] == []


def test_nothing_is_left(lab: Lab) -> None:
    until = time.monotonic() + 20
    while lab.probes() and time.monotonic() < until:
        time.sleep(0.5)
    assert lab.probes() == []
