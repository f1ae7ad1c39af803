"""What seccompDefault would change: who is told, what RuntimeDefault would refuse, and what is not known."""

from __future__ import annotations

import pytest
from msgspec import structs

from kubectl_seccomp.audit import Policy, audit
from kubectl_seccomp.facts import Forecast, NodeFacts
from kubectl_seccomp.model import Evidence, Head, Report, Scope, Tool
from kubectl_seccomp.pods import Pod, from_mapping
from kubectl_seccomp.render.forecast import changing, summary, table
from kubectl_seccomp.times import epoch
from kubectl_seccomp.words import KubeletDefault

from .reports import HOSTILE

HEAD = Head("2026-11-24T00:00:00Z", Tool("kubectl-seccomp", "0"), Scope("cluster", None, ["*"], None))
OFF, ON, UNKNOWN = KubeletDefault.OFF, KubeletDefault.ON, KubeletDefault.UNKNOWN
DEFAULT = {"seccompProfile": {"type": "RuntimeDefault"}}


def node(name: str = "n", default: KubeletDefault = OFF, runtime: str = "containerd://2.2.4") -> NodeFacts:
    return NodeFacts(name, "linux", "amd64", "6.1.0", runtime=runtime, default=default)


def pod(security: object = None, *, where: str | None = "n", **spec: object) -> Pod:
    member = {"name": "c", "securityContext": security or {}}
    made = from_mapping({"kind": "Pod", "metadata": {"name": "p"}, "spec": {"containers": [member], "nodeName": where, **spec}})
    assert made is not None
    return made


def report(subject: Pod, facts: NodeFacts | None = None, pool: frozenset[str] = frozenset()) -> Report:
    facts = facts or node()
    return audit([subject], Evidence({facts.name: facts}), Policy(what_if=pool, judge=False), HEAD)


def ahead(*arguments: object, **more: object) -> Forecast | None:
    (found,) = report(*arguments, **more).pods  # type: ignore[arg-type]
    return found.containers[0].decision.forecast


@pytest.mark.parametrize(
    ("subject", "facts", "pool", "changes"),
    [
        (pod(), node(), frozenset[str](), True),
        (pod(), node(), frozenset({"n"}), True),
        (pod(), node(), frozenset({"other"}), False),
        (pod(), node(default=ON), frozenset[str](), False),
        (pod(), node(default=UNKNOWN), frozenset[str](), True),
        (pod(DEFAULT), node(), frozenset[str](), False),
        (pod({"seccompProfile": {"type": "Unconfined"}}), node(), frozenset[str](), False),
        (pod({"privileged": True}), node(), frozenset[str](), False),
        (pod(securityContext=DEFAULT), node(), frozenset[str](), False),
        (pod(os={"name": "windows"}), node(), frozenset[str](), True),
        (pod(runtimeClassName="gvisor"), node(), frozenset[str](), False),
        (pod(where=None), node(), frozenset[str](), False),
    ],
    ids=["off", "pool", "other", "on", "unknown", "declared", "unconfined", "privileged", "by-pod", "os", "sandbox", "nowhere"],
)
def test_who_would_change(subject: Pod, facts: NodeFacts, pool: frozenset[str], changes: bool) -> None:
    assert (ahead(subject, facts, pool) is not None) == changes


def test_what_would_be_refused_is_what_the_node_s_runtime_refuses() -> None:
    new, old = ahead(pod()), ahead(pod(), node(runtime="containerd://1.7.27"))
    assert new is not None
    assert old is not None
    assert (new.variant, new.doubts, old.variant) == ("containerd 2.2.4", (), "containerd 1.7.13")
    assert new.refuses is not None
    assert old.refuses is not None
    # io_uring was taken out with 2.0 (facts of the tags: docs/data.md).
    assert {"io_uring_setup", "mount", "bpf"} <= set(new.refuses)
    assert "io_uring_setup" not in old.refuses
    assert new.limits is not None
    assert "clone" in new.limits


def test_capabilities_open_calls() -> None:
    plain, able = ahead(pod()), ahead(pod({"capabilities": {"add": ["SYS_ADMIN"]}}))
    assert plain is not None
    assert able is not None
    assert set(plain.refuses or ()) - set(able.refuses or ()) >= {"mount", "bpf", "unshare"}
    assert ("user-namespace" in plain.groups, "user-namespace" in able.groups) == (True, False)


def test_dropped_capabilities_close_calls() -> None:
    plain, poor = ahead(pod()), ahead(pod({"capabilities": {"drop": ["ALL"]}}))
    assert plain is not None
    assert poor is not None
    assert set(poor.refuses or ()) - set(plain.refuses or ()) == {"chroot"}


@pytest.mark.parametrize(
    ("started", "doubts"),
    [
        ("2026-11-24T12:00:00Z", ()),
        ("2026-11-24T11:59:59Z", ("it may have it already: it was created before this run of its kubelet",)),
    ],
    ids=["since", "before"],
)
def test_a_container_from_before_its_kubelet_may_have_the_default_already(started: str, doubts: tuple[str, ...]) -> None:
    kubelet = structs.replace(node(), kubelet_started=epoch("2026-11-24T12:00:00Z"))
    status = {"containerStatuses": [{"name": "c", "state": {"running": {"startedAt": started}}}]}
    spec = {"containers": [{"name": "c"}], "nodeName": "n"}
    made = from_mapping({"kind": "Pod", "metadata": {"name": "p"}, "spec": spec, "status": status})
    assert made is not None
    found = ahead(made, kubelet)
    assert found is not None
    assert found.doubts == doubts


@pytest.mark.parametrize(
    ("facts", "told"),
    [
        (node(runtime="containerd://9.0.0"), "not known here"),
        (node(runtime="lima://1.0"), "not known"),
        (NodeFacts("n", "linux", runtime="containerd://2.2.4", default=OFF), "not known"),
    ],
    ids=["version", "runtime", "architecture"],
)
def test_what_is_not_known_is_no_number(facts: NodeFacts, told: str) -> None:
    found = ahead(pod(), facts)
    assert found is not None
    assert found.refuses is None or found.doubts
    assert told in (found.unknown or " ".join(found.doubts))


def test_a_default_that_is_not_known_is_a_doubt_below_the_table() -> None:
    made = report(pod(), node(default=UNKNOWN))
    rows = changing(made)
    head, row = "".join(table(rows, headers=True, width=None)).splitlines()
    assert head.split()[:6] == ["NAMESPACE", "WORKLOAD", "CONTAINER", "NOW", "REFUSED", "LIMITED"]
    assert row.split()[2:4] == ["c", "Unknown"]
    told = list(summary(made.tail(), rows))
    assert told[0].startswith("1 container would get RuntimeDefault")
    assert told[1] == "not certain for pod/p: it may have it already: its node's default is not known"


@pytest.mark.parametrize("ahead", [Forecast(doubts=(HOSTILE,)), Forecast(unknown=HOSTILE)], ids=["doubt", "unknown"])
def test_no_hostile_text_reaches_a_terminal(ahead: Forecast) -> None:
    made = report(pod())
    (row,) = changing(made)
    row.decision = structs.replace(row.decision, forecast=ahead)
    text = "\n".join(summary(made.tail(), [row]))
    assert text.replace("\n", "").isprintable()
    assert "機" in text


def test_nothing_that_would_change_is_said() -> None:
    made = report(pod(DEFAULT))
    rows = changing(made)
    assert (list(table(rows, headers=True, width=80)), list(summary(made.tail(), rows))) == ([], ["No container would change."])
