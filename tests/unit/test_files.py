"""Manifests, dumps and broken input: what is read, what is a gap, and where it says the mistake is."""

from __future__ import annotations

import io
import json
import os
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kubectl_seccomp.files import read
from kubectl_seccomp.model import Fault, Gap
from kubectl_seccomp.pods import Pod, containers

POD = "apiVersion: v1\nkind: Pod\nmetadata: {name: %s}\nspec:\n  containers:\n  - name: c\n    image: x\n"


def obj(kind: str = "Pod", name: str = "a", **more: Any) -> dict[str, Any]:
    spec = {"containers": [{"name": "c", "image": "x"}]}
    body: dict[str, Any] = {"apiVersion": "v1", "kind": kind, "metadata": {"name": name}}
    match kind:
        case "Pod":
            body["spec"] = spec
        case "PodTemplate":
            body["template"] = {"spec": spec}
        case "CronJob":
            body["spec"] = {"jobTemplate": {"spec": {"template": {"spec": spec}}}}
        case _:
            body["spec"] = {"template": {"spec": spec}}
    return {**body, **more}


def split(found: list[Pod | Gap]) -> tuple[list[Pod], list[Gap]]:
    return [item for item in found if isinstance(item, Pod)], [item for item in found if isinstance(item, Gap)]


def text(data: str | bytes) -> tuple[list[Pod], list[Gap]]:
    return split(list(read(["-"], False, io.BytesIO(data.encode() if isinstance(data, str) else data))))


@pytest.mark.parametrize(
    "kind", ["Pod", "Deployment", "StatefulSet", "DaemonSet", "ReplicaSet", "ReplicationController", "Job", "CronJob", "PodTemplate"]
)
def test_every_kind_with_a_pod_template(kind: str) -> None:
    pods, gaps = text(json.dumps(obj(kind)))
    assert [(pod.kind, pod.name, len(list(containers(pod)))) for pod in pods] == [(kind, "a", 1)]
    assert gaps == []


@pytest.mark.parametrize("metadata", [{}, {"metadata": {"resourceVersion": ""}}])
@pytest.mark.parametrize("kind", ["List", "PodList"])
@pytest.mark.parametrize("form", ["json", "yaml"])
def test_lists_are_opened(kind: str, metadata: dict[str, Any], form: str) -> None:
    items = [obj(name="a"), obj(name="b")]
    if kind == "PodList":
        for item in items:
            del item["kind"]
    whole = {"apiVersion": "v1", "kind": kind, **metadata, "items": items}
    data = json.dumps(whole) if form == "json" else f"# a dump\n---\n{json.dumps(whole, indent=1)}"
    pods, gaps = text(data)
    assert [(pod.kind, pod.name) for pod in pods] == [("Pod", "a"), ("Pod", "b")]
    assert gaps == []


def test_a_bad_item_costs_only_itself() -> None:
    broken = obj(name="b", spec={"containers": "none"})
    pods, gaps = text(json.dumps({"kind": "List", "items": [obj(), broken, obj(name="c")]}))
    assert [pod.name for pod in pods] == ["a", "c"]
    assert [(gap.what, "item 2" in gap.where) for gap in gaps] == [("document", True)]


def test_a_broken_document_is_named_with_its_line_and_the_others_are_read() -> None:
    data = POD % "a" + "---\nkind: Pod\nspec: [\n---\n" + POD % "b"
    pods, gaps = text(data)
    assert [(pod.name, pod.document) for pod in pods] == [("a", 1), ("b", 3)]
    assert len(gaps) == 1
    assert gaps[0].where.startswith("-:")
    assert "(document 2)" in gaps[0].where
    line = int(gaps[0].where.split(":")[1].split(" ")[0])
    assert 8 <= line <= 11


def test_containers_know_their_line_in_the_file() -> None:
    data = "# head\n" + POD % "a" + "  - name: d\n---\n" + POD % "b"
    pods, _ = text(data)
    assert [member.line for pod in pods for member in containers(pod)] == [7, 9, 16]


def test_a_line_that_the_input_claims_is_not_believed() -> None:
    pods, gaps = text(POD % "a" + "    $line: 99\n")
    assert gaps == []
    assert [member.line for member in containers(pods[0])] == [6]


