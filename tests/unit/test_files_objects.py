"""What is taken out of manifests and dumps: kinds, Lists, lines, and a gap for each object that cannot be audited."""

from __future__ import annotations

import io
import json
from pathlib import Path

import pytest

from kubectl_seccomp.files import read
from kubectl_seccomp.model import Gap, Profile
from kubectl_seccomp.pods import Pod, containers

FIXTURES = Path(__file__).parents[1] / "fixtures" / "files"


def from_fixture(name: str) -> list[Pod | Gap]:
    return list(read([str(FIXTURES / name)], False, None))


def from_stdin(data: bytes | str) -> list[Pod | Gap]:
    return list(read(["-"], False, io.BytesIO(data.encode() if isinstance(data, str) else data)))


def told(found: list[Pod | Gap]) -> list[str]:
    return [f"{item.where}: {item.why}" if isinstance(item, Gap) else f"{item.kind} {item.name}" for item in found]


def pods(found: list[Pod | Gap]) -> list[Pod]:
    assert [item for item in found if isinstance(item, Gap)] == []
    return [item for item in found if isinstance(item, Pod)]


def test_every_kind_that_holds_pods_is_read() -> None:
    found = pods(from_fixture("workloads.yaml"))
    kinds = ["Pod", "Deployment", "StatefulSet", "DaemonSet", "ReplicaSet", "ReplicationController", "Job", "CronJob", "PodTemplate"]
    assert [pod.kind for pod in found] == kinds
    assert [pod.name for pod in found] == [kind.lower() for kind in kinds]
    assert [pod.document for pod in found] == list(range(1, 10))
    assert all(pod.file == str(FIXTURES / "workloads.yaml") for pod in found)
    assert [pod.api_version for pod in found[:2]] == ["v1", "apps/v1"]


def test_containers_have_the_line_they_start_on() -> None:
    pod, deployment, stateful = pods(from_fixture("workloads.yaml"))[:3]
    assert [(item.name, item.type, item.line) for item in containers(pod)] == [
        ("first", "init", 8),
        ("sidecar", "sidecar", 10),
        ("main", "container", 14),
        ("debug", "ephemeral", 18),
    ]
    assert [item.line for item in containers(deployment)] == [29]
    assert [item.line for item in containers(stateful)] == [34]


def test_fields_and_annotations_arrive() -> None:
    pod, deployment = pods(from_fixture("workloads.yaml"))[:2]
    assert [item.privileged for item in containers(pod)] == [False, False, True, False]
    (container,) = containers(deployment)
    assert container.declared.container == Profile("Localhost", "p.json")
    assert container.declared.annotation == "unconfined"


def test_a_broken_document_is_named_and_the_others_are_read() -> None:
    path = FIXTURES / "broken.yaml"
    assert told(from_fixture("broken.yaml")) == [
        "Pod one",
        f"{path}:9 (document 2): not valid YAML: did not find expected ',' or '}}'",
        f'{path}:14 (document 3): not valid YAML: key "metadata" is there twice',
        f"{path}:16 (document 4): Pod four: spec.containers[0].securityContext.privileged must be a boolean, and is a string",
        "Pod five",
    ]
    last = from_fixture("broken.yaml")[-1]
    assert isinstance(last, Pod)
    assert last.document == 5
    assert [item.line for item in containers(last)] == [26]


def test_a_dump_is_read_item_by_item() -> None:
    path = FIXTURES / "dump.json"
    found = from_fixture("dump.json")
    assert told(found) == [
        "Pod a",
        f"{path} (item 2): Pod b: metadata.labels[...] must be a string, and is a number",
        "Pod d",
    ]
    first = found[0]
    assert isinstance(first, Pod)
    assert (first.metadata.namespace, first.spec.node_name, first.phase) == ("default", "node-a", "Running")
    assert (first.file, first.document) == (str(path), 1)


def test_lists_of_every_shape_are_opened() -> None:
    path = FIXTURES / "lists.yaml"
    found = from_fixture("lists.yaml")
    assert told(found) == [
        "Pod in-list",
        "Deployment nested",
        "Pod no-kind-of-its-own",
        f"{path}:26 (document 2, item 2): Pod bad: spec.containers must be a list, and is a string",
    ]
    assert [item.api_version for item in found if isinstance(item, Pod)] == ["v1", "apps/v1", "v1"]
    assert [item.line for pod in found if isinstance(pod, Pod) for item in containers(pod)] == [9, 18, 25]


