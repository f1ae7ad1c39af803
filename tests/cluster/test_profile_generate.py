"""A profile made by `profile generate` of a recording of busybox: does that start, work and take execs under it, on each runtime?

tests/fixtures/recorded/busybox.strace was recorded of the busybox that is in the image, outside of any container.
"""

from __future__ import annotations

import json
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.cluster.conftest import Lab
from tests.cluster.manifests.pods import container, localhost, pod

RECORDED = Path(__file__).parents[1] / "fixtures" / "recorded" / "busybox.strace"
# runc 1.5.2 with containerd 2.4.2, runc 1.1.5 with containerd 1.6.20, CRI-O 1.36.3 with runc 1.5.2.
RUNTIMES = {"node-a": "runc@1.5", "node-c": "runc@1.1", "node-d": "runc@1.5"}
PROFILES = [*((node, "any") for node in RUNTIMES), *((node, "own") for node in RUNTIMES)]
WORK = ["sh", "-c", "cat /proc/self/status > /dev/null; sleep 99999"]


def name(node: str, which: str) -> str:
    return f"generated-{which}-{node[-1]}"


@pytest.fixture(scope="module")
def started(lab: Lab) -> Iterator[None]:
    """Start a pod under each profile on each node, with two containers: one with no_new_privs, one without."""
    files = {(node, which): lab.instance.seccomp_root(node) / "profiles" / f"{name(node, which)}.json" for node, which in PROFILES}
    items = []
    for (node, which), file in files.items():
        made = lab.run("profile", "generate", str(RECORDED), *(("--runtime", RUNTIMES[node]) if which == "own" else ()))
        assert made.code == 0, made.stderr
        file.write_text(made.stdout)
        privileges = {"plain": True, "nnp": False}
        members = [container(title, command=WORK, security={"allowPrivilegeEscalation": more}) for title, more in privileges.items()]
        items.append(pod(name(node, which), node, *members, profile=localhost(f"profiles/{file.name}")))
    names = [item["metadata"]["name"] for item in items]
    try:
        lab.kubectl("apply", "-f", "-", stdin=json.dumps({"apiVersion": "v1", "kind": "List", "items": items}))
        lab.kubectl("wait", "--for=condition=Ready", "--timeout=90s", *(f"pod/{each}" for each in names))
        yield
    finally:
        lab.kubectl("delete", "pod", *names, "--ignore-not-found", "--now", "--wait=false")
        for file in files.values():
            file.unlink()


@pytest.mark.parametrize("member", ["plain", "nnp"])
@pytest.mark.parametrize(("node", "which"), PROFILES)
@pytest.mark.usefixtures("started")
def test_the_program_starts_and_takes_exec_and_the_rest_is_refused(lab: Lab, node: str, which: str, member: str) -> None:
    shell = [
        "exec", name(node, which), "-c", member, "--", "sh", "-c",
        "grep ^Seccomp: /proc/self/status; sleep 0.1 && echo slept; chroot / true; unshare -U true; chmod 700 /tmp; :",
    ]  # fmt: skip
    done = subprocess.run(
        lab.instance.enter([lab.instance.binaries / "bin" / "kubectl", *shell]), env=lab.environment(None),
        capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip
    assert done.stdout.split() == ["Seccomp:", "2", "slept"], done.stderr
    assert "chroot: can't change root directory to '/': Operation not permitted" in done.stderr
    assert "unshare(0x10000000): Operation not permitted" in done.stderr
    assert "chmod: /tmp: Function not implemented" in done.stderr


@pytest.mark.usefixtures("started")
def test_check_pod_proves_it_and_finds_it_no_weaker_than_the_default(lab: Lab) -> None:
    done = lab.run("check", "pod", name("node-a", "any"), "-n", "default", "-o", "json")
    (checked,) = done.json["pods"]
    for found in checked["containers"]:
        strength = found["strength"]
        assert (found["verdict"], strength["beyondDefault"], strength["userNamespace"]) == ("proven", 0, False)
