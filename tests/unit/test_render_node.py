"""`check node` in every format: what a person reads at 80 columns, and what a program does."""

from __future__ import annotations

import csv
import json
from typing import Any

import pytest
import yaml
from msgspec import structs

from kubectl_seccomp.checks.node import findings
from kubectl_seccomp.facts import NodeFacts, Observed, ProfileFile
from kubectl_seccomp.model import Gap, Head, Scope, Tool
from kubectl_seccomp.node_report import node_report
from kubectl_seccomp.node_values import NodesReport, User
from kubectl_seccomp.nodes.answer import Answer, Audit, Entry, Kernel, Key, Kubelet, Listing, Root
from kubectl_seccomp.render import node as render
from kubectl_seccomp.render.text import display_width
from kubectl_seccomp.words import FileState, KubeletDefault, Observation

from .reports import HOSTILE

ROOT = "/var/lib/kubelet/seccomp"
HEAD = Head("2026-11-24T12:00:00Z", Tool("kubectl-seccomp", "0.1.0"), Scope("cluster", "lab", ["*"], None), "NodeReport")
FACTS = {"kernel/osrelease": "6.18.44", "kernel/seccomp/actions_avail": "kill_process errno log allow",
         "kernel/seccomp/actions_logged": "kill_process errno log"}  # fmt: skip


def entry(name: str, kind: str = "file", **facts: Any) -> Entry:
    plain = {"state": FileState.PRESENT, "path": f"{ROOT}/{name}", "sha256": "ab" * 32, "size": 120, "mode": "644", "owner": "0:0",
             "mtime": 1_790_000_000, "ctime": 1_790_000_001, "effect": "filter", "explanation": f"{ROOT}/{name}: it loads"}  # fmt: skip
    return Entry(name, kind, ProfileFile(**{**plain, **facts}))


ENTRIES = (
    entry("", "folder", state=FileState.NOT_APPLICABLE),
    entry("profiles", "folder", state=FileState.NOT_APPLICABLE, mode="777"),
    entry("profiles/custom-profile.json"),
    entry(
        "profiles/empty.json", effect="none", explanation=f"{ROOT}/profiles/empty.json: it holds no rules: containerd loads no filter"
    ),
    entry("profiles/log.json", forbids_nothing=True),
    entry("evil\x1b[31m\n\u202e.json", owner="1000:1000"),
)
USERS = (
    User("shop", "web-0", "app", "node-a", "profiles/empty.json", False),
    User("shop", "x", "c", "node-b", "profiles/empty.json", False),
)
ANSWER = Answer[Key](
    {}, {("u", "c"): Observed(Observation.FILTERED)}, kubelet=Kubelet(1, "/var/lib/kubelet", None, started=1_790_000_000),
    root=Root("/var/lib/kubelet", True, "flagz"), kernel=Kernel(FACTS, Audit(True, True, False)),
    listing=Listing(ENTRIES), sandboxes={"u": Observed(Observation.FILTERED)}, said=True,
)  # fmt: skip
NODE = NodeFacts("node-a", "linux", "amd64", "6.18.44", "v1.37.2", "containerd://2.4.2", KubeletDefault.OFF, "configz", False, False)


def report(*, answer: Answer[Key] = ANSWER, node: NodeFacts = NODE, gaps: tuple[Gap, ...] = ()) -> NodesReport:
    one = node_report(node, answer, USERS)
    return NodesReport(HEAD, (one,), findings(one), gaps)


def table(shown: NodesReport, *, wide: bool = False, width: int | None = 80) -> str:
    return "".join(render.table(shown, wide=wide, headers=True, width=width))


EXPECTED = """\
Node node-a (containerd 2.4.2, kubelet v1.37.2, amd64)
  Kernel     6.18.44, actions kill_process errno log allow; not logged: allow
  Audit      built into the kernel, kauditd seen, auditd not seen
  Kubelet    seccompDefault off (configz off, flagz off, command line off)
             running since 2026-09-21 14:13:20 UTC
             root /var/lib/kubelet (known: flagz)
  Default    RuntimeDefault as of containerd 2.3.7: lets 309 of 385 syscalls
             pass, and 3 depending on their arguments
  Containers 1 filtered
  Sandboxes  1 filtered
  Files      4 files in /var/lib/kubelet/seccomp, 3 of them unused

"""


def test_the_table_at_eighty_columns() -> None:
    text = table(report())
    assert text.startswith(EXPECTED)
    lines = text.removeprefix(EXPECTED).splitlines()
    assert lines[0].split() == ["STATE", "USED", "MODE", "OWNER", "SHA256", "NAME"]
    assert lines[1].split() == ["folder", "-", "777", "0:0", "abababababab", "profiles/"]
    (row,) = [line for line in lines if "profiles/empty" in line and "abababababab" in line]
    assert row.split()[:7] == ["no", "filter", "1", "(+1)", "644", "0:0", "abababababab"]
    assert all(display_width(line) <= 80 for line in text.splitlines())
    assert "KS204 critical " in text
    assert "- profiles/empty.json: it holds no rules: containerd loads no filter: used by\n" in text


