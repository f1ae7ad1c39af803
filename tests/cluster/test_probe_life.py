"""No probe pod is left, however a run ends."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import time
from pathlib import Path

import pytest

from tests.cluster.conftest import Lab

PROBED = ("check", "pod", "distroless", "--no-exec")


def gone(lab: Lab, seconds: float = 30.0) -> None:
    """Assert that no probe pod is there, nor appears late."""
    until = time.monotonic() + seconds
    while lab.probes() and time.monotonic() < until:
        time.sleep(0.5)
    assert lab.probes() == []


def armed(pid: int) -> None:
    """Wait until the process handles SIGTERM: what comes before is the interpreter's own start."""
    until = time.monotonic() + 20
    while time.monotonic() < until:
        caught = next(line for line in Path(f"/proc/{pid}/status").read_text().splitlines() if line.startswith("SigCgt:"))
        if int(caught.split()[1], 16) >> (signal.SIGTERM - 1) & 1:
            return
        time.sleep(0.01)
    raise AssertionError("the run never began to handle signals")


@pytest.mark.parametrize("ending", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
@pytest.mark.parametrize("after", [0.0, 0.5, 1.0, 2.0])
def test_a_signal_at_any_moment(lab: Lab, ending: signal.Signals, after: float) -> None:
    child = subprocess.Popen(
        lab.command(*PROBED), env=lab.environment(None), stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True
    )
    armed(child.pid)
    time.sleep(after)
    child.send_signal(ending)
    time.sleep(0.2)
    child.send_signal(ending)
    _, stderr = child.communicate(timeout=90)
    # A second signal can still hit the interpreter while it ends, after everything is said and done.
    assert child.returncode in (0, 128 + ending, -ending)
    assert "Traceback" not in stderr
    assert lab.probes() == []


def test_a_closed_stdout(lab: Lab) -> None:
    reader, writer = os.pipe()
    os.close(reader)
    done = subprocess.run(
        lab.command(*PROBED), env=lab.environment(None), stdout=writer, stderr=subprocess.PIPE, text=True, timeout=90, check=False
    )
    os.close(writer)
    assert done.returncode == 141
    assert "Traceback" not in done.stderr
    assert lab.probes() == []


def test_an_image_that_cannot_be_pulled(lab: Lab) -> None:
    done = lab.run(*PROBED, "--image", "docker.io/lab/absent:1", "-o", "json")
    why = [gap["why"] for gap in done.json["gaps"] if gap["what"] == "node probe"]
    assert len(why) == 1
    assert "cannot be pulled" in why[0]
    assert "--image" in why[0]
    assert lab.probes() == []


def test_a_namespace_that_is_missing(lab: Lab) -> None:
    done = lab.run(*PROBED, "--probe-namespace", "absent")
    assert 'namespace "absent" not found' in " ".join((done.stdout + done.stderr).split())
    assert done.code == 3


def test_a_namespace_that_refuses_hostpath(lab: Lab) -> None:
    labels = {"pod-security.kubernetes.io/enforce": "restricted"}
    strict = {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "strict", "labels": labels}}
    lab.kubectl("apply", "-f", "-", stdin=json.dumps(strict))
    done = lab.run(*PROBED, "--probe-namespace", "strict", "-o", "json")
    assert "--probe-namespace" in done.json["gaps"][0]["why"]
    assert done.code == 3


def test_a_killed_run_is_swept_up(lab: Lab) -> None:
    child = subprocess.Popen(
        lab.command(*PROBED, "--image", "docker.io/lab/absent:2"),
        env=lab.environment(None), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    )  # fmt: skip
    until = time.monotonic() + 20
    while not lab.probes() and time.monotonic() < until:
        time.sleep(0.05)
    os.kill(child.pid, signal.SIGKILL)
    child.wait()
    assert len(lab.probes()) == 1
    listed = lab.run("list", "-n", "kube-system", "-o", "name")
    assert "kubectl-seccomp-probe-" in listed.stdout, "leftovers are audited like any pod"
    young = lab.run("cleanup")
    assert "still within its time" in young.stdout
    assert len(lab.probes()) == 1
    assert lab.run("cleanup", "--all").code == 0
    gone(lab)


def test_a_stopped_kubelet_is_a_gap_and_its_probe_is_gone(lab: Lab) -> None:
    title = "kubelet-node-e"
    pid = int((lab.instance.home / "run" / f"{title}.pid").read_text())
    os.kill(pid, signal.SIGSTOP)
    try:
        done = lab.run("check", "pod", "unset-e", "--no-exec", "--timeout", "5", "-o", "json")
    finally:
        os.kill(pid, signal.SIGCONT)
    why = " ".join(gap["why"] for gap in done.json["gaps"] if gap["what"] == "node probe")
    assert "no answer" in why or "force" in why
    assert done.json["pods"][0]["containers"][0]["observed"]["state"] != "filtered"
    assert lab.probes() == []


def test_an_api_server_that_restarts_in_the_middle(lab: Lab) -> None:
    from tests.cluster.lab.start import start_apiserver

    child = subprocess.Popen(
        lab.command(*PROBED, "-o", "json"), env=lab.environment(None), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    until = time.monotonic() + 20
    while not lab.probes() and time.monotonic() < until:
        time.sleep(0.05)
    lab.instance.stop("apiserver")
    start_apiserver(lab.instance)
    stdout, stderr = child.communicate(timeout=150)
    assert "Traceback" not in stderr
    assert json.loads(stdout)["kind"] == "SeccompReport"
    gone(lab)
