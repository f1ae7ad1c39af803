"""What can lie below a seccomp directory, and what can happen while it is read: no hang, no leftover, no wrong verdict."""

from __future__ import annotations

import hashlib
import json
import os
import subprocess
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.cluster.conftest import Lab
from tests.cluster.manifests.pods import container, localhost, pod

NODE = "node-c"
NAMESPACE = "probe-faults"
PROFILE = '{"defaultAction": "SCMP_ACT_ERRNO", "syscalls": [{"names": ["read"], "action": "SCMP_ACT_ALLOW"}]}'
# Where the kubelet rotates a container's log (containerLogMaxSize).
ROTATED = 10 * 1024 * 1024
# A run that waits for a file that never ends would take its whole --timeout.
SECONDS = 90.0


@pytest.fixture
def folder(lab: Lab) -> Iterator[Path]:
    """A folder of our own below the node's seccomp directory."""
    made = lab.instance.seccomp_root(NODE) / "faults"
    made.mkdir()
    try:
        yield made
    finally:
        subprocess.run(["rm", "-rf", str(made)], check=True)


@pytest.fixture(scope="module")
def namespace(lab: Lab) -> Iterator[str]:
    lab.kubectl("create", "namespace", NAMESPACE)
    until = time.monotonic() + 60
    while "default" not in lab.kubectl("get", "serviceaccounts", "-n", NAMESPACE, "-o", "name"):
        assert time.monotonic() < until
        time.sleep(0.2)
    try:
        yield NAMESPACE
    finally:
        lab.kubectl("delete", "namespace", NAMESPACE, "--wait=false")


def checked(lab: Lab, *words: str) -> Any:
    """Run `check node` and return its report; it must be quick, whole, and leave nothing."""
    begun = time.monotonic()
    done = lab.run("check", "node", NODE, "-o", "json", *words)
    assert time.monotonic() - begun < SECONDS
    assert done.json["nodes"][0]["answered"], done.json["gaps"]
    assert lab.probes() == []
    return done.json


def files(report: Any) -> dict[str, Any]:
    return {file["name"].removeprefix("faults/"): file for file in report["nodes"][0]["files"] if file["name"].startswith("faults/")}


def test_two_hundred_files_and_one_of_five_megabytes(lab: Lab, folder: Path) -> None:
    for number in range(200):
        (folder / f"{number}.json").write_text(f"{PROFILE}{' ' * number}")
    (folder / "large.json").write_bytes(b" " * 5_000_000 + PROFILE.encode())
    report = checked(lab)
    told = files(report)
    assert len(told) == 201
    for number in range(200):
        text = f"{PROFILE}{' ' * number}"
        assert (told[f"{number}.json"]["effect"], told[f"{number}.json"]["size"]) == ("filter", len(text))
        assert told[f"{number}.json"]["sha256"] == hashlib.sha256(text.encode()).hexdigest()
    large = told["large.json"]
    assert large["sha256"] == hashlib.sha256((folder / "large.json").read_bytes()).hexdigest()
    assert (large["state"], large["effect"]) == ("unreadable", None)
    assert "larger than the probe reads" in large["explanation"]
    assert report["nodes"][0]["filesComplete"]
    assert [gap["what"] for gap in report["gaps"] if "faults" in gap["why"]] == ["profile file"]


class LogWatch(threading.Thread):
    """Notes how large a probe's log becomes on the node while it is there."""

    def __init__(self, logs: Path) -> None:
        super().__init__(daemon=True)
        self.largest = 0
        self._logs = logs
        self._stop_now = threading.Event()

    def run(self) -> None:
        while not self._stop_now.is_set():
            for path in self._logs.glob("*_kubectl-seccomp-probe-*/probe/*.log"):
                try:
                    self.largest = max(self.largest, path.stat().st_size)
                except OSError:
                    continue
            time.sleep(0.02)

    def end(self) -> int:
        self._stop_now.set()
        self.join()
        return self.largest


def test_the_largest_answer_that_there_can_be_is_not_cut(lab: Lab, folder: Path) -> None:
    """More contents than are sent and more entries than are told, with the longest names."""
    for number in range(10):
        (folder / f"0{number}").write_bytes(b"x" * 1_000_000)
    deep = folder / "d"
    for _ in range(8):
        deep = deep / ("d" * 200)
    deep.mkdir(parents=True)
    for number in range(1_100):
        (deep / f"{number:04}{'n' * 240}").write_text(str(number))
    watch = LogWatch(lab.instance.home / NODE / "podlogs")
    watch.start()
    report = checked(lab, "--timeout", "80")
    largest = watch.end()
    assert 8_500_000 < largest < ROTATED
    assert not report["nodes"][0]["filesComplete"]
    assert "profile files" in {gap["what"] for gap in report["gaps"]}
    assert not any("cut" in gap["why"] for gap in report["gaps"])


