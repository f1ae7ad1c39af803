"""Declared + placement -> effective and verdict: the decision table, row by row."""

from __future__ import annotations

from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec import structs

from kubectl_seccomp.effective import Placement, effective
from kubectl_seccomp.facts import NodeFacts, ProfileFile
from kubectl_seccomp.model import Declared, Effective, Profile
from kubectl_seccomp.words import Certainty, DecidedBy, EffectiveType, FileState, KubeletDefault

ON, OFF, UNKNOWN = KubeletDefault.ON, KubeletDefault.OFF, KubeletDefault.UNKNOWN
CONTAINERD, CRIO, DOCKER26, DOCKER27, OTHER = (
    "containerd://2.4.2",
    "cri-o://1.36.3",
    "docker://26.1.5",
    "docker://27.0.1",
    "youki://0.5.0",
)
RUNTIMES = (CONTAINERD, CRIO, DOCKER26, DOCKER27, OTHER, "")
DEFAULT, UNCONFINED, LOCAL = Profile("RuntimeDefault"), Profile("Unconfined"), Profile("Localhost", "p/a.json")
NOTHING, NO_FILE = Declared(), ProfileFile()
PATH = "/var/lib/kubelet/seccomp/p/a.json"


def at(runtime: str = CONTAINERD, default: KubeletDefault = OFF, **more: object) -> Placement:
    node = NodeFacts("node-b", "linux", runtime=runtime, default=default)
    return Placement(node, **{"os": "linux", **more})  # type: ignore[arg-type]


def said(outcome: Effective) -> str:
    return f"{outcome.type.value} {outcome.decided_by.value} {outcome.certainty.value}"


def file(state: FileState, effect: str | None = None, explanation: str | None = None) -> ProfileFile:
    return ProfileFile(state, PATH, effect=effect, explanation=explanation)


@pytest.mark.parametrize(("effect", "expected"), [("filter", "Localhost pod assumed"), ("none", "Unconfined file assumed")])
def test_a_file_under_a_root_that_is_assumed_is_never_certain(effect: str, expected: str) -> None:
    found = structs.replace(file(FileState.PRESENT, effect), assumed=True)
    assert said(effective(Declared(pod=LOCAL), False, at(), found)) == expected