@pytest.mark.parametrize("metadata", [{}, {"metadata": {}}, {"metadata": {"resourceVersion": ""}}])
@pytest.mark.parametrize("kind", ["List", "PodList"])
def test_lists_with_and_without_metadata_in_json_and_yaml(kind: str, metadata: dict[str, object]) -> None:
    pod = {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "p"}, "spec": {"containers": [{"name": "c"}]}}
    text = json.dumps({"apiVersion": "v1", "kind": kind, "items": [pod, pod], **metadata})
    assert told(from_stdin(text)) == ["Pod p", "Pod p"]
    assert told(from_stdin("--- # yaml now\n" + text)) == ["Pod p", "Pod p"]


def test_items_without_a_kind_take_it_from_a_typed_list_only() -> None:
    item = {"metadata": {"name": "p"}, "spec": {"containers": [{"name": "c"}]}}
    for kind, expected in (("PodList", "Pod p"), ("List", "- (item 1): has no kind")):
        text = json.dumps({"apiVersion": "v1", "kind": kind, "items": [item]})
        assert told(from_stdin(text)) == [expected]
        assert told(from_stdin("---\n" + text))[0].endswith(expected.split(": ")[-1])


def test_lists_in_lists_end_somewhere() -> None:
    text = '{"kind": "List", "items": [' * 7 + '{"kind": "Pod", "spec": {"containers": [{"name": "c"}]}}' + "]}" * 7
    assert told(from_stdin(text))[0].endswith("its lists are nested too deeply")


def test_kinds_that_run_containers_and_are_not_read_are_gaps() -> None:
    path = FIXTURES / "others.yaml"
    assert told(from_fixture("others.yaml")) == [
        f"{path}:1 (document 1): kind Rollout is not supported, and there are containers in it",
        f"{path}:6 (document 2): kind Service is not supported, and there are containers in it",
        f"{path}:11 (document 3): kind Job is not supported, and there are containers in it",
        f"{path}:31 (document 7): kind Workflow is not supported, and there are containers in it",
        f"{path}:36 (document 8): kind Task is not supported, and there are containers in it",
    ]


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("kind: Pod", "Pod has no containers"),
        ("kind: Pod\nmetadata: {name: p}\nspec: {containers: []}", "Pod p has no containers"),
        ("kind: Deployment\nmetadata: {name: d}\nspec: {template: null}", "Deployment d has no containers"),
        ("kind: Deployment\nspec: [1]", "Deployment has no containers"),
        ("kind: Pod\nspec: 5", "Pod: spec must be a mapping, and is a number"),
        ("kind: Pod\nspec: {containers: [null]}", "Pod: spec.containers[0] must be a mapping, and is null"),
        ("metadata: {name: x}", "has no kind"),
        ("kind: ''", "has no kind"),
        ("kind: yes", "has no kind"),
        ("just text", "is not an object"),
        ("- kind: Pod", "is not an object"),
        ("[]", "is not an object"),
        ("5", "is not an object"),
    ],
)
def test_objects_that_cannot_be_audited_are_gaps(text: str, why: str) -> None:
    (gap,) = from_stdin(text)
    assert isinstance(gap, Gap)
    assert gap.why == why


def test_long_names_do_not_make_long_gaps() -> None:
    (gap,) = from_stdin(f"kind: {'K' * 5000}\nspec: {{containers: [{{image: a}}]}}")
    assert isinstance(gap, Gap)
    assert len(gap.why) < 200
    (gap,) = from_stdin(f"kind: Pod\nmetadata: {{name: {'n' * 5000}}}")
    assert isinstance(gap, Gap)
    assert len(gap.why) < 200