def test_pipes_and_loops_are_told_and_nothing_waits_for_them(lab: Lab, folder: Path) -> None:
    os.mkfifo(folder / "pipe")
    os.mknod(folder / "device", 0o600 | 0o020000, os.makedev(1, 5))  # /dev/zero, which has no end
    (folder / "self").symlink_to("self")
    (folder / "a").symlink_to("b")
    (folder / "b").symlink_to("a")
    (folder / "above").symlink_to("..")
    (folder / "file.json").write_text(PROFILE)
    told = files(checked(lab))
    assert set(told) == {"pipe", "device", "self", "a", "b", "above", "file.json"}
    for name, why in (("pipe", "not a regular file"), ("device", "not a regular file"), ("self", "loop"), ("a", "loop"), ("b", "loop")):
        assert (told[name]["state"], told[name]["effect"], told[name]["sha256"]) == ("invalid", None, None)
        assert why in told[name]["explanation"]
    assert told["above"]["kind"] == "way"
    assert told["file.json"]["effect"] == "filter"


def test_a_pod_whose_profile_is_a_pipe_or_a_loop(lab: Lab, folder: Path, namespace: str) -> None:
    os.mkfifo(folder / "pipe")
    (folder / "loop").symlink_to("loop")
    names = ("pipe", "loop")
    for name in names:
        made = pod(name, NODE, profile=localhost(f"faults/{name}"))
        made["metadata"]["namespace"] = namespace
        lab.kubectl("create", "-f", "-", stdin=json.dumps(made))
    try:
        begun = time.monotonic()
        report = checked(lab)
        pods = lab.run("check", "pod", *names, "-n", namespace, "-o", "json").json["pods"]
        audited = lab.run("audit", "--verify", "-n", namespace, "-o", "json").json["pods"]
        assert time.monotonic() - begun < SECONDS
    finally:
        released(folder / "pipe")
        lab.kubectl("delete", "pod", *names, "-n", namespace, "--force", "--grace-period=0", "--wait=false")
    found = {(each["id"], each["severity"], each["reason"].split(": ")[0]) for each in report["findings"] if "faults" in each["reason"]}
    assert found == {("KS205", "high", "faults/pipe"), ("KS205", "high", "faults/loop")}
    for each in (*pods, *audited):
        (member,) = each["containers"]
        assert member["profileFile"]["state"] == "invalid", each["name"]
        assert member["observed"]["state"] != "filtered"
        assert "KS303" in member["findings"]
    assert lab.probes() == []


def released(pipe: Path) -> None:
    """Let the container runtime, which waits for somebody to write into its profile, read that there is nothing."""
    until = time.monotonic() + 5
    while time.monotonic() < until:
        try:
            os.close(os.open(pipe, os.O_WRONLY | os.O_NONBLOCK))
        except OSError:
            return
        time.sleep(0.1)


HOSTILE = [
    "new\nline.json", "\x1b[31mred.json", "\x1b]0;title\x07.json", "quo'te\".json", "-rf", "$(touch pwned)", "a b.json",
    "\u202eright.json", "*",
    "=1+1.json", "carriage\rreturn", "tab\t.json", "|pipe", "end 0123456789abcdef 1",
]  # fmt: skip


@pytest.mark.parametrize("output", ["table", "wide", "json", "yaml", "csv", "markdown"])
def test_no_byte_of_a_hostile_name_reaches_the_terminal(lab: Lab, folder: Path, output: str) -> None:
    for name in [*map(os.fsencode, HOSTILE), b"not\xffutf8.json"]:
        Path(os.fsdecode(os.fsencode(folder) + b"/" + name)).write_text("{}")
    done = lab.run("check", "node", NODE, "-o", output)
    for text in (done.stdout, done.stderr):
        assert [char for char in text if char != "\n" and not char.isprintable()] == []
    if output == "json":
        assert set(files(done.json)) == {*HOSTILE, "not\\xffutf8.json"}
        assert {file["effect"] for file in files(done.json).values()} == {"none"}
    if output in ("table", "wide"):
        assert "faults/\\x1b[31mred.json" in done.stdout
        assert "faults/new\\nline.json" in done.stdout


def test_containers_that_die_while_they_are_read(lab: Lab, namespace: str) -> None:
    """Each lives for a second or so, and is started again: it is seen filtered, or not seen, and never as something else."""
    names = [f"brief-{number}" for number in range(4)]
    for number, name in enumerate(names):
        body = container(command=["sleep", f"1.{number * 2}"], profile={"type": "RuntimeDefault"})
        made = pod(name, NODE, body)
        made["metadata"]["namespace"] = namespace
        lab.kubectl("create", "-f", "-", stdin=json.dumps(made))
    try:
        for _ in range(4):
            report = lab.run("audit", "--verify", "-n", namespace, "-o", "json").json
            for each in report["pods"]:
                (member,) = each["containers"]
                assert member["observed"]["state"] in ("filtered", "failed", "unchecked")
                assert member["verdict"] in ("proven", "unproven")
                assert (member["observed"]["state"] == "failed") is any(
                    gap["what"] == "observed mode" and each["name"] in gap["where"] for gap in report["gaps"]
                )
            nodes = checked(lab)
            assert nodes["nodes"][0]["containers"].get("failed", 0) == sum(
                gap["affects"] for gap in nodes["gaps"] if gap["what"] == "observed mode"
            )
    finally:
        lab.kubectl("delete", "pod", *names, "-n", namespace, "--force", "--grace-period=0", "--wait=false")
    assert lab.probes() == []