@pytest.mark.parametrize(
    ("declared", "runtime", "expected", "why"),
    [
        (Declared(pod=DEFAULT), CONTAINERD, "RuntimeDefault pod certain", "set on the pod"),
        (Declared(DEFAULT), CONTAINERD, "RuntimeDefault container certain", "set on the container"),
        (Declared(DEFAULT, DEFAULT), CONTAINERD, "RuntimeDefault container certain", "set on the container"),
        (Declared(DEFAULT, UNCONFINED), CONTAINERD, "RuntimeDefault container certain",
         "set on the container, over the pod's Unconfined"),
        (Declared(DEFAULT, LOCAL), CONTAINERD, "RuntimeDefault container certain", "set on the container, over the pod's Localhost"),
        (Declared(pod=DEFAULT), CRIO, "RuntimeDefault pod assumed", "set on the pod (CRI-O's default can be replaced on the node)"),
        (Declared(pod=DEFAULT), DOCKER26, "RuntimeDefault pod assumed",
         "set on the pod (dockerd's default can be replaced on the node)"),
        (Declared(pod=DEFAULT), OTHER, "RuntimeDefault pod assumed", "set on the pod"),
        (Declared(pod=UNCONFINED), CONTAINERD, "Unconfined pod certain", "Unconfined is set on the pod"),
        (Declared(UNCONFINED, UNCONFINED), CONTAINERD, "Unconfined container certain", "Unconfined is set on the container"),
        (Declared(UNCONFINED, DEFAULT), CONTAINERD, "Unconfined container certain", "container overrides the pod's RuntimeDefault"),
        (Declared(UNCONFINED, LOCAL), CONTAINERD, "Unconfined container certain", "container overrides the pod's Localhost"),
        (Declared(UNCONFINED), CRIO, "Unconfined container assumed", "Unconfined is set on the container"),
        (Declared(UNCONFINED), DOCKER27, "Unconfined container certain", "Unconfined is set on the container"),
        (Declared(LOCAL, DEFAULT), CONTAINERD, "Localhost container assumed", "set on the container, file unchecked"),
        (Declared(pod=LOCAL), CRIO, "Localhost pod assumed", "set on the pod, file unchecked"),
        (Declared(pod=Profile("Localhost")), CONTAINERD, "Localhost pod assumed",
         "Localhost without a localhostProfile: the kubelet refuses to start the container"),
        (Declared(pod=Profile("Localhost", "")), CONTAINERD, "Localhost pod assumed",
         "Localhost without a localhostProfile: the kubelet refuses to start the container"),
        (Declared(pod=Profile("OCI")), CONTAINERD, "Unknown nothing unknown",
         "type 'OCI' is not one that Kubernetes knows: a kubelet that does not refuse it runs the container without a filter"),
        (Declared(Profile(), DEFAULT), CONTAINERD, "Unknown nothing unknown",
         "seccompProfile has no type: a kubelet that does not refuse it runs the container without a filter"),
        (Declared(Profile("runtimeDefault")), CONTAINERD, "Unknown nothing unknown",
         "type 'runtimeDefault' is not one that Kubernetes knows: a kubelet that does not refuse it runs the container without a"
         " filter"),
    ],
)  # fmt: skip
def test_what_is_written_decides(declared: Declared, runtime: str, expected: str, why: str) -> None:
    # The kubelet's default has no say where something is written.
    for default in KubeletDefault:
        outcome = effective(declared, False, at(runtime, default), NO_FILE)
        assert (said(outcome), outcome.explanation) == (expected, why)


@pytest.mark.parametrize(
    ("placement", "expected", "why"),
    [
        (at(default=ON), "RuntimeDefault kubelet certain", "nothing set: only node-b's seccompDefault protects it"),
        (at(CRIO, ON), "RuntimeDefault kubelet assumed", "nothing set: only node-b's seccompDefault protects it"),
        (at(DOCKER26, ON), "RuntimeDefault kubelet assumed", "nothing set: only node-b's seccompDefault protects it"),
        (at(OTHER, ON), "RuntimeDefault kubelet assumed", "nothing set: only node-b's seccompDefault protects it"),
        (at(default=OFF), "Unconfined kubelet certain", "nothing set, and node-b's kubelet has no seccompDefault"),
        (at(default=UNKNOWN), "Unknown nothing unknown", "nothing set, and the kubelet's default on node-b is unknown"),
        (at(default=UNKNOWN, assumed_default=ON), "Unknown nothing unknown",
         "nothing set, and the kubelet's default on node-b is unknown"),
        (Placement(None), "Unknown nothing unknown", "nothing set, and not scheduled yet"),
        (Placement(None, manifest=True), "Unknown nothing unknown", "nothing set: the kubelet's default decides"),
        (Placement(None, manifest=True, assumed_default=ON), "RuntimeDefault kubelet assumed",
         "nothing set: protected if the kubelet runs with seccompDefault, as assumed"),
        (Placement(None, manifest=True, assumed_default=OFF), "Unconfined kubelet assumed",
         "nothing set, and no seccompDefault assumed"),
    ],
)  # fmt: skip
def test_unset_is_what_the_kubelet_makes_of_it(placement: Placement, expected: str, why: str) -> None:
    for annotation in (None, "runtime/default", "unconfined"):
        outcome = effective(Declared(annotation=annotation), False, placement, NO_FILE)
        assert (said(outcome), outcome.explanation) == (expected, why), annotation


PRIVILEGED_WHY = {
    CONTAINERD: ("certain", "containerd"),
    CRIO: ("assumed", "CRI-O"),
    DOCKER26: ("assumed", "dockerd"),
    OTHER: ("assumed", "the runtime"),
    "": ("assumed", "the runtime"),
}


