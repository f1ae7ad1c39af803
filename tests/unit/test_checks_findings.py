"""What a finding says: its reason, its evidence, its patch, for the cases where that depends on more than the check."""

from __future__ import annotations

import pytest

from kubectl_seccomp.checks import findings
from kubectl_seccomp.checks.declared import runtime_annotations
from kubectl_seccomp.checks.record import Case
from kubectl_seccomp.effective import Placement, effective
from kubectl_seccomp.facts import NodeFacts, Observed, ProfileFile
from kubectl_seccomp.failures import Trouble
from kubectl_seccomp.model import Declared, Profile, Template
from kubectl_seccomp.words import FileState, KubeletDefault, Observation, Severity

ON, OFF, UNKNOWN = KubeletDefault.ON, KubeletDefault.OFF, KubeletDefault.UNKNOWN
DEFAULT, UNCONFINED, LOCAL = Profile("RuntimeDefault"), Profile("Unconfined"), Profile("Localhost", "p/a.json")
PATH = "/var/lib/kubelet/seccomp/p/a.json"
NEW = "RuntimeDefault"


def case(
    declared: Declared, default: KubeletDefault = OFF, privileged: bool = False, runtime: str = "containerd://2.4.2", **more: object
) -> Case:
    node = NodeFacts("node-b", "linux", runtime=runtime, default=default, default_source="said so")
    values: dict[str, object] = {"placement": Placement(node, "linux"), "file": ProfileFile(), "observed": Observed(), **more}
    outcome = effective(declared, privileged, values["placement"], values["file"])  # type: ignore[arg-type]
    return Case(declared=declared, privileged=privileged, effective=outcome, **values)  # type: ignore[arg-type]


def found(subject: Case, check: str) -> Template:
    return next(template for template in findings(subject) if template.id == check)


def ids(subject: Case) -> list[str]:
    return [template.id for template in findings(subject)]


BARE = Observed(Observation.UNFILTERED, 0, 0, via="node")


@pytest.mark.parametrize(
    ("subject", "expected"),
    [
        (case(Declared(), ON, observed=BARE), ["KS117"]),
        (case(Declared(), ON, observed=BARE, older=True), ["KS119"]),
        (case(Declared(), OFF, observed=BARE, older=True), ["KS102"]),
        (case(Declared(), ON, older=True), ["KS103"]),
    ],
    ids=["same-run", "older-than-on", "older-than-off", "not-looked-at"],
)
def test_a_container_older_than_its_kubelet_s_default(subject: Case, expected: list[str]) -> None:
    assert ids(subject) == expected


@pytest.mark.parametrize(
    ("subject", "check", "patch"),
    [
        (case(Declared(UNCONFINED)), "KS101", NEW),
        (case(Declared(UNCONFINED), privileged=True), "KS101", None),
        (case(Declared()), "KS102", NEW),
        (case(Declared(), privileged=True), "KS102", None),
        (case(Declared(), ON), "KS103", NEW),
        (case(Declared(), UNKNOWN), "KS104", NEW),
        (case(Declared(DEFAULT), privileged=True), "KS105", None),
        (case(Declared(annotation="runtime/default")), "KS106", NEW),
        (case(Declared(annotation="docker/default")), "KS106", NEW),
        (case(Declared(annotation="localhost/p/a.json")), "KS106", None),
        (case(Declared(annotation="unconfined")), "KS106", None),
        (case(Declared(annotation="runtime/default"), privileged=True), "KS106", None),
        (case(Declared(Profile("OCI"))), "KS115", NEW),
        (case(Declared(Profile("Localhost", ""))), "KS116", NEW),
        (case(Declared(), UNKNOWN, observed=Observed(Observation.UNFILTERED, 0)), "KS119", NEW),
        (case(Declared(LOCAL), file=ProfileFile(FileState.MISSING, PATH)), "KS301", NEW),
        (case(Declared(LOCAL), file=ProfileFile(FileState.PRESENT, PATH, effect="none")), "KS302", None),
        (case(Declared(LOCAL), file=ProfileFile(FileState.INVALID, PATH)), "KS303", None),
        (case(Declared(LOCAL), file=ProfileFile(FileState.PRESENT, PATH, effect="filter", forbids_nothing=True)), "KS304", NEW),
    ],
)
def test_a_patch_is_offered_only_where_setting_the_type_mends_it(subject: Case, check: str, patch: str | None) -> None:
    assert found(subject, check).patch == patch


