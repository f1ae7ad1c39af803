"""The probe's pod asks for the least, and its questions survive the kubelet and the shell."""

from __future__ import annotations

import base64
import re
from typing import Any

import pytest
from msgspec import structs

from kubectl_seccomp.nodes.manifest import (
    NAME_PREFIX,
    SPO_DIRECTORY,
    VOLUME_SECCOMP,
    VOLUME_SPO,
    ProbeRequest,
    Wanted,
    environment,
    mounts_for,
    pod_name,
    probe_pod,
    questions,
)
from kubectl_seccomp.nodes.script import SCRIPT

REQUEST = ProbeRequest(
    "node-a", "kube-system", "kubectl-seccomp-probe-x", "docker.io/library/busybox:1.37", "0123456789abcdef",
    "/var/lib/kubelet", 90, 1_800_000_000, ("a" * 64,), ("web.json",), (VOLUME_SECCOMP, VOLUME_SPO),
)  # fmt: skip


def pod(request: ProbeRequest = REQUEST) -> Any:
    return probe_pod(request)


def expand(text: str, environment: dict[str, str]) -> str:
    """What the kubelet makes of $(NAME) and $$ in commands and values (kubernetes third_party/forked/golang/expansion)."""

    def one(match: re.Match[str]) -> str:
        if match[0] == "$$":
            return "$"
        return environment.get(match[1], match[0])

    return re.sub(r"\$\$|\$\(([^)]*)\)", one, text)


def test_the_pod_is_given_nothing_that_it_does_not_need() -> None:
    spec = pod()["spec"]
    assert spec["nodeName"] == "node-a"
    assert spec["restartPolicy"] == "Never"
    assert spec["activeDeadlineSeconds"] == 90
    assert spec["terminationGracePeriodSeconds"] == 0
    assert spec["automountServiceAccountToken"] is False
    assert spec["enableServiceLinks"] is False
    assert spec["tolerations"] == [{"operator": "Exists"}]
    assert not {"hostPID", "hostNetwork", "hostIPC", "serviceAccountName"} & spec.keys()
    container = spec["containers"][0]
    security = container["securityContext"]
    assert security["capabilities"] == {"drop": ["ALL"]}
    assert security["allowPrivilegeEscalation"] is False
    assert security["readOnlyRootFilesystem"] is True
    assert security["seccompProfile"] == {"type": "RuntimeDefault"}
    assert security["runAsUser"] == 0
    assert "privileged" not in security
    assert container["resources"].keys() == {"requests", "limits"}


@pytest.mark.parametrize("mounts", [(), (VOLUME_SECCOMP,), (VOLUME_SECCOMP, VOLUME_SPO)])
def test_every_mount_is_read_only_and_never_made_on_the_node(mounts: tuple[str, ...]) -> None:
    spec = pod(structs.replace(REQUEST, mounts=mounts))["spec"]
    assert [volume["name"] for volume in spec["volumes"]] == ["proc", *mounts]
    assert {volume["hostPath"]["type"] for volume in spec["volumes"]} == {"Directory"}
    assert all(mount["readOnly"] is True for mount in spec["containers"][0]["volumeMounts"])
    assert {mount["name"] for mount in spec["containers"][0]["volumeMounts"]} == {"proc", *mounts}


@pytest.mark.parametrize("root", ["/data/kubelet", "/data/kubelet/", "/data//./kubelet"])
def test_places_on_the_node(root: str) -> None:
    volumes = pod(structs.replace(REQUEST, root=root))["spec"]["volumes"]
    paths = {volume["name"]: volume["hostPath"]["path"] for volume in volumes}
    assert paths == {"proc": "/proc", "seccomp": "/data/kubelet/seccomp", "spo": SPO_DIRECTORY}
    assert environment(structs.replace(REQUEST, root=root))["ROOT"] == "/data/kubelet"


def test_the_pod_can_be_found_again() -> None:
    metadata = pod()["metadata"]
    assert metadata["labels"] == {
        "app.kubernetes.io/name": "kubectl-seccomp",
        "app.kubernetes.io/managed-by": "kubectl-seccomp",
        "kubectl-seccomp/run": "0123456789abcdef",
    }
    assert metadata["annotations"] == {"kubectl-seccomp/deadline": "1800000000"}