@pytest.mark.parametrize("runtime", PRIVILEGED_WHY)
def test_privileged_drops_whatever_is_set(runtime: str) -> None:
    certainty, title = PRIVILEGED_WHY[runtime]
    written = (
        (NOTHING, f"privileged: {title} loads no filter"),
        (Declared(pod=UNCONFINED), f"privileged: {title} loads no filter"),
        (Declared(pod=DEFAULT), f"RuntimeDefault is set, but privileged: {title} drops it"),
        (Declared(LOCAL), f"Localhost is set, but privileged: {title} drops it"),
    )
    for (declared, why), default in product(written, KubeletDefault):
        outcome = effective(declared, True, at(runtime, default), file(FileState.PRESENT, "filter"))
        assert (said(outcome), outcome.explanation) == (f"Unconfined privileged {certainty}", why), default


def test_dockerd_27_keeps_an_explicit_localhost_on_a_privileged_container() -> None:
    placement = at(DOCKER27)
    kept = effective(Declared(pod=LOCAL), True, placement, file(FileState.PRESENT, "filter"))
    assert said(kept) == "Localhost pod assumed"
    assert kept.explanation == "privileged, but dockerd 27 keeps an explicit Localhost profile"
    assert said(effective(Declared(DEFAULT), True, placement, NO_FILE)) == "Unconfined privileged assumed"
    assert said(effective(Declared(LOCAL), True, placement, file(FileState.PRESENT, "none"))) == "Unconfined file certain"
    assert said(effective(Declared(LOCAL), True, at("docker://unknown"), NO_FILE)) == "Unconfined privileged assumed"


def test_a_privileged_manifest_is_assumed() -> None:
    outcome = effective(Declared(DEFAULT), True, Placement(None, manifest=True), NO_FILE)
    assert said(outcome) == "Unconfined privileged assumed"


@pytest.mark.parametrize(
    ("found", "expected", "why"),
    [
        (file(FileState.PRESENT, "filter", f"{PATH}: it loads"), "Localhost pod certain", "p/a.json on node-b loads"),
        (file(FileState.PRESENT, "filter"), "Localhost pod certain", "p/a.json on node-b loads"),
        (file(FileState.PRESENT, "none", f"{PATH}: it is null: CRI-O loads no filter"), "Unconfined file certain",
         "p/a.json on node-b is null: CRI-O loads no filter"),
        (file(FileState.PRESENT, "none"), "Unconfined file certain", "p/a.json on node-b has no effect"),
        (file(FileState.PRESENT), "Localhost pod assumed", "p/a.json on node-b could not be judged"),
        (file(FileState.PRESENT, "refused"), "Localhost pod assumed",
         "p/a.json on node-b does not load: the container cannot start, or start again"),
        (file(FileState.INVALID, "refused", f"{PATH}: it is empty"), "Localhost pod assumed",
         "p/a.json on node-b is empty: the container cannot start, or start again"),
        (file(FileState.MISSING, None, f"{PATH}: there is no such file"), "Localhost pod assumed",
         "p/a.json is not on node-b: the container cannot start, or start again"),
        (file(FileState.UNREADABLE, None, "no answer in time"), "Localhost pod assumed", "p/a.json on node-b: no answer in time"),
        (file(FileState.UNCHECKED), "Localhost pod assumed", "set on the pod, file unchecked"),
        (NO_FILE, "Localhost pod assumed", "set on the pod, file unchecked"),
    ],
)  # fmt: skip
def test_localhost_is_what_its_file_gives(found: ProfileFile, expected: str, why: str) -> None:
    outcome = effective(Declared(pod=LOCAL), False, at(), found)
    assert (said(outcome), outcome.explanation, outcome.localhost_profile) == (expected, why, "p/a.json")