@pytest.mark.parametrize(
    ("subject", "expected"),
    [
        (case(Declared(annotation="runtime/default")), ["high"]),
        (case(Declared(annotation="runtime/default"), privileged=True), ["high"]),
        (case(Declared(annotation="runtime/default"), UNKNOWN), ["medium"]),
        (case(Declared(annotation="runtime/default"), UNKNOWN, observed=Observed(Observation.UNFILTERED)), ["high"]),
        (case(Declared(annotation="runtime/default"), UNKNOWN, observed=Observed(Observation.FILTERED)), ["medium"]),
        (case(Declared(annotation="runtime/default"), ON), ["low"]),
        (case(Declared(annotation="runtime/default"), ON, observed=Observed(Observation.UNFILTERED)), ["low"]),
        (case(Declared(DEFAULT, annotation="runtime/default")), []),
        (case(Declared(UNCONFINED, annotation="runtime/default")), []),
        (case(Declared(annotation="runtime/default"), placement=Placement(None, "windows")), []),
        (case(Declared(annotation="runtime/default"), placement=Placement(None, "linux", "runsc")), []),
    ],
)
def test_a_dead_annotation_is_as_bad_as_what_is_left_without_it(subject: Case, expected: list[str]) -> None:
    assert [template.severity.value for template in findings(subject) if template.id == "KS106"] == expected


@pytest.mark.parametrize(
    ("subject", "expected"),
    [
        (case(Declared()), "node node-b: seccompDefault off (said so)"),
        (case(Declared(), UNKNOWN), "node node-b: seccompDefault unknown (said so)"),
        (case(Declared(), placement=Placement(NodeFacts("n", default=OFF))), "node n: seccompDefault off"),
        (case(Declared(), placement=Placement(None, manifest=True)), "--seccomp-default: not given"),
        (case(Declared(), placement=Placement(None, manifest=True, assumed_default=OFF)), "--seccomp-default: off"),
        (case(Declared(), placement=Placement(None)), "spec.nodeName: not set"),
    ],
)
def test_the_kubelets_default_is_told_with_its_source(subject: Case, expected: str) -> None:
    (template,) = findings(subject)
    assert template.evidence == ("securityContext.seccompProfile: not set on container or pod", expected)


STUCK = (
    Trouble("cannot-start", "status", f'cannot load seccomp profile "{PATH}"', PATH),
    Trouble("cannot-start", "event", f'Error: cannot load seccomp profile "{PATH}"', PATH),
)


def test_a_missing_file_is_one_finding_with_node_path_and_text() -> None:
    subject = case(Declared(LOCAL), file=ProfileFile(FileState.MISSING, PATH), troubles=STUCK)
    (template,) = findings(subject)
    assert (template.id, template.severity) == ("KS301", Severity.HIGH)
    assert template.reason == f"{PATH} is not on node-b: the container cannot start"
    assert f"There is no file {PATH} on node node-b." in template.detail
    assert template.evidence == (
        'container securityContext.seccompProfile: type Localhost, localhostProfile "p/a.json"',
        f"node-b: {PATH}: missing",
        f'status: cannot load seccomp profile "{PATH}"',
        f'event: Error: cannot load seccomp profile "{PATH}"',
    )


@pytest.mark.parametrize(
    ("file", "expected"),
    [
        (ProfileFile(FileState.UNCHECKED), ["KS111"]),
        (ProfileFile(FileState.UNREADABLE, PATH), ["KS111"]),
        (ProfileFile(FileState.PRESENT, PATH, effect="filter"), ["KS111"]),
        (ProfileFile(FileState.MISSING, PATH), ["KS301"]),
        (ProfileFile(FileState.INVALID, PATH), ["KS303"]),
    ],
)
def test_a_failed_start_is_told_once(file: ProfileFile, expected: list[str]) -> None:
    assert ids(case(Declared(LOCAL), file=file, troubles=STUCK)) == expected


def test_a_failed_start_shows_its_text_in_one_line_and_whole_as_evidence() -> None:
    text = "failed to create containerd container:\n\tcannot load " + "x" * 400
    subject = case(Declared(DEFAULT), troubles=(Trouble("cannot-start", "event", text),))
    template = found(subject, "KS111")
    assert template.reason.startswith("cannot start: failed to create containerd container: cannot load xxx")
    assert template.reason.endswith("…")
    assert len(template.reason) < 230
    assert template.evidence[0] == f"event: {text}"


@pytest.mark.parametrize("runtime", ["containerd://2.4.2", "cri-o://1.36.3", "docker://26.0.0"])
def test_a_file_that_is_not_loaded_for_a_privileged_container_is_not_judged(runtime: str) -> None:
    for state in FileState:
        file = ProfileFile(state, PATH, effect="none", forbids_nothing=True)
        assert ids(case(Declared(LOCAL), privileged=True, runtime=runtime, file=file)) == ["KS105"], state


def test_a_file_is_judged_for_a_privileged_container_where_dockerd_loads_it() -> None:
    file = ProfileFile(FileState.INVALID, PATH, explanation=f"{PATH}: it is empty")
    subject = case(Declared(LOCAL), privileged=True, runtime="docker://28.1.0", file=file)
    assert found(subject, "KS303").reason == "p/a.json on node-b is empty: the container cannot start, or start again"