def test_wide_has_everything_about_a_file() -> None:
    text = table(report(), wide=True, width=None)
    (row,) = [line for line in text.splitlines() if line.startswith("no filter")]
    assert "ab" * 32 in row
    assert "2026-09-21 14:13:20" in row
    assert "2026-09-21 14:13:21" in row
    assert f"{ROOT}/profiles/empty.json" in row
    assert row.endswith("shop/web-0/app")
    assert any(" .  " in line for line in text.splitlines())


@pytest.mark.parametrize("wide", [False, True])
def test_no_byte_of_the_node_reaches_the_terminal_raw(wide: bool) -> None:
    text = table(report(), wide=wide)
    assert "evil\\x1b[31m\\n\\u202e.json" in text
    assert all(char == "\n" or char.isprintable() for char in text)


@pytest.mark.parametrize("wide", [False, True])
def test_no_hostile_text_of_the_cluster_reaches_the_terminal_raw(wide: bool) -> None:
    node = NodeFacts(HOSTILE, HOSTILE, HOSTILE, HOSTILE, HOSTILE, f"containerd://{HOSTILE}", KubeletDefault.OFF, HOSTILE)
    users = (User(HOSTILE, HOSTILE, HOSTILE, HOSTILE, "profiles/empty.json", False),)
    one = node_report(node, structs.replace(ANSWER, root=Root("/var/lib/kubelet", True, HOSTILE)), users)
    shown = NodesReport(HEAD, (one,), findings(one), (Gap(HOSTILE, HOSTILE, HOSTILE),))
    for text in (table(shown, wide=wide), "".join(render.names(shown)), "".join(render.markdown(shown))):
        assert "機" in text
        assert all(char == "\n" or char.isprintable() for char in text)


def test_json_and_yaml_say_the_same() -> None:
    shown = report(gaps=(Gap("node probe", "node/x", "why"),))
    document = json.loads("".join(render.json(shown)))
    assert document == yaml.safe_load("".join(render.yaml(shown)))
    assert list(document) == ["apiVersion", "kind", "generatedAt", "tool", "scope", "nodes", "findings", "gaps", "complete"]
    assert (document["apiVersion"], document["kind"], document["complete"]) == ("kubectl-seccomp/v1", "NodeReport", False)
    assert document["nodes"][0]["files"][5]["name"] == "evil\x1b[31m\n\u202e.json"
    assert "\x1b" not in "".join(render.json(shown)) + "".join(render.yaml(shown))
    assert document["findings"][0]["subject"] == {"kind": "Node", "namespace": None, "name": "node-a", "container": None}


def test_csv_and_names() -> None:
    rows = list(csv.DictReader("".join(render.csv(report(), headers=True)).splitlines()))
    assert len(rows) == len(ENTRIES)
    assert rows[3]["usedBy"] == "shop/web-0/app"
    assert rows[3]["effect"] == "none"
    assert len("".join(render.csv(report(), headers=False)).splitlines()) == len(ENTRIES)
    assert list(render.names(report())) == ["node/node-a\n"]


def test_markdown_is_a_row_per_file() -> None:
    lines = "".join(render.markdown(report())).splitlines()
    assert lines[0].split() == ["|", "Node", "|", "State", "|", "Used", "|", "Mode", "|", "Owner", "|", "Sha256", "|", "Name", "|"]
    assert len(lines) == 2 + 5
    assert "evil\\\\x1b\\[31m" in lines[-1]


@pytest.mark.parametrize(
    ("answer", "told"),
    [
        (Answer(), "not looked at"),
        (structs.replace(ANSWER, listing=Listing(there=False)), "there is no directory /var/lib/kubelet/seccomp"),
        (structs.replace(ANSWER, listing=Listing(ENTRIES[:1])), "0 files in /var/lib/kubelet/seccomp"),
    ],
)
def test_a_node_with_nothing_to_show(answer: Answer[Key], told: str) -> None:
    text = table(report(answer=answer))
    assert f"  Files      {told}\n" in text
    assert "SHA256" not in text


def test_a_node_that_did_not_answer() -> None:
    text = table(report(answer=Answer(), node=NodeFacts("node-a"), gaps=(Gap("node probe", "node/node-a", "no answer"),)))
    assert "seccompDefault unknown (configz no answer, flagz no answer, command line no answer)" in " ".join(text.split())
    assert "Containers" not in text
    assert text.endswith("gap: node probe of node/node-a: no answer\n")