def test_a_file_decides_for_localhost_only_and_where_it_is_there_without_effect() -> None:
    for declared in (NOTHING, Declared(DEFAULT), Declared(UNCONFINED)):
        outcome = effective(declared, False, at(default=ON), file(FileState.PRESENT, "none"))
        assert outcome.decided_by is not DecidedBy.FILE
    for state, effect in product(FileState, ("filter", "none", "refused", None)):
        outcome = effective(Declared(pod=LOCAL), False, at(), file(state, effect))
        assert (outcome.decided_by is DecidedBy.FILE) is ((state, effect) == (FileState.PRESENT, "none")), (state, effect)
        known = state is FileState.PRESENT and effect in ("filter", "none")
        assert (outcome.certainty is Certainty.CERTAIN) is known, (state, effect)


EVERY_DECLARATION = [
    Declared(container, pod)
    for container, pod in product((None, DEFAULT, UNCONFINED, LOCAL, Profile("X")), (None, DEFAULT, UNCONFINED, LOCAL))
]


@pytest.mark.parametrize("privileged", [False, True])
def test_windows_comes_before_sandbox_before_everything(privileged: bool) -> None:
    windows = at(os="windows", handler="runsc")
    for declared in EVERY_DECLARATION:
        outcome = effective(declared, privileged, windows, NO_FILE)
        assert (said(outcome), outcome.explanation) == ("NotApplicable os certain", "Windows has no seccomp"), declared
        selected = effective(declared, privileged, structs.replace(windows, os_assumed=True), NO_FILE)
        assert said(selected) == "NotApplicable os assumed", declared
        boxed = effective(declared, privileged, at(handler="runsc"), NO_FILE)
        assert said(boxed) == "NotApplicable sandbox assumed", declared
        assert boxed.explanation == "gVisor (handler runsc) ignores the profile by default", declared
        assert effective(declared, privileged, at(handler="crun"), NO_FILE) == effective(declared, privileged, at(), NO_FILE), declared


@pytest.mark.parametrize("runtime", RUNTIMES)
@pytest.mark.parametrize("privileged", [False, True])
def test_a_mirror_pod_is_never_certain_and_else_the_same(runtime: str, privileged: bool) -> None:
    for declared, default in product(EVERY_DECLARATION, KubeletDefault):
        plain = effective(declared, privileged, at(runtime, default), NO_FILE)
        mirror = effective(declared, privileged, at(runtime, default, mirror=True), NO_FILE)
        assert (mirror.type, mirror.decided_by) == (plain.type, plain.decided_by)
        if plain.certainty is Certainty.CERTAIN:
            assert mirror.certainty is Certainty.ASSUMED
            assert mirror.explanation == f"{plain.explanation} (mirror pod: the static pod on the node may differ)"
        else:
            assert mirror == plain


texts = st.text(max_size=300)
profiles = st.builds(Profile, st.sampled_from(["RuntimeDefault", "Localhost", "Unconfined", ""]) | texts, st.none() | texts)
placements = st.builds(
    Placement,
    st.none() | st.builds(NodeFacts, texts, texts, runtime=st.sampled_from(RUNTIMES) | texts, default=st.sampled_from(KubeletDefault)),
    st.sampled_from(["linux", "windows", ""]) | texts,
    st.none() | st.sampled_from(["runsc", "kata", "runc"]) | texts,
    st.booleans(),
    st.sampled_from(KubeletDefault),
    st.booleans(),
)


@given(
    st.builds(Declared, st.none() | profiles, st.none() | profiles),
    st.booleans(),
    placements,
    st.builds(ProfileFile, st.sampled_from(FileState), texts, effect=st.sampled_from(["filter", "none", "refused", None])),
)
def test_whatever_comes_there_is_one_decision_with_a_reason(
    declared: Declared, privileged: bool, placement: Placement, found: ProfileFile
) -> None:
    outcome = effective(declared, privileged, placement, found)
    assert outcome.explanation
    unknown = outcome.type is EffectiveType.UNKNOWN
    assert unknown is (outcome.decided_by is DecidedBy.NOTHING) is (outcome.certainty is Certainty.UNKNOWN)
    confined = outcome.type in (EffectiveType.RUNTIME_DEFAULT, EffectiveType.LOCALHOST)
    if confined and outcome.decided_by is not DecidedBy.KUBELET:
        assert declared.field is not None
        assert declared.field.type == outcome.type.value