@pytest.mark.parametrize("head", ["", "---\n"])
def test_a_null_is_an_empty_value(head: str) -> None:
    text = (
        '{"kind": "Pod", "metadata": {"name": "p", "labels": {"a": null}, "annotations": null}, '
        '"spec": {"initContainers": null, "containers": [{"name": "c", "image": null, "securityContext": null}]}}'
    )
    (pod,) = pods(from_stdin(head + text))
    (container,) = containers(pod)
    assert (container.name, container.image, container.line) == ("c", "", 2 if head else None)


@pytest.mark.parametrize("line", ["7", '"7"', "null", "[]"])
def test_no_input_can_set_a_line(line: str) -> None:
    text = f'{{"kind": "Pod", "spec": {{"$line": 3, "containers": [{{"name": "c", "$line": {line}}}]}}}}'
    assert [item.line for pod in pods(from_stdin(text)) for item in containers(pod)] == [None]
    assert [item.line for pod in pods(from_stdin("\n---\n" + text)) for item in containers(pod)] == [3]
    escaped = text.replace("$line", "\\u0024line")
    assert [item.line for pod in pods(from_stdin(escaped)) for item in containers(pod)] == [None]


POD = '{"kind": "Pod", "metadata": {"name": "%s"}, "spec": {"containers": [{"name": "c"}]}}'


def test_json_objects_one_after_the_other_are_a_stream() -> None:
    found = from_stdin("\ufeff" + POD % "a" + "\n" + POD % "b" + POD % "c" + " []\n")
    assert told(found) == ["Pod a", "Pod b", "Pod c", "- (document 4): is not an object"]
    assert [pod.document for pod in found if isinstance(pod, Pod)] == [1, 2, 3]


@pytest.mark.parametrize(
    "text",
    [
        POD % "a" + "\n---\n" + POD % "b" + "\n",
        "{kind: Pod, metadata: {name: a}, spec: {containers: [{name: c}]}}\n---\n" + POD % "b",
        "{'kind': 'Pod', metadata: {name: a}, spec: {containers: [{name: c}]}} # comment\n---\n" + POD % "b",
    ],
)
def test_what_begins_like_json_can_be_yaml(text: str) -> None:
    assert told(from_stdin(text)) == ["Pod a", "Pod b"]


def test_a_template_is_a_broken_document() -> None:
    (first, second) = told(from_stdin("{{- if .Values.on }}\nkind: Pod\n{{- end }}\n---\n" + POD % "b"))
    assert first == "-:1 (document 1): not valid YAML: a key is not a scalar"
    assert second == "Pod b"


def test_a_dump_that_was_cut_off_is_named_with_its_line() -> None:
    text = (FIXTURES / "dump.json").read_text()
    assert told(from_stdin(text[:400])) == [f"-:{text[:400].count(chr(10)) + 1} (document 1): not valid JSON: Input data was truncated"]


def test_bad_text_in_one_item_leaves_the_others() -> None:
    bad = (POD % "b").encode().replace(b'"b"', b'"\xff"')
    whole = b'{"kind": "List", "items": [' + (POD % "a").encode() + b"," + bad + b"," + (POD % "c").encode() + b"]}"
    first, gap, last = from_stdin(whole)
    assert told([first, last]) == ["Pod a", "Pod c"]
    assert isinstance(gap, Gap)
    assert gap.where == "- (item 2)"
    assert gap.why.startswith("not valid JSON: ")


def test_a_foreign_object_with_items_is_one_object() -> None:
    assert "1 object, and" in told(from_stdin('{"kind": "AllowList", "items": {"a": 1}}'))[0]
    assert "1 object, and" in told(from_stdin('{"kind": "Menu", "items": [{"kind": "Pod"}]}'))[0]


DEEP = '{"kind": "Pod", "metadata": {"name": "a"}, "spec": {"containers": [{"name": "c"}]}, "x": %s}'


@pytest.mark.parametrize("deep", ["[" * 100_000, '{"a":' * 100_000, DEEP % ("[" * 5_000 + "]" * 5_000)])
def test_deep_json_is_a_gap(deep: str) -> None:
    assert told(from_stdin(deep)) == ["-:1 (document 1): not valid JSON: it is nested too deeply"]


def test_json_that_is_not_too_deep_is_read() -> None:
    assert told(from_stdin(DEEP % ("[" * 500 + "]" * 500))) == ["Pod a"]
