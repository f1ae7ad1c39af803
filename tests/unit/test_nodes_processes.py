"""The probe's script, run by real shells over fake /proc trees: which processes belong to which container, and kubelets."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from kubectl_seccomp.model import Observation
from kubectl_seccomp.nodes.output import Kubelet, main_process, observed
from tests.unit.probed import SHELLS, Node

ID = "4f2a" * 16
OTHER = "0bad" * 16
SANDBOX = "5a5a" * 16
POD = "pod8e0c2b41-1111-2222-3333-444455556666"
SLICE = "kubepods.slice/kubepods-burstable.slice/kubepods-burstable-pod8e0c2b41_1111_2222_3333_444455556666.slice"
V1 = "".join(
    f"{number}:{controller}:/{{0}}\n"
    for number, controller in enumerate(("freezer", "net_cls,net_prio", "cpu,cpuacct", "pids", "name=systemd"), 1)
)

# One text per runtime, driver and cgroup version, with {id} where the container's id stands.
CGROUPS = {
    "containerd systemd v2": f"0::/{SLICE}/cri-containerd-{{id}}.scope\n",
    "containerd cgroupfs v2": f"0::/kubepods/burstable/{POD}/{{id}}\n",
    "containerd guaranteed v2": f"0::/kubepods/{POD}/{{id}}\n",
    "containerd mixed drivers": f"0::/system.slice/containerd.service/{SLICE.rpartition('/')[2]}:cri-containerd:{{id}}\n",
    "containerd systemd v1": V1.format(f"{SLICE}/cri-containerd-{{id}}.scope"),
    "containerd cgroupfs v1": V1.format(f"kubepods/besteffort/{POD}/{{id}}"),
    "hybrid": f"1:name=systemd:/\n0::/lab/kubepods/{POD}/{{id}}\n",
    "only one controller": f"3:cpu:/\n2:pids:/kubepods/{POD}/{{id}}\n1:name=systemd:/system.slice\n",
    "CRI-O systemd v2": f"0::/{SLICE}/crio-{{id}}.scope\n",
    "CRI-O cgroupfs v1": V1.format(f"kubepods/besteffort/{POD}/crio-{{id}}"),
    "crun's own cgroup": f"0::/{SLICE}/crio-{{id}}.scope/container\n",
    "docker systemd": f"0::/{SLICE}/docker-{{id}}.scope\n",
    "docker cgroupfs": V1.format(f"kubepods/besteffort/{POD}/{{id}}"),
    "another cgroup namespace": f"0::/../../../{SLICE}/cri-containerd-{{id}}.scope\n",
    "systemd inside": f"0::/{SLICE}/cri-containerd-{{id}}.scope/init.scope\n",
    "docker inside": f"0::/{SLICE}/cri-containerd-{{id}}.scope/docker/{OTHER}\n",
    "kind": f"0::/kubelet.slice/kubelet-{SLICE}/cri-containerd-{{id}}.scope\n",
    "no newline at the end": f"0::/kubepods/{POD}/{{id}}",
}


@pytest.fixture(params=SHELLS)
def node(tmp_path: Path, request: pytest.FixtureRequest) -> Node:
    return Node(tmp_path, request.param)


def test_every_form_of_cgroup(node: Node) -> None:
    expected = {}
    for pid, text in enumerate(CGROUPS.values(), 100):
        container = f"{pid:064x}"
        if text.endswith("\n"):
            node.process(pid, text.replace("{id}", container))
            expected[container] = pid
    processes = node.ask(ids=(*expected, ID)).processes
    assert {process.container: process.pid for process in processes} == expected


ELSEWHERE = [
    f"0::/{SLICE}/crio-conmon-{ID}.scope\n",
    V1.format(f"kubepods/{POD}/crio-conmon-{ID}"),
    f"0::/{SLICE}/cri-containerd-{SANDBOX}.scope\n",
    f"0::/{SLICE}/cri-containerd-{ID}0.scope\n",
    f"0::/{SLICE}/cri-containerd-{ID[:-1]}.scope\n",
    "0::/\n",
    "",
    "0::/*\n",
]


def test_what_is_not_in_the_container(node: Node) -> None:
    for pid, cgroup in enumerate(ELSEWHERE, 10):
        node.process(pid, cgroup)
    assert node.ask(ids=(ID,)).processes == ()


def test_all_facts_of_a_process(node: Node) -> None:
    node.process(4711, f"0::/{ID}\n", parent=12, started=987654321)
    (process,) = node.ask(ids=(OTHER, ID)).processes
    assert (process.container, process.pid, process.parent, process.started) == (ID, 4711, 12, 987654321)
    assert (process.mode, process.filters, process.no_new_privs) == (2, 1, True)
    assert process.pids == (4711, 7)


def test_names_with_parentheses_and_spaces(node: Node) -> None:
    for pid, comm in enumerate(["a b", "a) R 1 (", "(((", ") ) )", "kubelet) S 9 9", "*", "-e x", "é", "\\n"], 20):
        node.process(pid, f"0::/{ID}\n", comm=comm, parent=12, started=77)
    processes = node.ask(ids=(ID,)).processes
    assert len(processes) == 9
    assert {(process.parent, process.started, process.mode) for process in processes} == {(12, 77, 2)}


STATUSES = [
    ("Seccomp:\t2\nSeccomp_filters:\t3\n", Observation.FILTERED, 2, 3),
    ("Seccomp:\t0\nSeccomp_filters:\t0\n", Observation.UNFILTERED, 0, 0),
    ("Seccomp:\t1\n", Observation.STRICT, 1, None),
    ("", Observation.FAILED, None, None),
]


def test_a_line_that_is_absent_is_not_a_zero(node: Node) -> None:
    ids = [f"{number:064x}" for number in range(len(STATUSES))]
    for pid, (container, (status, *_)) in enumerate(zip(ids, STATUSES, strict=True), 30):
        node.process(pid, f"0::/{container}\n", status=status)
    processes = node.ask(ids=tuple(ids)).processes
    seen = [observed(main_process(processes, container)) for container in ids]
    assert [(value.state, value.mode, value.filters) for value in seen] == [
        expected for _, *rest in STATUSES for expected in [tuple(rest)]
    ]
    assert {value.via for value in seen} == {"node"}


def test_processes_that_end_while_they_are_read(node: Node) -> None:
    files = ("stat", "status", "cgroup", "comm", "cmdline")
    for pid, name in enumerate(files, 40):
        (node.process(pid, f"0::/{ID}\n") / name).unlink()
    node.process(50, f"0::/{ID}\n")
    assert {process.pid for process in node.ask(ids=(ID,)).processes} == {41, 43, 44, 50}


def test_many_ids_are_asked_at_once(node: Node) -> None:
    node.process(50, f"0::/{SLICE}/cri-containerd-{ID}.scope\n")
    ids = tuple(f"{number:064x}" for number in range(2000))
    assert [process.container for process in node.ask(ids=(*ids, ID)).processes] == [ID]


def test_all_flags_of_a_kubelet_and_nothing_else(node: Node) -> None:
    flags = (
        "/usr/bin/kubelet", "--root-dir=/data/./kubelet/", "--seccomp-default", "--port=10255", "--config", "/etc/k.yaml",
        "--hostname-override=node-a", "--token=secret", "--v=2",
    )  # fmt: skip
    node.process(7, "0::/system.slice/kubelet.service\n", comm="kubelet", command=flags, parent=1)
    assert node.ask().kubelets == (Kubelet(7, "/data/kubelet", True, 1, 10255, "/etc/k.yaml", "node-a"),)
    assert b"secret" not in node.log()


def test_the_nodes_clock_and_when_its_kubelet_started(node: Node) -> None:
    (node.top / "hostproc/stat").write_text(f"cpu  1 2 3\nintr {'0 ' * 5000}\nctxt 9\nbtime 1780000000\nprocesses 5\n")
    node.process(7, "0::/system.slice/kubelet.service\n", comm="kubelet", command=("kubelet",), started=4299)
    before = int(time.time())
    answer = node.ask()
    assert answer.clock is not None
    assert answer.clock.boot == 1_780_000_000
    assert before <= answer.clock.now <= time.time()
    assert answer.kubelets[0].started == 1_780_000_042


# name, command line -> root directory and seccomp flag, or None for what is no kubelet
COMMANDS: list[tuple[str, tuple[str, ...], tuple[str, bool | None] | None]] = [
    ("kubelet", ("kubelet",), ("/var/lib/kubelet", None)),
    ("ld-linux", ("/opt/kubelet", "--root-dir", "/r"), ("/r", None)),
    ("hyperkube", ("/hyperkube", "kubelet", "--seccomp-default=false"), ("/var/lib/kubelet", False)),
    ("kubelet", ("kubelet", "--seccomp_default=1", "--root_dir=/a", "--root-dir=/b"), ("/b", True)),
    ("kubelet", ("kubelet", "--seccomp-default=perhaps", "--port=x"), ("/var/lib/kubelet", None)),
    ("kubelet", ("kubelet", "--root-dir", "--seccomp-default"), ("--seccomp-default", None)),
    ("kubelet", ("kubelet", "--", "--seccomp-default"), ("/var/lib/kubelet", None)),
    ("kubelet", ("kubelet", "--config", "/a b\x1b", "--root-dir="), ("/var/lib/kubelet", None)),
    ("vim", ("vim", "kubelet"), None),
    ("grep", ("grep", "-r", "kubelet", "--root-dir=/x"), None),
    ("kube-proxy", ("kube-proxy", "--root-dir=/var/lib/kubelet"), None),
    ("kubelet-wrapper", ("/bin/sh", "-c", "kubelet --root-dir=/x"), None),
    ("kubelet", (), None),
]


def test_what_is_a_kubelet(node: Node) -> None:
    for pid, (comm, command, _) in enumerate(COMMANDS, 7):
        node.process(pid, "0::/system.slice/x.service\n", comm=comm, command=command)
    found = {entry.pid: (entry.root, entry.seccomp_default) for entry in node.ask().kubelets}
    assert [found.get(pid) for pid in range(7, 7 + len(COMMANDS))] == [expected for *_, expected in COMMANDS]


def test_a_pod_cannot_pretend_to_be_the_kubelet(node: Node) -> None:
    node.process(7, f"0::/{SLICE}/cri-containerd-{OTHER}.scope\n", comm="kubelet", command=("kubelet", "--seccomp-default"))
    node.process(8, f"0::/{SLICE}/cri-containerd-{ID}.scope\n", comm="kubelet", command=("kubelet", "--seccomp-default"))
    answer = node.ask(ids=(ID,))
    assert answer.kubelets == ()
    assert [process.pid for process in answer.processes] == [8]
