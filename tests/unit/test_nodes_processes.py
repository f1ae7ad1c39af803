"""The probe's script, run by real shells over fake /proc trees: which processes belong to which container, and kubelets."""

from __future__ import annotations

import hashlib
import time
from pathlib import Path

import pytest

from kubectl_seccomp.nodes.answer import Audit, Kernel, Kubelet
from kubectl_seccomp.nodes.manifest import Wanted
from kubectl_seccomp.nodes.output import main_process, observed, sandboxes
from kubectl_seccomp.words import Observation
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
    "containerd systemd burstable hybrid": f"9:memory:/{SLICE}/cri-containerd-{{id}}.scope\n1:name=systemd:/\n0::/\n",
    "docker systemd v1": V1.format(f"{SLICE}/docker-{{id}}.scope"),
    "docker systemd v2 guaranteed": f"0::/kubepods.slice/kubepods-{POD.replace('-', '_')}.slice/docker-{{id}}.scope\n",
    "docker cgroupfs v2": f"0::/kubepods/burstable/{POD}/{{id}}\n",
    "CRI-O cgroupfs v2": f"0::/kubepods/besteffort/{POD}/crio-{{id}}\n",
    "CRI-O systemd v1": V1.format(f"{SLICE}/crio-{{id}}.scope"),
    "crun's own cgroup, cgroupfs": f"0::/kubepods/{POD}/crio-{{id}}/container\n",
    "a sibling in the reader's own pod": "0::/../cri-containerd-{id}.scope\n",
    "the same quality of service, cgroupfs": f"0::/../../{POD}/{{id}}\n",
    "systemd inside of crun's": f"0::/{SLICE}/crio-{{id}}.scope/container/init.scope\n",
    "a static pod": "0::/kubepods/burstable/pod7e2ab9cbd5a3c7c5a7a0e4f1e2d3c4b5/{id}\n",
    "no newline at the end": f"0::/kubepods/{POD}/{{id}}",
}


@pytest.fixture(params=SHELLS)
def node(tmp_path: Path, request: pytest.FixtureRequest) -> Node:
    return Node(tmp_path, request.param)


def test_every_form_of_cgroup(node: Node) -> None:
    ids = {form: hashlib.sha256(form.encode()).hexdigest() for form in CGROUPS}
    for pid, (form, container) in enumerate(ids.items(), 100):
        node.process(pid, CGROUPS[form].replace("{id}", container))
    node.process(99, CGROUPS["containerd cgroupfs v2"].replace("{id}", SANDBOX))
    found = {process.container: process.pid for process in node.ask(ids=(OTHER[::-1], *ids.values())).processes}
    assert {form: found.pop(container, None) for form, container in ids.items()} == {
        form: pid if CGROUPS[form].endswith("\n") else None for pid, form in enumerate(ids, 100)
    }
    assert found == {}


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


NAMES = ["a b", "a) R 1 (", "(((", ") ) )", "kubelet) S 9 9", "*", "-e x", "é", "\\n"]


def test_names_with_parentheses_and_spaces(node: Node) -> None:
    ids = [f"{number:064x}" for number in range(len(NAMES))]
    for number, comm in enumerate(NAMES):
        node.process(20 + number, f"0::/{ids[number]}\n", comm=comm, parent=120 + number, started=770 + number)
    found = {
        process.pid: (process.container, process.parent, process.started, process.mode)
        for process in node.ask(ids=tuple(ids)).processes
    }
    assert found == {20 + number: (ids[number], 120 + number, 770 + number, 2) for number in range(len(NAMES))}


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
    # Without stat or cgroup it is nobody's; without a name it still is its container's.
    assert {process.pid for process in node.ask(ids=(ID,)).processes} == {41, 43, 44, 50}


def test_of_each_container_only_its_oldest_process_is_told(node: Node) -> None:
    ids = tuple(f"{number:064x}" for number in range(3))
    for pid in range(100, 112):
        node.process(pid, f"0::/{SLICE}/cri-containerd-{ids[pid % 3]}.scope\n", started=10_000 - pid, parent=pid + 3)
    processes = node.ask(ids=ids).processes
    assert {process.container: process.pid for process in processes} == {ids[pid % 3]: pid for pid in (109, 110, 111)}
    assert len(processes) == 3


def test_of_several_from_the_same_tick_the_parent_decides(node: Node) -> None:
    for pid, parent in ((40, 42), (41, 40), (42, 5), (39, 42)):
        node.process(pid, f"0::/{ID}\n", started=500, parent=parent)
    node.process(43, f"0::/{ID}\n", started=501, parent=5)
    processes = node.ask(ids=(ID,)).processes
    assert [process.pid for process in processes] == [39, 40, 41, 42]
    main = main_process(processes, ID)
    assert main is not None
    assert main.pid == 42