OLDER = " (now: the container is older than this run of the kubelet)"


@pytest.mark.parametrize(
    ("default", "older", "expected", "why"),
    [
        (ON, False, "RuntimeDefault kubelet certain", "nothing set: only node-b's seccompDefault protects it"),
        (ON, True, "RuntimeDefault kubelet assumed", "nothing set: only node-b's seccompDefault protects it" + OLDER),
        (OFF, False, "Unconfined kubelet certain", "nothing set, and node-b's kubelet has no seccompDefault"),
        (OFF, True, "Unconfined kubelet assumed", "nothing set, and node-b's kubelet has no seccompDefault" + OLDER),
    ],
)
def test_a_container_that_is_older_than_its_kubelet_is_never_certain(
    default: KubeletDefault, older: bool, expected: str, why: str
) -> None:
    found = effective(NOTHING, False, at(default=default), NO_FILE, older=older)
    assert (said(found), found.explanation) == (expected, why)


def test_a_file_that_has_changed_since_the_start_is_never_certain() -> None:
    changed = structs.replace(file(FileState.PRESENT, "filter", "it loads"), changed=True)
    found = effective(Declared(pod=LOCAL), False, at(), changed)
    assert said(found) == "Localhost pod assumed"
    assert found.explanation == "p/a.json on node-b loads, but it has changed since the container started"


@pytest.mark.parametrize(
    ("placement", "state", "why"),
    [
        (Placement(None, "linux"), FileState.UNCHECKED, "set on the pod, not scheduled yet"),
        (Placement(None, "linux", manifest=True), FileState.UNCHECKED, "set on the pod, file unchecked"),
        (Placement(None, "linux"), FileState.MISSING, "p/a.json is not on the node: the container cannot start, or start again"),
    ],
    ids=["unscheduled", "manifest", "missing"],
)
def test_a_file_without_a_node_to_look_at_it(placement: Placement, state: FileState, why: str) -> None:
    assert effective(Declared(pod=LOCAL), False, placement, file(state)).explanation == why


@pytest.mark.parametrize(("length", "shown"), [(200, "p" * 200), (201, "p" * 199 + "…")])
@pytest.mark.parametrize("state", [FileState.MISSING, FileState.INVALID])
def test_a_long_path_is_cut_in_sentences_only(state: FileState, length: int, shown: str) -> None:
    found = effective(Declared(pod=Profile("Localhost", "p" * length)), False, at(), ProfileFile(state))
    assert found.explanation.startswith(f"{shown} ")
    assert found.localhost_profile == "p" * length


def test_a_profile_that_is_named_by_nothing_stays_as_it_was_written() -> None:
    assert effective(Declared(pod=Profile("Localhost", "")), False, at(), NO_FILE).localhost_profile == ""


@pytest.mark.parametrize(
    ("placement", "expected", "why"),
    [
        (Placement(None, "windows"), "NotApplicable os certain", "Windows has no seccomp"),
        (Placement(None, "windows", os_assumed=True), "NotApplicable os assumed", "Windows has no seccomp (by the node selector)"),
        (at(handler="gvisor", handler_is_class=True), "NotApplicable sandbox assumed",
         "gVisor (class gvisor) ignores the profile by default"),
        (at(handler="kata-" + "x" * 56), "NotApplicable sandbox assumed",
         f"Kata (handler kata-{'x' * 54}…) ignores the profile by default"),
        (at(handler="kata-" + "x" * 55), "NotApplicable sandbox assumed",
         f"Kata (handler kata-{'x' * 55}) ignores the profile by default"),
    ],
    ids=["windows", "selector", "class", "long", "fits"],
)  # fmt: skip
def test_where_no_profile_applies(placement: Placement, expected: str, why: str) -> None:
    found = effective(Declared(pod=DEFAULT), False, placement, NO_FILE)
    assert (said(found), found.explanation) == (expected, why)
