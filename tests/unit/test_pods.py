"""API objects -> pods and containers: names, annotations, rights, status and owner of what the API server sends."""

from __future__ import annotations

import msgspec
import pytest

from kubectl_seccomp.model import Declared, Owner, Profile
from kubectl_seccomp.objects import ApiPod, Metadata, PodSpec, PodStatus
from kubectl_seccomp.pods import (
    CONTAINER_ANNOTATION,
    MIRROR_ANNOTATION,
    POD_ANNOTATION,
    TEMPLATES,
    Container,
    Pod,
    Rights,
    container_id,
    containers,
    from_api,
    from_mapping,
    owner,
    runs,
    started_at,
)
from kubectl_seccomp.words import ContainerType

Json = dict[str, object]


def pod(metadata: Json | None = None, spec: Json | None = None, status: Json | None = None, **more: object) -> Pod:
    made = from_mapping({"apiVersion": "v1", "kind": "Pod", "metadata": metadata, "spec": spec, "status": status, **more})
    assert made is not None
    return made


def one(security: Json | None = None, status: Json | None = None, spec: Json | None = None) -> Container:
    member = {"name": "c", "securityContext": security}
    made = pod(spec={"containers": [member], **(spec or {})}, status={"containerStatuses": [{"name": "c", **(status or {})}]})
    (found,) = containers(made)
    return found


def workload(kind: str, template: Json, version: str = "") -> Json:
    inner: Json = template
    (group, *_), path = TEMPLATES[kind]
    for key in reversed(path):
        inner = {key: inner}
    return {"apiVersion": version or (f"{group}/v1" if group else "v1"), "kind": kind, "metadata": {"name": "w"}, **inner}


@pytest.mark.parametrize(
    ("profile", "file"),
    [
        (Profile("Localhost", "p.json"), "p.json"),
        (Profile("Localhost", ""), None),
        (Profile("Localhost"), None),
        (Profile("RuntimeDefault", "p.json"), None),
        (None, None),
    ],
)
def test_only_localhost_names_a_file(profile: Profile | None, file: str | None) -> None:
    assert Declared(profile).file == Declared(pod=profile).file == file
    assert Declared(Profile("Unconfined"), profile).file is None


def test_what_the_server_says_is_kept() -> None:
    api = ApiPod(Metadata(name="p"), PodSpec(node_name="n"), PodStatus(phase="Running"))
    assert from_api(api) == Pod("v1", "Pod", Metadata(name="p"), PodSpec(node_name="n"), PodStatus(phase="Running"))


def test_absent_parts_are_empty_ones() -> None:
    assert from_api(ApiPod()) == Pod("v1", "Pod", Metadata(), PodSpec())
    assert from_mapping({"kind": "Pod"}) == msgspec.structs.replace(pod(), api_version="")
    assert (pod().name, pod().annotations, pod().phase, pod().is_mirror) == ("", {}, "", False)
    assert from_api(ApiPod()).phase == ""


@pytest.mark.parametrize(
    ("metadata", "name"),
    [({"name": "web"}, "web"), ({"generateName": "web-"}, "web-"), ({"name": "web-1", "generateName": "web-"}, "web-1"), ({}, "")],
)
def test_name(metadata: Json, name: str) -> None:
    assert pod(metadata).name == name


def test_phase() -> None:
    assert pod(status={"phase": "Running"}).phase == "Running"


@pytest.mark.parametrize(("kind", "annotations", "mirror"), [("Pod", {MIRROR_ANNOTATION: "h"}, True), ("Pod", {"other": "h"}, False),
                                                             ("Deployment", {MIRROR_ANNOTATION: "h"}, False)])  # fmt: skip
def test_only_a_pod_is_a_mirror(kind: str, annotations: Json, mirror: bool) -> None:
    made = from_mapping({**workload(kind, {}), "metadata": {"name": "w", "annotations": annotations}})
    assert made is not None
    assert made.is_mirror is mirror


@pytest.mark.parametrize("kind", [kind for kind, (_, path) in TEMPLATES.items() if path])
def test_a_workload_is_its_template(kind: str) -> None:
    template: Json = {"metadata": {"annotations": {"a": "b"}}, "spec": {"containers": [{"name": "c"}]}}
    made = from_mapping({**workload(kind, template), "status": {"phase": "Running"}}, "w.yaml", 3)
    assert made is not None
    assert (made.kind, made.name, made.annotations, made.file, made.document) == (kind, "w", {"a": "b"}, "w.yaml", 3)
    assert [member.name for member in containers(made)] == ["c"]
    assert made.status is None
    empty = from_mapping(workload(kind, {}))
    assert empty is not None
    assert (empty.spec, empty.annotations) == (PodSpec(), {})