UID = "8e0c2b41-1111-2222-3333-444455556666"
UNLISTED = {
    "containerd systemd v2": f"0::/{SLICE}/cri-containerd-{SANDBOX}.scope\n",
    "containerd cgroupfs v1": V1.format(f"kubepods/besteffort/{POD}/{SANDBOX}"),
    "CRI-O cgroupfs v2": f"0::/kubepods/{POD}/crio-{SANDBOX}\n",
    "containerd mixed drivers": f"0::/system.slice/containerd.service/{SLICE.rpartition('/')[2]}:cri-containerd:{SANDBOX}\n",
    "the same quality of service": f"0::/../../{POD}/{SANDBOX}\n",
}


def own(text: str, uid: str) -> str:
    """Return a cgroup of the pod UID as that of another pod."""
    return text.replace(UID, uid).replace(UID.replace("-", "_"), uid.replace("-", "_"))


def test_a_pods_sandbox_is_what_no_status_names(node: Node) -> None:
    uids = {form: f"{number}{UID[1:]}" for number, form in enumerate(UNLISTED)}
    for pid, (form, uid) in enumerate(uids.items(), 20):
        node.process(pid, own(UNLISTED[form], uid), comm="pause", started=50, status="Seccomp:\t0\n")
        node.process(pid + 20, own(UNLISTED[form], uid).replace(SANDBOX, OTHER), started=70)  # started since the pods were listed
    node.process(60, CGROUPS["containerd systemd v2"].replace("{id}", ID), started=60)
    answer = node.ask(ids=(ID,), wanted=Wanted(pods=(UID, *uids.values())))
    seen = sandboxes(answer.processes)
    assert {form: seen[uid].state for form, uid in uids.items() if uid in seen} == dict.fromkeys(UNLISTED, Observation.UNFILTERED)
    assert seen.keys() == set(uids.values())
    assert [process.container for process in answer.processes if process.pod is None] == [ID]


NO_SANDBOX = [
    f"0::/{SLICE}/crio-conmon-{SANDBOX}.scope\n",
    f"0::/{SLICE.replace('8e0c', 'ffff')}/cri-containerd-{SANDBOX}.scope\n",
    f"0::/{SLICE}\n",
    f"0::/{SLICE}/cri-containerd-{SANDBOX[:-1]}.scope\n",
    f"0::/system.slice/cri-containerd-{SANDBOX}.scope\n",
]


def test_what_is_no_sandbox_of_this_pod(node: Node) -> None:
    for pid, cgroup in enumerate(NO_SANDBOX, 20):
        node.process(pid, cgroup, comm="pause")
    assert node.ask(ids=(ID,), wanted=Wanted(pods=(UID, "$(id)", ""))).processes == ()


def test_the_kernel_and_audit(node: Node) -> None:
    kernel = node.top / "hostproc/sys/kernel/seccomp"
    kernel.mkdir(parents=True)
    (kernel / "actions_avail").write_text("kill_process errno log allow\n")
    (kernel / "actions_logged").write_text("kill_process log\n")
    (kernel.parent / "osrelease").write_text("6.18.44\n")
    (kernel.parent / "unprivileged_bpf_disabled").write_text("2\n")
    (node.top / "hostproc/self").mkdir()
    (node.top / "hostproc/self/loginuid").write_text("0")
    node.process(30, "0::/\n", comm="kauditd", command=())
    node.process(31, f"0::/{SLICE}/cri-containerd-{SANDBOX}.scope\n", comm="auditd")
    found = node.ask(wanted=Wanted(kernel=True)).kernel
    assert found is not None
    assert found.words("kernel/seccomp/actions_avail") == ("kill_process", "errno", "log", "allow")
    assert found.facts == {
        "kernel/seccomp/actions_avail": "kill_process errno log allow",
        "kernel/seccomp/actions_logged": "kill_process log",
        "kernel/osrelease": "6.18.44",
        "kernel/unprivileged_bpf_disabled": "2",
    }
    assert found.audit == Audit(built=True, thread=True, daemon=False)


def test_a_kernel_that_says_nothing(node: Node) -> None:
    assert node.ask(wanted=Wanted(kernel=True)).kernel == Kernel({}, Audit(False, False, False))
    assert node.ask().kernel is None


def test_many_ids_are_asked_at_once(node: Node) -> None:
    node.process(50, f"0::/{SLICE}/cri-containerd-{ID}.scope\n")
    ids = tuple(f"{number:064x}" for number in range(500))
    assert [process.container for process in node.ask(ids=(*ids, ID)).processes] == [ID]


def test_all_flags_of_a_kubelet_and_nothing_else(node: Node) -> None:
    flags = (
        "/usr/bin/kubelet", "--root-dir=/data/./kubelet/", "--seccomp-default", "--port=10255", "--config", "/etc/k.yaml",
        "--hostname-override=node-a", "--token=secret", "--v=2",
    )  # fmt: skip
    node.process(7, "0::/system.slice/kubelet.service\n", comm="kubelet", command=flags, parent=1)
    assert node.ask().kubelets == (Kubelet(7, "/data/kubelet", True, "node-a"),)
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
    node.process(9, f"0::/../../{POD}/{OTHER}\n", comm="kubelet", command=("kubelet", "--seccomp-default"))
    answer = node.ask(ids=(ID,))
    assert answer.kubelets == ()
    assert [process.pid for process in answer.processes] == [8]
