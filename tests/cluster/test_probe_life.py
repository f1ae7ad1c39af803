"""No probe pod is left, however a run ends."""

from __future__ import annotations

import base64
import contextlib
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.cluster.conftest import LABEL, Lab
from tests.cluster.lab.start import certificate

ENDINGS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
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


# All three are handled by one function: each moment is tried with one of them, and the first with all.
@pytest.mark.parametrize(
    ("ending", "after"),
    [
        (signal.SIGINT, 0.0),
        (signal.SIGTERM, 0.0),
        (signal.SIGHUP, 0.0),
        (signal.SIGINT, 0.5),
        (signal.SIGTERM, 1.0),
        (signal.SIGHUP, 2.0),
    ],
)
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
    assert child.returncode in (0, 128 + ending)
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
    done = lab.run(*PROBED, "--image", "127.0.0.1:1/lab/absent:1", "-o", "json")
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


def test_a_namespace_whose_quota_leaves_no_room(lab: Lab) -> None:
    quota = {
        "apiVersion": "v1",
        "kind": "ResourceQuota",
        "metadata": {"name": "none", "namespace": "full"},
        "spec": {"hard": {"pods": "0"}},
    }
    space = {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "full"}}
    lab.kubectl("apply", "-f", "-", stdin=json.dumps({"apiVersion": "v1", "kind": "List", "items": [space, quota]}))
    until = time.monotonic() + 20
    while not lab.kubectl("get", "quota", "none", "-n", "full", "-o", "jsonpath={.status.hard}") and time.monotonic() < until:
        time.sleep(0.1)
    done = lab.run(*PROBED, "--probe-namespace", "full", "-o", "json")
    assert "quota" in done.json["gaps"][0]["why"]
    assert "--probe-namespace" in done.json["gaps"][0]["why"]
    assert done.code == 3


# A registry that takes a connection and never says a word.
SILENT = "import signal, socket; there = socket.create_server(('127.0.0.1', 5999)); print('ready', flush=True); signal.pause()"


@contextlib.contextmanager
def endless_pull(lab: Lab) -> Iterator[str]:
    """Yield an image whose pull does not end before this does."""
    with subprocess.Popen(lab.instance.enter([sys.executable, "-c", SILENT]), stdout=subprocess.PIPE, text=True) as registry:
        try:
            assert registry.stdout is not None
            assert registry.stdout.readline() == "ready\n"
            yield "127.0.0.1:5999/lab/absent:1"
        finally:
            registry.kill()


def test_a_killed_run_is_swept_up(lab: Lab) -> None:
    with endless_pull(lab) as image:
        child = subprocess.Popen(
            lab.command(*PROBED, "--image", image), env=lab.environment(None), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )
        until = time.monotonic() + 20
        while not lab.probes() and time.monotonic() < until:
            time.sleep(0.05)
        os.kill(child.pid, signal.SIGKILL)
        child.wait()
        assert len(lab.probes()) == 1
        listed = lab.run("list", "-n", "kube-system", "-o", "name")
        assert "kubectl-seccomp-probe-" in listed.stdout, "leftovers are audited like any pod"
        young = lab.run("cleanup")
        assert "its deadline is in" in young.stdout
        assert len(lab.probes()) == 1
    assert lab.run("cleanup", "--all").code == 0
    gone(lab)


@contextlib.contextmanager
def stopped(lab: Lab, node: str) -> Iterator[None]:
    """Stop a node's kubelet, as if the node no longer answered; afterwards it is ready again."""
    pid = int((lab.instance.home / "run" / f"kubelet-{node}.pid").read_text())
    os.kill(pid, signal.SIGSTOP)
    try:
        yield
    finally:
        os.kill(pid, signal.SIGCONT)
        lab.kubectl("wait", "--for=condition=Ready", f"node/{node}", "--timeout=60s")


def test_a_stopped_kubelet_is_a_gap_and_its_probe_is_gone(lab: Lab) -> None:
    with stopped(lab, "node-e"):
        done = lab.run("check", "pod", "unset-e", "--no-exec", "--timeout", "5", "-o", "json")
    why = " ".join(gap["why"] for gap in done.json["gaps"] if gap["what"] == "node probe")
    assert "no answer" in why
    assert done.json["pods"][0]["containers"][0]["observed"]["state"] != "filtered"
    assert lab.probes() == []


