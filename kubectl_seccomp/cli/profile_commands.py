"""The commands of the family `profile`: what a profile means where it is loaded."""

from __future__ import annotations

from .command import Argument, Command, Example
from .option import Group, Words
from .options import CONNECTION, CONVERTING, EXPLAINING, GENERATING, JUDGING_NODES, LINTING, LOADING, MAKING, READING, SHAPES

_OPERANDS = (
    "A PROFILE is a file (OCI, Docker's form, a SeccompProfile, an OCI config.json), - for stdin, node/NAME:PATH for a"
    " Localhost profile on a node, runtime/containerd@2.2.4 for the RuntimeDefault of a version, or runtime/node/NAME for that of a"
    " node."
)
_NAMED = "A file, - for stdin, node/NAME:PATH, runtime/NAME@VERSION or runtime/node/NAME."
_PLACE: tuple[Group, ...] = (LOADING, READING, CONNECTION)

PROFILING = (
    Command(
        "profile show",
        "Show which syscalls a profile allows and refuses, by risk, and which of its rules have no effect.",
        "profile.show",
        f"{_OPERANDS} What a file means depends on the runtime that reads it and on the container: the first line says what is"
        " assumed of them.",
        (
            Example("RuntimeDefault of a version of containerd", "kubectl seccomp profile show runtime/containerd@2.2.4"),
            Example("A file, read by CRI-O, for no capabilities",
                    "kubectl seccomp profile show profile.json --decoder cri-o --capabilities none"),
            Example("For scripts", "kubectl seccomp profile show profile.json -o json"),
        ),
        Argument("profile", "PROFILE", _NAMED, required=True, words=Words.FILES),
        (*_PLACE, SHAPES),
    ),
    Command(
        "profile explain",
        "Explain what happens to a syscall under a profile, and why.",
        "profile.explain",
        f"{_OPERANDS} Each syscall is explained for each architecture whose programs the node runs.",
        (
            Example("Two syscalls under a profile file", "kubectl seccomp profile explain profile.json --syscall clone3,mount"),
            Example("A number, under CRI-O's default", "kubectl seccomp profile explain runtime/cri-o@1.36.3 --syscall 41"),
        ),
        Argument("profile", "PROFILE", _NAMED, required=True, words=Words.FILES, option="--syscall"),
        (EXPLAINING, *_PLACE, SHAPES),
    ),
    Command(
        "profile diff",
        "Compare what two profiles mean: which syscalls become stricter or looser, and for which arguments.",
        "profile.diff",
        f"{_OPERANDS} Exits with 0 when both mean the same, with 1 when they differ.",
        (
            Example("What an update of containerd changes",
                    "kubectl seccomp profile diff runtime/containerd@2.2.3 runtime/containerd@2.2.4"),
            Example("A file against a runtime's default", "kubectl seccomp profile diff runtime/containerd@2.4.2 profile.json"),
        ),
        Argument("profiles", "PROFILE", "The profile before and the one after.", many=True, required=True, words=Words.FILES),
        (*_PLACE, SHAPES),
    ),
    Command(
        "profile convert",
        "Write a profile in another form, so that every runtime reads it alike.",
        "profile.convert",
        f"{_OPERANDS} What depends on capabilities or architecture is resolved, and what is lost is reported on stderr. A file in"
        " Docker's form is read as dockerd reads it, unless --decoder says otherwise.",
        (
            Example("A runtime's default, as a file for a node",
                    "kubectl seccomp profile convert runtime/containerd@2.4.2 --to oci"),
            Example("A file, for the security-profiles-operator",
                    "kubectl seccomp profile convert profile.json --to seccompprofile --name web"),
        ),
        Argument("profile", "PROFILE", _NAMED, required=True, words=Words.FILES),
        (CONVERTING, *_PLACE),
    ),
    Command(
        "profile generate",
        "Make a profile of what was recorded: lists of syscalls, outputs of strace, recorded profiles.",
        "profile_generate.generate",
        "A SOURCE is a file, or - for stdin: names of syscalls, what strace wrote (also -c), or a profile in any form. What is not"
        " recorded is refused: with ENOSYS, as by an older kernel, and what attackers want with EPERM. What was added to the"
        " recordings, and why, is reported on stderr.",
        (
            Example("From two runs under strace, for nodes with crun",
                    "kubectl seccomp profile generate start.strace server.strace --runtime crun"),
            Example("From a list of syscalls, as a SeccompProfile",
                    "kubectl seccomp profile generate names.txt --to seccompprofile --name web"),
            Example("From what the security-profiles-operator recorded",
                    "kubectl get seccompprofile web -o yaml | kubectl seccomp profile generate -"),
        ),
        Argument("sources", "SOURCE", "A list of syscalls, an output of strace, a profile, or - for stdin.", many=True,
                 required=True, words=Words.FILES),
        (GENERATING, MAKING),
    ),
    Command(
        "profile lint",
        "Show what is wrong with profile files, where, and what each runtime makes of it.",
        "profile_lint.lint",
        "A FILE is a profile in any form, a directory of them, - for stdin, or node/NAME:PATH for a Localhost profile on a node."
        " A SeccompProfile resource is judged as an object for the operator; what a node has, as the node reads it.",
        (
            Example("A file, for whatever runtime the nodes have", "kubectl seccomp profile lint profile.json"),
            Example("All files of a directory, for CRI-O with crun",
                    "kubectl seccomp profile lint profiles/ -R --decoder cri-o --runtime crun"),
            Example("Only what keeps a container from its filter", "kubectl seccomp profile lint profile.json --fail-on high -o json"),
        ),
        Argument("profiles", "FILE", "A file, a directory, - for stdin, or node/NAME:PATH.", many=True, required=True,
                 words=Words.FILES),
        (JUDGING_NODES, *_PLACE, LINTING),
    ),
)  # fmt: skip