def test_the_hash_of_a_file_is_evidence() -> None:
    file = ProfileFile(FileState.PRESENT, PATH, "ab" * 32, 2, "0644", "0:0", 1, effect="none")
    template = found(case(Declared(LOCAL), file=file), "KS302")
    assert f"sha256 {'ab' * 32}, 2 bytes, mode 0644, owner 0:0" in template.evidence


@pytest.mark.parametrize(
    ("observed", "text"),
    [
        (Observed(Observation.UNFILTERED, 0, via="exec"), "Seccomp: 0 (read by exec)"),
        (Observed(Observation.UNFILTERED, 0), "Seccomp: 0"),
        (Observed(Observation.UNFILTERED), "unfiltered"),
    ],
)
def test_what_the_kernel_said_is_evidence(observed: Observed, text: str) -> None:
    assert found(case(Declared(DEFAULT), observed=observed), "KS117").evidence[1] == text


@pytest.mark.parametrize("state", Observation)
def test_only_a_process_that_was_seen_contradicts(state: Observation) -> None:
    confined, free, open_ = (
        ids(case(declared, default, observed=Observed(state)))
        for declared, default in ((Declared(DEFAULT), OFF), (Declared(UNCONFINED), OFF), (Declared(), UNKNOWN))
    )
    # Strict mode excludes a filter: the runtime gave none, and the application chose the mode.
    filtered, unfiltered = state is Observation.FILTERED, state in ("unfiltered", "strict")
    assert confined == (["KS117"] if unfiltered else [])
    assert free == (["KS101", "KS118"] if filtered else ["KS101"])
    assert open_ == (["KS119"] if unfiltered else ["KS104"])


def test_long_texts_from_the_cluster_are_cut() -> None:
    long = "x" * 100_000
    subjects = (
        case(Declared(Profile(long, long))),
        case(Declared(Profile("RuntimeDefault", long))),
        case(Declared(annotation=long)),
        case(Declared(Profile("Localhost", long)), file=ProfileFile(FileState.PRESENT, effect="none")),
        case(Declared(DEFAULT), annotations=(("seccomp-profile.crio.io", long),)),
        case(Declared(DEFAULT), placement=Placement(None, "linux", "runsc-" + long)),
    )
    for subject in subjects:
        for template in findings(subject):
            assert len(template.reason) < 400
            assert all(len(fact) < 700 for fact in template.evidence)


ANNOTATIONS = {
    "run.oci.seccomp_bpf_data": "AA==",
    "run.oci.handler": "krun",
    "seccomp-profile.kubernetes.cri-o.io": "a",
    "seccomp-profile.kubernetes.cri-o.io/POD": "b",
    "seccomp-profile.kubernetes.cri-o.io/app": "c",
    "seccomp-profile.kubernetes.cri-o.io/other": "d",
    "seccomp-profile.crio.io/app": "e",
    "io.kubernetes.cri-o.seccompNotifierAction": "stop",
    "seccomp-notifier-action.crio.io/app": "stop",
    "seccomp.security.alpha.kubernetes.io/pod": "runtime/default",
}


def test_annotations_are_those_that_a_runtime_reads_for_this_container() -> None:
    assert [value for _, value in runtime_annotations(ANNOTATIONS, "app")] == ["stop", "AA==", "stop", "e", "a", "b", "c"]
    assert [value for _, value in runtime_annotations(ANNOTATIONS, "other")] == ["stop", "AA==", "a", "b", "d"]
    assert runtime_annotations({}, "app") == ()
    assert runtime_annotations({"seccomp.security.alpha.kubernetes.io/pod": "x"}, "app") == ()


def test_the_raw_filter_and_crios_annotations_are_told_apart() -> None:
    subject = case(Declared(DEFAULT), annotations=runtime_annotations(ANNOTATIONS, "app"))
    assert ids(subject) == ["KS113", "KS114"]
    assert not any("bpf_data" in fact for fact in found(subject, "KS114").evidence)


def test_an_overridden_pod_is_found_on_confined_containers_only() -> None:
    declared = Declared(DEFAULT, UNCONFINED)
    assert ids(case(declared, overridden_everywhere=True)) == ["KS107"]
    assert ids(case(declared, overridden_everywhere=False)) == []
    assert ids(case(declared, privileged=True, overridden_everywhere=True)) == ["KS105"]


def test_exit_code_159_is_no_filter_where_there_certainly_is_none() -> None:
    killed = (Trouble("killed", "status", "exit code 159 (128 + SIGSYS)"),)
    assert ids(case(Declared(DEFAULT), troubles=killed)) == ["KS112"]
    assert ids(case(Declared(UNCONFINED), troubles=killed)) == ["KS101"]


def test_a_text_that_has_other_causes_too_says_perhaps() -> None:
    sure, unsure = (Trouble("cannot-start", "status", "context deadline exceeded", sure=flag) for flag in (True, False))
    assert "perhaps because of its profile" in found(case(Declared(LOCAL), troubles=(unsure,)), "KS111").reason
    assert "perhaps" not in found(case(Declared(LOCAL), troubles=(sure,)), "KS111").reason