@pytest.mark.parametrize(
    ("version", "kind", "found"),
    [
        ("apps/v1", "Deployment", True),
        ("extensions/v1beta1", "Deployment", True),
        ("batch/v1", "Job", True),
        ("v1", "Pod", True),
        ("apps/v1", "Pod", False),
        ("v1", "Deployment", False),
        ("example.org/v1", "Deployment", False),
        ("example.org/apps/v1", "Deployment", False),
        (None, "Deployment", True),
        (7, "Deployment", True),
        ("v1", "Service", False),
        ("v1", None, False),
        ("v1", ["Pod"], False),
    ],
)
def test_a_kind_counts_in_its_own_group(version: object, kind: object, found: bool) -> None:
    made = from_mapping({"apiVersion": version, "kind": kind})
    assert (made is not None) is found
    assert made is None or made.api_version == str(version or "")


@pytest.mark.parametrize("template", [None, "text", ["list"], {"spec": None}])
def test_a_template_that_is_none(template: object) -> None:
    whole = {"apiVersion": "apps/v1", "kind": "Deployment", "metadata": None, "spec": template}
    made = from_mapping(whole)
    assert made is not None
    assert (made.metadata, made.spec) == (Metadata(), PodSpec())


@pytest.mark.parametrize("part", ["metadata", "spec", "status"])
def test_a_part_of_the_wrong_type_is_told(part: str) -> None:
    with pytest.raises(msgspec.ValidationError):
        pod(**{part: 7})  # type: ignore[arg-type]


def test_every_list_is_visited_in_order_with_its_type_and_status() -> None:
    spec: Json = {
        "initContainers": [{"name": "i", "image": "x"}, {"name": "s", "restartPolicy": "Always"}],
        "containers": [{"name": "c", "restartPolicy": "Always", "securityContext": {"privileged": True}}],
        "ephemeralContainers": [{"name": "e", "restartPolicy": "Always"}],
    }
    status: Json = {
        "initContainerStatuses": [{"name": "i", "containerID": "1"}],
        "containerStatuses": [{"name": "c", "containerID": "2"}],
        "ephemeralContainerStatuses": [{"name": "e", "containerID": "3"}],
    }
    found = list(containers(pod(spec=spec, status=status)))
    assert [(member.name, member.type, member.image, member.privileged) for member in found] == [
        ("i", ContainerType.INIT, "x", False),
        ("s", ContainerType.SIDECAR, "", False),
        ("c", ContainerType.CONTAINER, "", True),
        ("e", ContainerType.EPHEMERAL, "", False),
    ]
    assert [member.status.container_id if member.status else None for member in found] == ["1", None, "2", "3"]
    assert list(containers(pod())) == []


def test_what_is_declared() -> None:
    pod_profile, own = {"type": "RuntimeDefault"}, {"type": "Localhost", "localhostProfile": "p.json"}
    found = one({"seccompProfile": own}, spec={"securityContext": {"seccompProfile": pod_profile}})
    assert found.declared == Declared(Profile("Localhost", "p.json"), Profile("RuntimeDefault"))
    assert one(spec={"securityContext": {"seccompProfile": pod_profile}}).declared == Declared(None, Profile("RuntimeDefault"))
    assert one().declared == Declared()


@pytest.mark.parametrize(
    ("annotations", "value"),
    [
        ({}, None),
        ({"other": "x"}, None),
        ({POD_ANNOTATION: "p"}, "p"),
        ({CONTAINER_ANNOTATION + "c": "c"}, "c"),
        ({CONTAINER_ANNOTATION + "c": "", POD_ANNOTATION: "p"}, ""),
        ({CONTAINER_ANNOTATION + "d": "d"}, None),
    ],
)
def test_the_containers_annotation_goes_before_the_pods(annotations: Json, value: str | None) -> None:
    (found,) = containers(pod({"annotations": annotations}, {"containers": [{"name": "c"}]}))
    assert found.declared.annotation == value


CANNOT: Json = {"allowPrivilegeEscalation": False}