@pytest.mark.parametrize(
    ("document", "why"),
    [
        ("kind: Pod\nkind: Pod\n", "'kind' stands twice"),
        ("a: &a [1]\nb: &b [*a, *a]\nc: *c\n", "not valid YAML"),
        ("a: " + "[" * 200 + "]" * 200, "nested"),
        ("just text\n", "not an object"),
        ("metadata: {}\n", "has no kind"),
        ("kind: Pod\nspec: {containers: []}\n", "has no containers"),
        ("kind: Rollout\nspec: {template: {spec: {containers: [{name: c}]}}}\n", "kind Rollout is not known"),
        ("kind: Pod\nspec: {containers: [{name: [1]}]}\n", "Expected"),
        ("kind: Pod\nmetadata: {labels: {a: 1}}\nspec: {containers: [{name: c}]}\n", "Expected"),
    ],
)
def test_what_cannot_be_judged_is_a_gap(document: str, why: str) -> None:
    pods, gaps = text(document)
    assert pods == []
    assert why in gaps[0].why


def test_aliases_that_unfold_without_end_are_refused() -> None:
    lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x, x]"]
    lines += [f"a{level}: &a{level} [{', '.join([f'*a{level - 1}'] * 10)}]" for level in range(1, 9)]
    _, gaps = text("\n".join(lines))
    assert "unfold" in gaps[0].why


@pytest.mark.parametrize(
    ("scalar", "privileged"), [("yes", True), ("on", True), ("true", True), ("False", False), ("n", False), ("off", False)]
)
def test_scalars_are_those_of_kubernetes(scalar: str, privileged: bool) -> None:
    pods, gaps = text(POD % "a" + f"    securityContext: {{privileged: {scalar}}}\n")
    assert gaps == []
    assert [member.privileged for member in containers(pods[0])] == [privileged]


def test_dates_stay_text() -> None:
    pods, gaps = text((POD % "a").replace("{name: a}", "{name: a, annotations: {d: 2026-11-24, t: 12:30:45}}"))
    assert gaps == []
    assert pods[0].annotations == {"d": "2026-11-24", "t": "12:30:45"}


@pytest.mark.parametrize("data", ["", "# nothing\n", "kind: ConfigMap\n", '{"kind": "List", "items": []}', '{"kind": "Service"}'])
def test_nothing_to_audit_is_said(data: str) -> None:
    pods, gaps = text(data)
    assert pods == []
    assert "nothing in it can be audited" in gaps[-1].why


def test_other_kinds_beside_pods_are_no_gap() -> None:
    pods, gaps = text("kind: Service\n---\n" + POD % "a")
    assert len(pods) == 1
    assert gaps == []


def test_directories(tmp_path: Path) -> None:
    (tmp_path / "b.yaml").write_text(POD % "b")
    (tmp_path / "a.json").write_text(json.dumps(obj()))
    (tmp_path / "notes.txt").write_text("no")
    (tmp_path / "deep").mkdir()
    (tmp_path / "deep" / "c.yml").write_text(POD % "c")
    (tmp_path / "loop").symlink_to(tmp_path)
    os.mkfifo(tmp_path / "pipe.yaml")
    pods, gaps = split(list(read([str(tmp_path)], False, None)))
    assert [pod.name for pod in pods] == ["a", "b"]
    assert [gap.why for gap in gaps] == ["not a regular file"]
    pods, _ = split(list(read([str(tmp_path)], True, None)))
    assert [pod.name for pod in pods] == ["a", "b", "c"]


def test_a_path_that_does_not_exist_stops() -> None:
    with pytest.raises(Fault, match="does not exist"):
        list(read(["/nonexistent/x.yaml"], False, None))


def test_utf16_is_named() -> None:
    _, gaps = text("kind: Pod".encode("utf-16"))
    assert "UTF-16" in gaps[0].why


@given(st.binary(max_size=300))
def test_any_bytes_end_in_pods_and_gaps(data: bytes) -> None:
    found = list(read(["-"], False, io.BytesIO(data)))
    assert all(isinstance(item, Pod | Gap) for item in found)


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.text(max_size=5),
        lambda inner: (
            st.lists(inner)
            | st.dictionaries(st.sampled_from(["kind", "items", "spec", "template", "containers", "metadata", "name", "x"]), inner)
        ),
        max_leaves=20,
    )
)
def test_any_json_ends_in_pods_and_gaps(value: object) -> None:
    found = list(read(["-"], False, io.BytesIO(json.dumps(value).encode())))
    assert all(isinstance(item, Pod | Gap) for item in found)
