"""One path over all nodes: rows, users, versions; and how they are printed."""

from __future__ import annotations

import json
from typing import Any

import msgspec
import pytest

from kubectl_seccomp.facts import NodeFacts, ProfileFile
from kubectl_seccomp.landing import Outcome
from kubectl_seccomp.model import Finding, Gap, Head, Owner, Scope, Subject, Tool
from kubectl_seccomp.pods import Pod, from_mapping
from kubectl_seccomp.profile_matrix import ProfileMatrix, matrix, nowhere, nowhere_at_all, uses, wrong_path
from kubectl_seccomp.render.json import encode
from kubectl_seccomp.render.matrix import finding_lines, record, summary, table
from kubectl_seccomp.render.query import query
from kubectl_seccomp.words import FileState, Severity

from .reports import HOSTILE

PATH = "p.json"
NODES = {name: NodeFacts(name, "linux", labels={"name": name}) for name in "abcd"}
HEAD = Head("2026-11-24T02:00:00Z", Tool("kubectl-seccomp", "0"), Scope("cluster", None, ["*"], None), kind="ProfileMatrix")


def pod(
    node: str | None,
    owner: str | None = None,
    name: str = "p",
    path: str = PATH,
    phase: str = "Running",
    namespace: str = "shop",
    **spec: Any,
) -> Pod:
    owners = [{"kind": owner, "name": name, "controller": True}] if owner else []
    security = {"seccompProfile": {"type": "Localhost", "localhostProfile": path}}
    made = from_mapping(
        {
            "kind": "Pod",
            "metadata": {"name": name, "namespace": namespace, "ownerReferences": owners},
            "spec": {"nodeName": node, "securityContext": security, "containers": [{"name": "c"}], **spec},
            "status": {"phase": phase},
        }
    )
    assert made is not None
    return made


def present(sha: str, effect: str = "filter", **more: Any) -> ProfileFile:
    return ProfileFile(FileState.PRESENT, f"/k/seccomp/{PATH}", sha * 64, 33, "0644", "0:0", 1764000000, effect=effect, **more)


MISSING = ProfileFile(FileState.MISSING, f"/k/seccomp/{PATH}")


def example(*pods: Pod, known: bool = True, **files: ProfileFile) -> ProfileMatrix:
    return matrix(PATH, NODES, files or {"a": present("1"), "b": MISSING, "c": present("2"), "d": present("1")}, pods, known)


@pytest.mark.parametrize(
    ("path", "why"),
    [
        ("profiles/app.json", None),
        ("a", None),
        (".", None),
        ("..a/b..", None),
        ("a/./b", None),
        (HOSTILE.replace("\x00", ""), None),
        ("", "it is empty"),
        ("/a", "it must be relative to the seccomp directory of the kubelet"),
        ("..", "it must not contain '..'"),
        ("a/../b", "it must not contain '..'"),
        ("a\0b", "it is not text"),
        ("a\udcffb", "it is not text"),
    ],
)
def test_paths_as_the_api_server_takes_them(path: str, why: str | None) -> None:
    assert wrong_path(path) == why


@pytest.mark.parametrize(
    ("asked", "used"),
    [
        (pod("a"), True),
        (pod("a", path="other.json"), False),
        (pod(None), True),
        (pod("a", phase="Succeeded"), False),
        (pod("a", phase="Failed"), False),
        (pod("a", "Job", phase="Failed"), True),
    ],
)
def test_who_uses_it(asked: Pod, used: bool) -> None:
    assert uses(asked, frozenset({PATH})) is used


def test_rows_tell_users_and_who_could_land() -> None:
    web = [pod("a", "ReplicaSet", "web"), pod("a", "ReplicaSet", "web"), pod("b", "ReplicaSet", "web")]
    found = example(*web, pod("c", name="alone"), pod(None, name="waits", nodeSelector={"name": "b"}))
    told = {
        row.name: ([user.owner.name for user in row.users], [user.owner.name for user in row.landing], row.eligible)
        for row in found.nodes
    }
    assert told == {
        "a": (["web"], [], True),
        "b": (["web"], ["waits"], True),
        "c": (["alone"], ["web"], True),
        "d": ([], ["web"], True),
    }
    assert found.users[0].pods == {"a": 2, "b": 1}
    assert found.versions == {"1" * 64: ("a", "d"), "2" * 64: ("c",)}