@pytest.mark.parametrize(
    ("security", "spec", "rights"),
    [
        (None, {}, Rights()),
        ({}, {}, Rights()),
        ({"capabilities": {"add": ["SYS_ADMIN"], "drop": ["ALL"]}}, {}, Rights(("SYS_ADMIN",), ("ALL",))),
        ({"capabilities": {}}, {}, Rights()),
        (None, {"hostUsers": False}, Rights(own_users=True)),
        (None, {"hostUsers": True}, Rights()),
        ({}, {"hostUsers": False}, Rights(own_users=True)),
        ({}, {"hostUsers": True}, Rights()),
        (CANNOT, {}, Rights()),
        (CANNOT | {"runAsUser": 0}, {}, Rights()),
        (CANNOT | {"runAsUser": 5}, {}, Rights(unprivileged=True)),
        (CANNOT | {"runAsNonRoot": True}, {}, Rights(unprivileged=True)),
        (CANNOT | {"runAsNonRoot": False}, {}, Rights()),
        (CANNOT | {"runAsUser": 5, "privileged": True}, {}, Rights()),
        ({"allowPrivilegeEscalation": True, "runAsUser": 5}, {}, Rights()),
        ({"runAsUser": 5}, {}, Rights()),
        (CANNOT, {"securityContext": {"runAsUser": 5}}, Rights(unprivileged=True)),
        (CANNOT, {"securityContext": {"runAsNonRoot": True}}, Rights(unprivileged=True)),
        (CANNOT | {"runAsUser": 0}, {"securityContext": {"runAsUser": 5}}, Rights()),
        (CANNOT | {"runAsNonRoot": False}, {"securityContext": {"runAsNonRoot": True}}, Rights()),
        (None, {"securityContext": {"runAsUser": 5}}, Rights()),
    ],
)
def test_rights(security: Json | None, spec: Json, rights: Rights) -> None:
    assert one(security, spec=spec).rights == rights


RUNNING: Json = {"state": {"running": {"startedAt": "1970-01-01T00:01:40Z"}}}


@pytest.mark.parametrize(
    ("status", "running", "started"),
    [
        ({}, False, None),
        ({"state": {}}, False, None),
        ({"state": {"waiting": {}}}, False, None),
        ({"state": {"terminated": {}}}, False, None),
        ({"state": {"running": {}}}, True, None),
        (RUNNING, True, 100),
    ],
)
def test_what_runs_and_since_when(status: Json, running: bool, started: int | None) -> None:
    found = one(status=status)
    assert (runs(found), started_at(found)) == (running, started)


def test_a_container_without_a_status_does_not_run() -> None:
    (found,) = containers(pod(spec={"containers": [{"name": "c"}]}))
    assert (runs(found), started_at(found), container_id(found)) == (False, None, None)


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("containerd://" + "a1" * 32, "a1" * 32),
        ("a1" * 32, "a1" * 32),
        ("containerd://" + "a" * 12, "a" * 12),
        ("containerd://" + "a" * 11, None),
        ("containerd://" + "a" * 129, None),
        ("containerd://" + "A" * 64, None),
        ("a://b://" + "c" * 64, "c" * 64),
        ("containerd://" + "a" * 64 + "\n", None),
        ("", None),
        (None, None),
    ],
)
def test_container_id(text: str | None, found: str | None) -> None:
    assert container_id(one(status={"containerID": text})) == found


def owned(kind: str, name: str, *, labels: Json | None = None, controller: bool | None = True) -> Pod:
    reference = {"kind": kind, "name": name, "controller": controller}
    return pod({"name": "p", "labels": labels, "ownerReferences": [{"kind": "Other", "name": "o"}, reference]})


HASH: Json = {"pod-template-hash": "5d4f"}


@pytest.mark.parametrize(
    ("made", "found"),
    [
        (pod({"name": "p"}), None),
        (owned("ReplicaSet", "web-5d4f", controller=None), None),
        (owned("ReplicaSet", "shop-web-5d4f", labels=HASH), Owner("Deployment", "shop-web")),
        (owned("ReplicaSet", "web-5d4f"), Owner("ReplicaSet", "web-5d4f")),
        (owned("ReplicaSet", "web-6666", labels=HASH), Owner("ReplicaSet", "web-6666")),
        (owned("ReplicaSet", "web5d4f", labels=HASH), Owner("ReplicaSet", "web5d4f")),
        (owned("StatefulSet", "db-5d4f", labels=HASH), Owner("StatefulSet", "db-5d4f")),
        (owned("Job", "nightly-29000000"), Owner("CronJob", "nightly")),
        (owned("Job", "nightly-2900000"), Owner("Job", "nightly-2900000")),
        (owned("Job", "nightly-50000000"), Owner("Job", "nightly-50000000")),
        (owned("Job", "-29000000"), Owner("Job", "-29000000")),
        (owned("Custom", "nightly-29000000"), Owner("Custom", "nightly-29000000")),
    ],
    ids=[
        "none",
        "no-controller",
        "deployment",
        "no-hash",
        "other-hash",
        "no-dash",
        "stateful",
        "cron",
        "short",
        "late",
        "nameless",
        "custom",
    ],
)
def test_owner(made: Pod, found: Owner | None) -> None:
    assert owner(made) == found
