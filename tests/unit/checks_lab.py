"""The nodes, RuntimeClasses and profile files that the fixtures of the checks run on, and the way from a fixture to findings."""

from __future__ import annotations

import hashlib
from functools import cache
from pathlib import Path

from msgspec import structs

from kubectl_seccomp.audit import Policy, audit
from kubectl_seccomp.facts import NodeFacts, Observed, ProfileFile
from kubectl_seccomp.file_problems import file_problems
from kubectl_seccomp.files import read
from kubectl_seccomp.model import ContainerReport, Evidence, Head, Scope, Tool
from kubectl_seccomp.pods import Pod, containers
from kubectl_seccomp.profiles.document import judge
from kubectl_seccomp.runtimes import parse
from kubectl_seccomp.words import FileState, KubeletDefault, Observation

FIXTURES = Path(__file__).parents[1] / "fixtures"
CHECKS = FIXTURES / "checks"
ROOT = "/var/lib/kubelet/seccomp"
ON, OFF, UNKNOWN = KubeletDefault.ON, KubeletDefault.OFF, KubeletDefault.UNKNOWN
NODES = {
    node.name: structs.replace(
        node, labels={"kubernetes.io/hostname": node.name, **({"seccomp": "default"} if node.default is ON else {})}
    )
    for node in (
        NodeFacts("node-on", "linux", runtime="containerd://2.4.2", default=ON, default_source="configz says true"),
        NodeFacts("node-off", "linux", runtime="containerd://2.4.2", default=OFF, default_source="configz says false, no flag"),
        NodeFacts("node-unknown", "linux", runtime="containerd://2.4.2", default_source="forbidden: get nodes/proxy"),
        NodeFacts("node-crio", "linux", runtime="cri-o://1.36.3", default=ON, default_source="configz says true"),
        NodeFacts("node-docker", "linux", runtime="docker://29.0.1", default=OFF, default_source="configz says false, no flag"),
        NodeFacts("node-windows", "windows", runtime="containerd://2.4.2"),
    )
}
HANDLERS = {"gvisor": "runsc", "confidential": "kata-qemu", "crun": "crun"}
SEEN = {
    "filtered": Observed(Observation.FILTERED, 2, 1, via="exec"),
    "unfiltered": Observed(Observation.UNFILTERED, 0, 0, via="exec"),
}


def fixture_file(path: str, node: NodeFacts) -> ProfileFile:
    """Return what a probe would say of a profile.

    tests/fixtures/seccomp is every node's seccomp directory, but for the files in seccomp-NODE.
    """
    own, there = FIXTURES / f"seccomp-{node.name}" / path, f"{ROOT}/{path}"
    here = own if own.exists() else FIXTURES / "seccomp" / path
    if here.is_dir():
        return ProfileFile(FileState.INVALID, there, explanation=f"{there}: it is a directory")
    if not here.exists():
        return ProfileFile(FileState.MISSING, there, explanation=f"{there}: there is no such file")
    raw = here.read_bytes()
    found = judge(raw, parse(node.runtime)[0].scheme)
    return ProfileFile(
        found.state,
        there,
        hashlib.sha256(raw).hexdigest(),
        len(raw),
        "0644",
        "0:0",
        1764000000,
        1764000000,
        found.effect,
        found.forbids_nothing,
        explanation=f"{there}: {found.why}",
        problems=file_problems(raw, node),
    )


@cache
def examine(path: Path, *, looked: bool = True) -> tuple[ContainerReport, ...]:
    """Return the containers of one fixture as the audit judges them.

    Pods come from a cluster (where node-unknown could not be asked for anything, its files neither), other kinds are
    manifests. What stands behind a dot in the file's name is what the kernel says of every container. Files and kernel are not
    asked unless `looked`.
    """
    pods = [pod for pod in read([str(path)], False, None) if isinstance(pod, Pod)]
    seen = SEEN.get(path.stem.partition(".")[2])
    evidence = Evidence(
        nodes=NODES,
        handlers=HANDLERS,
        files={
            (node.name, field.localhost_profile): fixture_file(field.localhost_profile, node)
            for pod in pods
            for member in containers(pod)
            if (field := member.declared.field) is not None and field.localhost_profile
            for node in NODES.values()
            if looked and node.name != "node-unknown"
        },
        observed={(pod.metadata.uid or "", member.name): seen for pod in pods for member in containers(pod) if seen and looked},
    )
    manifests = all(pod.kind != "Pod" for pod in pods)
    head = Head("2026-11-24T02:00:00Z", Tool("kubectl-seccomp", "0"), Scope("cluster", None, ["*"], None))
    report = audit(pods, evidence, Policy(manifests=manifests, verdicts=True), head)
    return tuple(member for pod in report.pods for member in pod.containers)