@pytest.mark.parametrize("node", ["a", "node-a", "ip-10-0-0-1.eu-west-1.compute.internal", "N" * 253, "ä.ö", "---"])
def test_a_pod_name_is_one_and_differs_by_node_and_run(node: str) -> None:
    name = pod_name(node, "0123456789abcdef")
    assert name.startswith(NAME_PREFIX)
    assert re.fullmatch(r"[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?", name)
    assert name != pod_name(node, "fedcba9876543210")
    assert name != pod_name(node + "x", "0123456789abcdef")


def test_the_kubelet_leaves_the_script_and_the_values_as_they_are() -> None:
    request = structs.replace(REQUEST, root="/odd/$(NONCE)/$$/$x")
    container = pod(request)["spec"]["containers"][0]
    seen: dict[str, str] = {}
    for entry in container["env"]:
        seen[entry["name"]] = expand(entry["value"], seen)
    assert seen == environment(request)
    assert [expand(word, seen) for word in container["command"]] == ["sh", "-c", SCRIPT, "probe", *questions(request)]


def test_questions_keep_their_order_and_their_bytes() -> None:
    paths = ("a.json", "b/../c.json", "./d//e.json/", "/f", "sp ace\n'\"$(x)`", "\x1b[31m", "-rf", "ü", "\udcff")
    asked = questions(structs.replace(REQUEST, ids=("1" * 64, "2" * 64), paths=paths))
    assert asked[:2] == ["i" + "1" * 64, "i" + "2" * 64]
    assert [base64.b64decode(word[1:]).decode("utf-8", "surrogatepass") for word in asked[2:]] == [
        "a.json", "c.json", "d/e.json", "f", "sp ace\n'\"$(x)`", "\x1b[31m", "-rf", "ü", "\udcff",
    ]  # fmt: skip
    assert {word[0] for word in asked[2:]} == {"p"}


@pytest.mark.parametrize("path", ["", "a\0b", "x" * 256, "/".join(["y" * 200] * 30)])
def test_names_that_no_file_can_have_are_not_looked_for(path: str) -> None:
    assert questions(structs.replace(REQUEST, ids=(), paths=("a", path, "b")))[1] == "x"


@pytest.mark.parametrize(
    ("paths", "mounts"),
    [
        ((), ()),
        (("web.json",), (VOLUME_SECCOMP,)),
        (("operator/ns/web.json",), (VOLUME_SECCOMP, VOLUME_SPO)),
        (("a", "./operator//x.json"), (VOLUME_SECCOMP, VOLUME_SPO)),
        (("operator",), (VOLUME_SECCOMP,)),
        (("operators/x.json",), (VOLUME_SECCOMP,)),
        (("x/operator/y.json",), (VOLUME_SECCOMP,)),
    ],
)
def test_only_the_directories_that_the_question_needs(paths: tuple[str, ...], mounts: tuple[str, ...]) -> None:
    assert mounts_for(paths) == mounts


@pytest.mark.parametrize(
    ("mounts", "absent", "expected"),
    [
        ((VOLUME_SECCOMP,), (), ""),
        ((VOLUME_SECCOMP, VOLUME_SPO), (), SPO_DIRECTORY),
        ((VOLUME_SECCOMP,), (VOLUME_SPO,), SPO_DIRECTORY),
    ],
)
def test_the_operators_directory_counts_when_it_is_mounted_or_known_to_be_absent(
    mounts: tuple[str, ...], absent: tuple[str, ...], expected: str
) -> None:
    assert environment(structs.replace(REQUEST, mounts=mounts, absent=absent))["SPO"] == expected


def test_what_is_asked_besides() -> None:
    uid = "8e0c2b41-1111-2222-3333-444455556666"
    wanted = Wanted(kernel=True, listing=True, pods=(uid, "7e2ab9cbd5a3c7c5a7a0e4f1e2d3c4b5", "no uid; id", ""))
    assert questions(structs.replace(REQUEST, ids=("ab",), paths=(), wanted=wanted)) == [
        "k", "l", "iab", f"u{uid}", f"u{uid.replace('-', '_')}", "u7e2ab9cbd5a3c7c5a7a0e4f1e2d3c4b5",
    ]  # fmt: skip
    assert questions(structs.replace(REQUEST, ids=(), paths=())) == []


@pytest.mark.parametrize(("paths", "listing", "expected"), [((), False, ()), ((), True, (VOLUME_SECCOMP,))])
def test_a_listing_needs_the_seccomp_directory(paths: tuple[str, ...], listing: bool, expected: tuple[str, ...]) -> None:
    assert mounts_for(paths, listing=listing) == expected