@pytest.mark.parametrize(("known", "eligible"), [(True, False), (False, None)])
def test_where_not_all_pods_are_known_nobody_is_not_said(known: bool, eligible: bool | None) -> None:
    found = example(known=known)
    assert {row.eligible for row in found.nodes} == {eligible}
    assert ("nobody uses it" in summary(found)) is known


def test_a_mirror_pod_stands_for_itself_and_stays() -> None:
    (user,) = example(pod("a", "Node", "static")).users
    assert (user.owner, sorted(user.now)) == (Owner("Pod", "static"), ["a"])


@pytest.mark.parametrize(
    ("files", "line"),
    [
        ({"a": present("1"), "b": present("1")}, "p.json: the same on 2 nodes (sha256 111111111111); nobody uses it."),
        ({"a": present("1"), "b": present("2"), "c": MISSING},
         "p.json: differs: 2 versions, 111111111111 on a, 222222222222 on b; missing on c; nobody uses it."),
        ({"a": MISSING, "b": MISSING}, "p.json: no node has it; nobody uses it."),
        ({"a": present("1", "none"), "b": present("1", forbids_nothing=True)},
         "p.json: the same on 2 nodes (sha256 111111111111); gives no filter on a; forbids nothing on b; nobody uses it."),
        ({"a": ProfileFile(FileState.INVALID, explanation="a directory"), "b": nowhere(NODES["b"])},
         "p.json: does not load on a; not known for b; nobody uses it."),
        ({"a": present("1"), "b": nowhere(NodeFacts("b", "windows"))},
         "p.json: the same on 1 node (sha256 111111111111); nobody uses it."),
    ],
    ids=["same", "differs", "nowhere", "no effect", "unknown", "windows"],
)  # fmt: skip
def test_one_line_says_what_it_comes_to(files: dict[str, ProfileFile], line: str) -> None:
    assert summary(matrix(PATH, NODES, files, ())) == line


@pytest.mark.parametrize(
    ("files", "pods", "known", "nowhere"),
    [
        ({"a": MISSING, "b": MISSING}, [], True, True),
        ({"a": MISSING, "w": ProfileFile(FileState.NOT_APPLICABLE)}, [], True, True),
        ({"a": MISSING, "b": present("1")}, [], True, False),
        ({"a": MISSING, "b": ProfileFile(FileState.UNCHECKED)}, [], True, False),
        ({"a": MISSING}, [pod("a")], True, False),
        ({"a": MISSING}, [], False, False),
        ({"w": ProfileFile(FileState.NOT_APPLICABLE)}, [], True, False),
        ({}, [], True, False),
    ],
    ids=["nowhere", "windows", "somewhere", "unchecked", "used", "pods unknown", "windows only", "no nodes"],
)
def test_a_path_is_nowhere_only_when_every_node_and_pod_says_so(
    files: dict[str, ProfileFile], pods: list[Pod], known: bool, nowhere: bool
) -> None:
    assert nowhere_at_all(matrix(PATH, NODES, files, pods, known)) is nowhere


def test_the_table_at_eighty_columns() -> None:
    found = example(pod("a", "ReplicaSet", "web"), pod("c", name="alone"))
    assert "".join(table([found], width=80)).splitlines() == [
        "NODE   STATE     HASH           LOADS    WORKLOADS",
        "a      present   111111111111   filter   shop/rs/web",
        "b      missing   -              -        could land: shop/rs/web",
        "c      present   222222222222   filter   shop/pod/alone; could land: shop/rs/web",
        "d      present   111111111111   filter   could land: shop/rs/web",
    ]


