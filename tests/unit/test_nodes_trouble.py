"""Each way in which a probe gives no answer has its sentence, with the option that helps."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from kubectl_seccomp.nodes.manifest import VOLUME_SECCOMP, VOLUME_SPO, ProbeRequest
from kubectl_seccomp.nodes.trouble import failed, incomplete, missing_volumes, refused, stuck, unanswered, wrong_clock
from kubectl_seccomp.objects import ApiPod

REQUEST = ProbeRequest("node-a", "kube-system", "probe", "busybox:1", "n", "/var/lib/kubelet", 90, 0)
# As kubelet 1.37 words it.
NO_SECCOMP = (
    'MountVolume.SetUp failed for volume "seccomp" : hostPath type check failed, /r/seccomp is not a directory,'
    ' unable to determine its type: path "/r/seccomp" does not exist'
)


def pod(**status: Any) -> ApiPod:
    return msgspec.convert({"status": status}, ApiPod)


def container(**state: Any) -> dict[str, Any]:
    return {"containerStatuses": [{"name": "probe", "state": state}]}


@pytest.mark.parametrize(
    ("status", "message", "expected"),
    [
        (404, 'namespaces "kube-system" not found', 'namespace "kube-system" not found: name another one with --probe-namespace'),
        (403, 'pods "p" is forbidden: violates PodSecurity "baseline:latest": hostPath volumes', "--probe-namespace"),
        (403, 'pods "p" is forbidden: exceeded quota: q, requested: pods=1', "the quota of namespace"),
        (403, "unable to create new content in namespace kube-system because it is being terminated", "is being removed"),
        (403, 'User "u" cannot create resource "pods"', "the probe pod was refused: WHY"),
        (400, 'admission webhook "w" denied the request: no', "the probe pod was refused: WHY"),
        (422, "Pod is invalid", "the probe pod was refused: WHY"),
        (500, "failed calling webhook", "could not be created: WHY"),
        (0, "no answer", "could not be created: WHY"),
    ],
)
def test_a_refused_post(status: int, message: str, expected: str) -> None:
    assert expected in refused(status, message, "WHY", REQUEST)


@pytest.mark.parametrize(
    "reason", ["ErrImagePull", "ImagePullBackOff", "InvalidImageName", "ErrImageNeverPull", "ImageInspectError", "RegistryUnavailable"]
)
def test_an_image_that_cannot_be_had(reason: str) -> None:
    said = stuck(pod(**container(waiting={"reason": reason, "message": "no route"})), REQUEST)
    assert said == f"image busybox:1 cannot be pulled: name one with --image or KUBECTL_SECCOMP_IMAGE ({reason}: no route)"


@pytest.mark.parametrize("reason", ["CreateContainerError", "CreateContainerConfigError", "RunContainerError"])
def test_a_container_that_cannot_start(reason: str) -> None:
    assert stuck(pod(**container(waiting={"reason": reason})), REQUEST) == f"the probe cannot start: {reason}"


@pytest.mark.parametrize(
    "status", [{}, {"phase": "Pending"}, container(), container(waiting={"reason": "ContainerCreating"}), container(running={})]
)
def test_there_is_hope(status: dict[str, Any]) -> None:
    assert stuck(pod(**status), REQUEST) is None
    assert stuck(ApiPod(), REQUEST) is None


@pytest.mark.parametrize(
    ("status", "expected"),
    [
        ({"reason": "DeadlineExceeded"}, "did not end within its deadline of 90s"),
        ({"reason": "Evicted", "message": "low on memory"}, "the node ended the probe: Evicted: low on memory"),
        ({"reason": "OutOfpods"}, "the node ended the probe: OutOfpods"),
        (
            container(terminated={"reason": "StartError", "exitCode": 128, "message": 'exec: "sh"'}),
            "needs sh: name another with --image",
        ),
        (container(terminated={"reason": "OOMKilled", "exitCode": 137}), "the probe failed: OOMKilled, exit code 137"),
        (container(terminated={"exitCode": 1}), "the probe failed: Error, exit code 1"),
        ({}, "without saying why"),
    ],
)
def test_a_failed_pod(status: dict[str, Any], expected: str) -> None:
    assert expected in failed(pod(phase="Failed", **status), REQUEST)


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        ([("FailedMount", NO_SECCOMP)], (VOLUME_SECCOMP,)),
        ([("FailedMount", NO_SECCOMP), ("FailedMount", NO_SECCOMP.replace('"seccomp"', '"spo"'))], (VOLUME_SECCOMP, VOLUME_SPO)),
        ([("FailedMount", NO_SECCOMP.replace('"seccomp" :', '"proc" :'))], ()),
        ([("FailedMount", 'MountVolume.SetUp failed for volume "seccomp" : permission denied')], ()),
        ([("Failed", NO_SECCOMP)], ()),
        ([], ()),
    ],
)
def test_a_directory_that_the_node_does_not_have(said: list[tuple[str, str]], expected: tuple[str, ...]) -> None:
    assert missing_volumes(said, (VOLUME_SECCOMP, VOLUME_SPO)) == expected
    assert missing_volumes(said, ()) == ()


@pytest.mark.parametrize(
    ("phase", "said", "ready", "expected"),
    [
        ("Pending", [("FailedCreatePodSandBox", "cni broken")], False, "node node-a is not ready"),
        (
            "Pending",
            [("Scheduled", "x"), ("FailedCreatePodSandBox", "cni broken"), ("Pulled", "y")],
            True,
            "FailedCreatePodSandBox: cni broken",
        ),
        ("Running", [("Started", "Container started")], True, "still running: give it longer with --timeout"),
        ("Pending", [], None, "the node did not start the probe pod"),
    ],
)
def test_no_answer_in_time(phase: str, said: list[tuple[str, str]], ready: bool | None, expected: str) -> None:
    text = unanswered(pod(phase=phase), said, ready, REQUEST, 60.0)
    assert text.startswith("no answer within 60s: ")
    assert expected in text
    assert unanswered(None, [], None, REQUEST, 60.0).endswith("the node did not start the probe pod")


@pytest.mark.parametrize(
    ("now", "elapsed", "told"),
    [
        (1_000, 5.0, ""),
        (1_065, 5.0, ""),
        (1_066, 5.0, ""),
        (1_067, 5.0, "61 s ahead of the API server's"),
        (4_606, 5.0, "3600 s ahead of"),
        (1_500, 500.0, ""),
        (940, 5.0, ""),
        (939, 500.0, "61 s behind the API server's"),
    ],
)
def test_a_wrong_clock(now: int, elapsed: float, told: str) -> None:
    said = wrong_clock(now, 1_000, elapsed, 60)
    assert len(said) == bool(told)
    assert told in "".join(said)


def test_a_log_that_is_no_answer() -> None:
    assert "cut or garbled" in incomplete((), "busybox")
    assert incomplete(("stat", "tee"), "x/y:1") == "image x/y:1 cannot run the probe, it lacks stat, tee: name another with --image"