def test_a_node_that_stops_answering_loses_its_probe_by_force_and_a_gap_says_so(lab: Lab) -> None:
    with endless_pull(lab) as image:
        child = subprocess.Popen(
            lab.command("check", "pod", "unset-e", "--no-exec", "--timeout", "8", "--image", image, "-o", "json"),
            env=lab.environment(None), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        )  # fmt: skip
        until = time.monotonic() + 20
        started = "jsonpath={.items[*].status.startTime}"
        while not lab.kubectl("get", "pods", "-n", "kube-system", "-l", LABEL, "-o", started) and time.monotonic() < until:
            time.sleep(0.02)
        with stopped(lab, "node-e"):
            stdout, _ = child.communicate(timeout=90)
            assert lab.probes() == []
    why = " ".join(gap["why"] for gap in json.loads(stdout)["gaps"] if gap["what"] == "node probe")
    assert "removed by force" in why
    assert child.returncode in (1, 3)


# An admission webhook that takes its time: until it has answered, the POST of a pod has no answer either.
SLOW = """
import http.server, json, ssl, sys, time
crt, key, port, seen = sys.argv[1:]
class Handler(http.server.BaseHTTPRequestHandler):
    def do_POST(self):
        review = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        open(seen, "w").close()
        time.sleep(3)
        body = json.dumps({**review, "response": {"uid": review["request"]["uid"], "allowed": True}}).encode()
        self.send_response(200); self.send_header("Content-Length", str(len(body))); self.end_headers(); self.wfile.write(body)
    def log_message(self, *_): pass
server = http.server.ThreadingHTTPServer(("127.0.0.1", int(port)), Handler)
context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER); context.load_cert_chain(crt, key)
server.socket = context.wrap_socket(server.socket, server_side=True)
server.serve_forever()
"""


@pytest.fixture
def slow(lab: Lab, tmp_path: Path) -> Iterator[Path]:
    """Admit pods in namespace "slow" after three seconds; the file appears when a pod waits to be admitted."""
    pki, port, seen = lab.instance.pki, "9443", tmp_path / "seen"
    certificate(lab.instance, "webhook", "webhook", (), "IP:127.0.0.1")
    words: list[str | Path] = [sys.executable, "-c", SLOW, pki / "webhook.crt", pki / "webhook.key", port, seen]
    server = subprocess.Popen(lab.instance.enter(words))
    authority = base64.b64encode((pki / "ca.crt").read_bytes()).decode()
    hook = {
        "name": "slow.example.com",
        "clientConfig": {"url": f"https://127.0.0.1:{port}/", "caBundle": authority},
        "rules": [{"apiGroups": [""], "apiVersions": ["v1"], "operations": ["CREATE"], "resources": ["pods"]}],
        "namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": "slow"}},
        "sideEffects": "None",
        "admissionReviewVersions": ["v1"],
    }
    kind = {"apiVersion": "admissionregistration.k8s.io/v1", "kind": "ValidatingWebhookConfiguration"}
    items = [
        {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "slow"}},
        {**kind, "metadata": {"name": "slow"}, "webhooks": [hook]},
    ]
    try:
        lab.kubectl("apply", "-f", "-", stdin=json.dumps({"apiVersion": "v1", "kind": "List", "items": items}))
        yield seen
    finally:
        lab.kubectl("delete", "validatingwebhookconfiguration", "slow")
        server.terminate()
        server.wait()


@pytest.mark.parametrize("ending", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_between_the_post_and_its_answer(lab: Lab, slow: Path, ending: signal.Signals) -> None:
    child = subprocess.Popen(
        lab.command(*PROBED, "--probe-namespace", "slow"),
        env=lab.environment(None), stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip
    until = time.monotonic() + 20
    while not slow.exists() and time.monotonic() < until:
        time.sleep(0.05)
    assert slow.exists()
    child.send_signal(ending)
    time.sleep(0.5)
    child.send_signal(ending)
    _, stderr = child.communicate(timeout=60)
    assert child.returncode == 128 + ending
    assert "Traceback" not in stderr
    assert lab.probes() == []
    time.sleep(4)
    assert lab.probes() == [], "the server made the pod after all"


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
