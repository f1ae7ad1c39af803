"""The formats for programs: json as a contract, yaml as the same, csv, names, markdown, queries."""

from __future__ import annotations

import csv as csvlib
import io
import json as jsonlib
from typing import Any

import msgspec
import pytest
import yaml as yamllib
from hypothesis import given
from hypothesis import strategies as st

from kubectl_seccomp.fault import Fault
from kubectl_seccomp.model import Gap, Owner, PodReport, Report, Summary, Tail
from kubectl_seccomp.render import csv, json, markdown, names, query, yaml
from kubectl_seccomp.render.yaml import block, item

from . import reports

Loader: Any = getattr(yamllib, "CSafeLoader", yamllib.SafeLoader)  # they read the same, and this one soon
TAIL = Tail(Summary(0, 0, 0, {}, {}, {}), True, (), None)
ANY_TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=40)


def everything() -> Report:
    return reports.report(reports.everything(), *reports.GAPS)


def as_json(report: Report) -> dict[str, Any]:
    document: dict[str, Any] = jsonlib.loads("".join(json.render(report)))
    return document


def test_the_keys_of_the_contract() -> None:
    document = as_json(everything())
    assert list(document) == [
        "apiVersion",
        "kind",
        "generatedAt",
        "tool",
        "scope",
        "pods",
        "findings",
        "summary",
        "gaps",
        "complete",
    ]
    assert list(document["tool"]) == ["name", "version"]
    assert list(document["scope"]) == ["source", "context", "namespaces", "selector"]
    assert list(document["summary"]) == [
        "pods",
        "containers",
        "skipped",
        "effective",
        "observed",
        "findings",
        "ignored",
        "uncheckedFiles",
        "changed",
    ]
    assert list(document["gaps"][0]) == ["what", "where", "why", "affects"]
    assert list(document["findings"][0]) == ["id", "slug", "severity", "subject", "reason", "detail", "evidence", "remediation"]
    assert list(document["findings"][0]["subject"]) == ["kind", "namespace", "name", "container"]
    assert document["complete"] is False
    assert document["apiVersion"] == "kubectl-seccomp/v1"


def test_the_keys_of_a_pod() -> None:
    pod = as_json(everything())["pods"][4]
    assert list(pod) == ["apiVersion", "kind", "namespace", "name", "node", "owner", "file", "document", "pss", "containers"]
    assert pod["owner"] == {"kind": "Deployment", "name": "web"}
    assert list(pod["pss"]) == ["version", "baseline", "restricted"]
    assert list(pod["pss"]["baseline"]) == ["allowed", "detail"]
    assert [member["type"] for member in pod["containers"]] == ["init", "sidecar", "container"]


def test_the_keys_of_a_container() -> None:
    member = as_json(everything())["pods"][0]["containers"][0]
    assert list(member) == [
        "name", "type", "line", "image", "privileged", "declared", "effective", "profileFile", "observed", "verdict",
        "strength", "forecast", "findings",
    ]  # fmt: skip
    assert member["declared"] == {
        "container": {"type": "Localhost", "localhostProfile": "profiles/empty.json"},
        "pod": None,
        "annotation": None,
    }
    assert list(member["effective"]) == ["type", "localhostProfile", "decidedBy", "certainty", "explanation"]
    assert list(member["profileFile"])[:3] == ["state", "path", "sha256"]
    assert set(member["observed"]) >= {"state", "mode", "filters", "via", "explanation"}
    assert (member["verdict"], member["findings"]) == ("lost", ["KS302"])


def test_a_verdict_that_nobody_asked_for_is_null() -> None:
    member = as_json(everything())["pods"][4]["containers"][1]
    assert member["verdict"] is None
    assert member["profileFile"]["state"] == "unchecked"


def test_manifests_name_file_document_and_line() -> None:
    first, second = as_json(reports.report(reports.manifests(), source="files"))["pods"]
    assert (first["kind"], first["file"], first["document"], first["containers"][0]["line"]) == (
        "Deployment",
        "deploy/web.yaml",
        2,
        17,
    )
    assert (second["namespace"], second["node"], second["containers"][0]["line"]) == (None, None, None)


@pytest.mark.parametrize("pods", [[], [reports.pod("bare")]])
def test_lists_may_be_empty(pods: list[PodReport]) -> None:
    document = as_json(reports.report(pods))
    assert (document["findings"], document["gaps"], document["complete"]) == ([], [], True)
    assert [pod["containers"] for pod in document["pods"]] == [[] for _ in pods]
    assert yamllib.safe_load("".join(yaml.render(reports.report(pods)))) == document