def test_wide_tells_owner_mode_and_time_and_several_paths_are_named() -> None:
    first, second = "".join(table([example(pod("a", "ReplicaSet", "web"))] * 2, wide=True)).splitlines()[:2]
    assert first.split()[:3] == ["PROFILE", "NODE", "STATE"]
    assert second.split() == [
        "p.json", "a", "present", "1" * 12, "filter", "0:0", "0644", "33", "2025-11-24", "16:00:00", "now",
        "/k/seccomp/p.json", "shop/rs/web",
    ]  # fmt: skip


def test_of_many_workloads_two_are_named_but_all_in_wide() -> None:
    many = [pod("a", "ReplicaSet", f"w{number}") for number in range(5)]
    narrow = "".join(table([example(*many, a=present("1"))], headers=False))
    assert "shop/rs/w0, shop/rs/w1 and 3 more" in narrow
    assert "shop/rs/w4" in "".join(table([example(*many, a=present("1"))], wide=True))


@pytest.mark.parametrize(
    ("file", "cell"),
    [
        (nowhere(NodeFacts("a", unaskable="the node is not ready")), "unchecked   -      -       (not asked: the node is not ready)"),
        (nowhere(NodeFacts("a")), "unchecked   -      -       (not asked)"),
        (nowhere(NodeFacts("a", "windows")), "-       -      -       (a Windows node has no seccomp)"),
        (ProfileFile(FileState.UNREADABLE, explanation="too large"), "unreadable   -      -       (too large)"),
    ],
)
def test_why_a_file_is_not_known_stands_in_its_row(file: ProfileFile, cell: str) -> None:
    assert "".join(table([example(a=file)])).splitlines()[1] == f"a      {cell}"


def test_hostile_text_is_written_out() -> None:
    nodes = {**NODES, HOSTILE: NodeFacts(HOSTILE, unaskable=HOSTILE)}
    files = {"a": present("1"), HOSTILE: nowhere(nodes[HOSTILE])}
    found = matrix(HOSTILE, nodes, files, [pod("a", name=HOSTILE, path=HOSTILE, namespace=HOSTILE)])
    shown = [
        "".join(table([found])),
        "".join(table([found, found], wide=True)),
        summary(found),
        "".join(finding_lines([finding(HOSTILE)], 9)),
        encode(document(found)),
    ]
    for text in shown:
        assert all(char.isprintable() or char == "\n" for char in text)


def finding(reason: str, name: str = "p") -> Finding:
    return Finding("KS306", "x", Severity.MEDIUM, Subject("Pod", "shop", name, "c"), reason, "", (), "")


def test_findings_are_told_once_for_all_pods_that_have_them() -> None:
    told = list(finding_lines([*(finding("r", f"p{number}") for number in range(6)), finding("s"), finding("t")], 2))
    assert told == [
        "medium: KS306 shop/p0, shop/p1, shop/p2 and 3 more: r",
        "medium: KS306 shop/p: s",
        "1 more finding (-o json shows all)",
    ]


def document(found: ProfileMatrix) -> dict[str, object]:
    return record(HEAD, [found], [finding("r")], (Gap("pods", "cluster", "forbidden"),))


def test_the_json_form() -> None:
    made = document(example(pod("a", "ReplicaSet", "web"), a=present("1")))
    assert list(made) == ["apiVersion", "kind", "generatedAt", "tool", "scope", "profiles", "findings", "gaps", "complete"]
    (profile,) = msgspec.json.decode(msgspec.json.encode(made["profiles"]))
    assert json.loads("".join(query("[gaps[0].why, findings[0].reason]")(made))) == ["forbidden", "r"]
    (row,) = profile["nodes"]
    assert (made["kind"], made["complete"], profile["path"], profile["versions"]) == ("ProfileMatrix", False, PATH, ["1" * 64])
    assert (row["name"], row["eligible"], row["lands"], row["loads"]) == ("a", True, "now", Outcome.FILTER)
    assert (row["profileFile"]["sha256"], row["profileFile"]["forbidsNothing"]) == ("1" * 64, False)
    assert profile["users"] == [
        {
            "namespace": "shop", "kind": "ReplicaSet", "name": "web", "container": "c", "pods": 1, "nodes": ["a"],
            "couldLand": {"now": ["a", "b", "c", "d"], "later": []},
        }
    ]  # fmt: skip