def test_one_pod_and_one_finding_a_line() -> None:
    lines = "".join(json.render(everything())).splitlines()
    starts = [line for line in lines if line.startswith('{"apiVersion":"v1"')]
    assert len(starts) == len(reports.everything())
    assert sum(line.startswith('{"id":"KS') for line in lines) == 10


def test_batches_join_without_a_seam() -> None:
    pods = [reports.pod(f"p{number}", reports.container("c", reports.kubelet_only("node-a"))) for number in range(250)]
    document = as_json(reports.report(pods))
    assert [pod["name"] for pod in document["pods"]] == [pod.name for pod in pods]
    assert len(document["findings"]) == 250


def test_equal_ids_of_passing_decisions_are_not_mixed_up() -> None:
    """Decisions may be made anew for every pod; a freed one's id must not stand for its successor."""
    pods = (
        reports.pod(f"p{number}", reports.container("c", reports.decision(explanation=f"reason {number}"))) for number in range(300)
    )
    walked = msgspec.structs.replace(reports.report([]), pods=pods, findings=lambda: iter(()), tail=lambda: TAIL)
    document = as_json(walked)
    told = [pod["containers"][0]["effective"]["explanation"] for pod in document["pods"]]
    assert told == [f"reason {number}" for number in range(300)]


def test_yaml_and_query_say_what_json_says() -> None:
    document = as_json(everything())
    assert yamllib.safe_load("".join(yaml.render(everything()))) == document
    assert jsonlib.loads("".join(query.query("@")(everything()))) == document


PLAIN = [
    "", " ", "yes", "No", "null", "~", "1", "1e3", "0x1f", "1:20", "-", "- a", "a: b", "a #b", "a:", "#a", "'a'", '"', "\\",
    "a ", " a", "2026-11-24", "=", "<<", "*a", "&a", "!a", "%a", "@a", "`a", "{a}", "[a]", "a\nb", "\t", "é", "🚀", "\x85", "y",
    "TRUE",
]  # fmt: skip


def test_yaml_keeps_strings_strings() -> None:
    for text in PLAIN:
        assert yamllib.safe_load(block({"key": text, "list": [text]})) == {"key": text, "list": [text]}


@given(st.recursive(st.none() | st.booleans() | st.integers() | ANY_TEXT,
                    lambda inner: st.lists(st.dictionaries(st.sampled_from("abc"), inner, max_size=3), max_size=3)
                    | st.dictionaries(st.sampled_from("abc"), inner, max_size=3)))  # fmt: skip
def test_yaml_gives_any_record_back(value: object) -> None:
    assert yamllib.load(block({"key": value}), Loader) == {"key": value}
    assert yamllib.load(item(value), Loader) == [value]


@pytest.mark.parametrize("name", ["\x7f", "a\x1bb", "\x9b", "\u2028", "\u202e", "🚀\U000e0001"])
def test_a_name_of_few_bad_characters_is_visible_in_json(name: str) -> None:
    text = "".join(json.render(reports.report([reports.pod(name)])))
    assert text.replace("\n", "").isprintable()
    assert jsonlib.loads(text)["pods"][0]["name"] == name


@given(ANY_TEXT)
def test_json_gives_any_text_back_in_visible_characters(text: str) -> None:
    shown = json.encode({"key": text})
    assert jsonlib.loads(shown) == {"key": text}
    assert shown.isprintable()


@given(st.one_of(ANY_TEXT, st.tuples(st.sampled_from(["=", "+", "-", "@", " =", "\t=", "\r+", "＝"]), ANY_TEXT).map("".join)))
def test_csv_cells_are_inert_and_come_back(text: str) -> None:
    out = csv.cell(text)
    assert not out.lstrip().startswith(("=", "+", "-", "@", "\t", "\r", "＝", "|", "%"))
    assert list(csvlib.reader(io.StringIO(csv.written([[out, "x"]])))) == [[out, "x"]]


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        (None, ""),
        (True, "true"),
        (7, "7"),
        ("=1+1", "'=1+1"),
        ("  @SUM(A1)", "'  @SUM(A1)"),
        ("\tx", "'\\tx"),
        ("a-b", "a-b"),
        ("", ""),
    ],
)
def test_csv_cell(value: object, shown: str) -> None:
    assert csv.cell(value) == shown


def csv_rows(report: Report, **options: bool) -> list[dict[str, str]]:
    return list(csvlib.DictReader(io.StringIO("".join(csv.render(report, **options)))))


def test_csv_has_one_line_per_container_in_the_order_of_the_pods() -> None:
    rows = csv_rows(everything())
    expected = [(pod.name, member.name) for pod in reports.everything() for member in pod.containers]
    assert [(row["name"], row["container"]) for row in rows] == expected
    assert rows[0] | {"verdict": "lost", "profileFile": "present", "declaredBy": "container"} == rows[0]
    assert len(csv_rows(everything(), failing=True)) == 10
    assert "".join(csv.render(everything(), headers=False)).startswith("critical,default,Pod,empty-a")


def test_csv_of_many_pods_comes_in_chunks() -> None:
    pods = [reports.pod(f"p{number}", reports.container("c", reports.decision())) for number in range(450)]
    chunks = list(csv.render(reports.report(pods)))
    assert len(chunks) == 4
    assert "".join(chunks).count("\n") == 451


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        ({"failing": True}, ["pod/empty-a", "pod/default-b", "pod/local-b", "pod/unset-a", "daemonset.apps/agent",
                             "job.batch/nightly", "pod/etcd-node-a"]),
        ({"pods": True, "failing": True}, ["pod/empty-a", "pod/default-b", "pod/local-b", "pod/unset-a", "pod/agent-node-c",
                                           "pod/agent-node-d", "pod/agent-node-e", "pod/boxed", "pod/etcd-node-a"]),
    ],
)  # fmt: skip
def test_names(options: dict[str, bool], expected: list[str]) -> None:
    assert "".join(names.render(everything(), **options)).split() == expected


def test_the_same_name_in_two_namespaces_is_two_names() -> None:
    made = reports.container("c", reports.decision())
    pods = [reports.pod("x", made, namespace=space, owner=Owner("Rollout", "web")) for space in ("a", "b", "a")]
    assert list(names.render(reports.report(pods))) == ["rollout/web\n", "rollout/web\n"]


def test_markdown_of_nothing_and_of_failing_rows() -> None:
    assert len("".join(markdown.render(reports.report([]))).splitlines()) == 2
    assert len("".join(markdown.render(everything(), failing=True)).splitlines()) == 2 + 8


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ("summary.pods", 11),
        ("kind", "SeccompReport"),
        ("pods[?name=='empty-a'].containers[].verdict | [0]", "lost"),
        ("nothing.at.all", None),
        ("length(findings[?severity=='critical'])", 2),
        ("length(gaps)", len(reports.GAPS)),
        ("gaps[-1].why", "container is not running"),
        ("findings[?id=='KS105'].evidence[0] | [0]", "securityContext.seccompProfile: not set on container or pod"),
    ],
)
def test_query(expression: str, expected: object) -> None:
    assert jsonlib.loads("".join(query.query(expression)(everything()))) == expected


@pytest.mark.parametrize(
    ("expression", "told"),
    [
        ("pods[", "at its end"),
        ("pods..name", "at character 6"),
        ("a b", "at character 3"),
        ("a ! \x1b", "--query"),
        ("", "--query"),
        ("'", "--query"),
    ],
)
def test_a_bad_expression_is_a_usage_error_before_there_is_a_report(expression: str, told: str) -> None:
    with pytest.raises(Fault) as caught:
        query.query(expression)
    assert caught.value.code == 2
    assert told in caught.value.message
    assert caught.value.message.isprintable()
    assert caught.value.hint


@pytest.mark.parametrize("expression", ["length(`1`)", "nosuch(@)", "length()"])
def test_an_expression_that_does_not_fit_is_a_usage_error(expression: str) -> None:
    with pytest.raises(Fault) as caught:
        list(query.query(expression)(everything()))
    assert caught.value.code == 2
    assert caught.value.message.startswith("--query: ")


def test_an_endless_expression_is_a_usage_error() -> None:
    with pytest.raises(Fault) as caught:
        list(query.query("(" * 100_000)(everything()))
    assert caught.value.code == 2


def test_gaps_are_all_in_json() -> None:
    gaps = tuple(Gap("exec", f"pod/default/p{number}", "timeout") for number in range(30))
    assert len(as_json(reports.report([], *gaps))["gaps"]) == 30
