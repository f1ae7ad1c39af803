"""The checks on a profile's text: what a runtime refuses or reads otherwise than it is written. Data; pure."""

from __future__ import annotations

from ..words import Severity
from .problem import Page

_CRITICAL, _HIGH, _MEDIUM, _LOW, _INFO = Severity
_GO = "Go encoding/json (1.20 to 1.25)"
_RUNC = "runc libcontainer/specconv/spec_linux.go SetupSeccomp, libcontainer/seccomp/config.go (1.1 to 1.5)"
_CRUN = "crun src/libcrun/seccomp.c (1.8 to 1.28)"
_COMMON = "containers-common pkg/seccomp/seccomp_linux.go, read by CRI-O (1.30 to 1.36)"
_SPEC = "OCI runtime-spec config-linux.md, seccomp (1.3)"

NOT_JSON = Page(
    id="KS310", slug="profile-not-json", title="Not a JSON object", severities=(_HIGH,),
    why="A node's runtime reads a profile with Go's JSON decoder: no comments, no trailing commas, no byte order mark, no YAML, "
    "and an object at the top. With anything else no container starts.",
    fix="Correct the text at the place that is named; `profile convert` writes a clean file.",
    sources=(_GO, "containerd internal/cri/sputil/seccomp_linux.go (1.6 to 2.4)"),
)  # fmt: skip
NO_DEFAULT = Page(
    id="KS311", slug="no-default-action", title="No defaultAction", severities=(_CRITICAL, _HIGH),
    why="A profile without defaultAction and without rules is taken for no profile: the container runs without any filter, and "
    "no error is shown. With rules and no defaultAction, no container starts.",
    fix="Add a defaultAction: SCMP_ACT_ERRNO for a profile that lists what is allowed.",
    sources=(_RUNC, _COMMON),
)  # fmt: skip
WRAPPED = Page(
    id="KS312", slug="wrapped-profile", title="A profile inside something else", severities=(_CRITICAL, _INFO),
    why="A SeccompProfile resource or an OCI config.json has the profile further in. As an object for the operator, or in a "
    "bundle, that is correct; as a Localhost file on a node it gives no filter at all, because nothing that the runtime reads "
    "stands at the top.",
    fix="Put the profile itself on the node: `profile convert FILE --to oci` writes it.",
    sources=(_RUNC, "security-profiles-operator api/seccompprofile/v1beta1"),
)  # fmt: skip
WRONG_TYPE = Page(
    id="KS313", slug="wrong-type", title="A value of the wrong type", severities=(_HIGH,),
    why="Types are strict: a number in quotes, a fraction, a negative number, a string where a list belongs make the whole file "
    "unreadable.",
    fix="Write the value in the type that the message names.",
    sources=(_GO, _SPEC),
)  # fmt: skip
UNKNOWN_WORD = Page(
    id="KS314", slug="unknown-word", title="A word that no runtime knows", severities=(_HIGH,),
    why="Actions, operators, architectures and flags have fixed names in capitals, with a prefix. With another word, or none, no "
    "container starts.",
    fix="Write the word as the OCI runtime specification has it.",
    sources=(_RUNC, _CRUN, _SPEC),
)  # fmt: skip
ERRNO_RANGE = Page(
    id="KS315", slug="errno-out-of-range", title="Not a valid errno", severities=(_HIGH,),
    why="libseccomp takes errno values up to 4094; runc's message about a larger one speaks of a syscall argument.",
    fix="Write the number of an error: 1 is EPERM, 38 is ENOSYS.",
    sources=("libseccomp src/db.c (2.5, 2.6)", _RUNC),
)  # fmt: skip
ERRNO_UNUSED = Page(
    id="KS316", slug="errno-without-use", title="An errno for an action that has none", severities=(_HIGH, _MEDIUM), usual=_MEDIUM,
    why="Only SCMP_ACT_ERRNO and SCMP_ACT_TRACE take an errnoRet. runc ignores it elsewhere, crun refuses the profile.",
    fix="Remove it, or use SCMP_ACT_ERRNO.",
    sources=(_SPEC, _CRUN),
)  # fmt: skip
ERRNO_ZERO = Page(
    id="KS317", slug="errno-zero", title="A refusal that looks like success", severities=(_MEDIUM,),
    why="With errnoRet 0 the syscall is not carried out and returns 0: the program goes on as if it had been.",
    fix="Use 1 (EPERM), or 38 (ENOSYS) so that a program falls back to another syscall.",
    sources=("seccomp(2): SECCOMP_RET_ERRNO",),
)  # fmt: skip
BYTE_ORDER = Page(
    id="KS318", slug="foreign-byte-order", title="An architecture with another byte order", severities=(_HIGH,),
    why="libseccomp makes one filter for architectures with the same byte order, and the node's own is always one of them. With "
    "one of the other byte order, no container starts.",
    fix="List only the node's architecture and those whose programs it runs too.",
    sources=("libseccomp src/db.c db_col_db_add (2.5, 2.6)",),
)  # fmt: skip
NEEDS_VERSION = Page(
    id="KS319", slug="needs-newer-runtime", title="Refused by older runtimes", severities=(_HIGH, _MEDIUM), usual=_MEDIUM,
    why="runc before 1.2 refuses a profile with flags, and only accepts SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV from 1.5 on; old "
    "releases do not know newer architectures. No API shows a node's OCI runtime.",
    fix="Leave it out where it is not needed, or check the runtime on every node (runc --version).",
    sources=(_RUNC, _CRUN),
)  # fmt: skip
NOTIFY = Page(
    id="KS320", slug="notify-without-listener", title="SCMP_ACT_NOTIFY that cannot work", severities=(_HIGH, _LOW),
    why="SCMP_ACT_NOTIFY hands syscalls to a process that listens at listenerPath. runc refuses it as the default, without a "
    "listenerPath, and for write; a socket that is not there is an error each time a container starts.",
    fix="Use SCMP_ACT_ERRNO, or run the listener on every node and name its socket in listenerPath.",
    sources=(_RUNC, _CRUN),
)  # fmt: skip
DOCKER_FILTER = Page(
    id="KS321", slug="conditional-rules", title="includes and excludes", severities=(_MEDIUM,),
    why="includes and excludes are Docker's. CRI-O and dockerd compare them with the container's capabilities and architecture "
    "(CRI-O does not know minKernel); containerd does not know them, so the rule always applies, and what is meant for "
    "CAP_SYS_ADMIN is open to every container. The same file means two things on two nodes.",
    fix="Resolve it for the container's capabilities: `profile convert --to oci`.",
    sources=(_COMMON, "moby profiles/seccomp/seccomp_linux.go (20.10 to 29)", "containerd internal/cri/sputil/seccomp_linux.go"),
)  # fmt: skip
DOCKER_ARCHMAP = Page(
    id="KS322", slug="architecture-map", title="archMap", severities=(_MEDIUM,),
    why="archMap is Docker's list of architectures. containerd does not know it: the filter is made for the node's own "
    "architecture alone, and a 32-bit program is killed at its first syscall. CRI-O knows fewer architectures in it than "
    "dockerd.",
    fix="Write architectures, or use `profile convert --to oci`.",
    sources=(_COMMON, "moby profiles/seccomp/seccomp.go (20.10 to 29)"),
)  # fmt: skip
DOCKER_NAME = Page(
    id="KS323", slug="legacy-name", title="name instead of names", severities=(_HIGH, _MEDIUM), usual=_MEDIUM,
    why="The key name is Docker's old form of names. containerd does not know it: the rule then names no syscall and does "
    "nothing; crun, called by containerd, refuses a rule without names.",
    fix="Write names, with a list.",
    sources=(_COMMON, _CRUN),
)  # fmt: skip
DOCKER_ERRNO = Page(
    id="KS324", slug="errno-name", title="errno and defaultErrno", severities=(_MEDIUM,),
    why="Only CRI-O knows error names, and there they take precedence over the number; elsewhere the number counts, or EPERM if "
    "there is none.",
    fix="Write errnoRet and defaultErrnoRet, with the number.",
    sources=("containers-common pkg/seccomp/errno_list.go",),
)  # fmt: skip
DOCKER_REFUSED = Page(
    id="KS325", slug="refused-by-some", title="Refused by the runtimes that know Docker's form", severities=(_HIGH,),
    why="CRI-O and dockerd check what containerd ignores: both name and names, both architectures and archMap, an invalid errno, "
    "values of the wrong type. No container starts there.",
    fix="Write the OCI form, which every runtime reads alike: `profile convert --to oci`.",
    sources=(_COMMON, "moby profiles/seccomp/seccomp_linux.go (20.10 to 29)"),
)  # fmt: skip
UNKNOWN_KEY = Page(
    id="KS326", slug="unknown-key", title="A key that nobody reads", severities=(_MEDIUM, _INFO),
    why="Runtimes silently ignore keys that they do not know: what is misspelt has no effect.",
    fix="Correct the spelling, or remove the key. A note for people belongs in comment.",
    sources=(_GO, _SPEC),
)  # fmt: skip
DUPLICATE_KEY = Page(
    id="KS327", slug="duplicate-key", title="A key that appears twice", severities=(_MEDIUM,),
    why="Of keys that are equal except for case, the last one counts: what the others say is lost.",
    fix="Keep one of them.",
    sources=(_GO,),
)  # fmt: skip
NOT_JUDGED = Page(
    id="KS328", slug="not-judged", title="Too large or too complex to judge", severities=(_MEDIUM,),
    why="A profile usually has a few kilobytes. One that is larger than 1 MiB, very long, nested very deeply, or has an absurd "
    "number of conditions is not judged here: whether it loads, and what it allows, is not known.",
    fix="Use a smaller and simpler profile.",
    sources=("this program's own bounds: 1 MiB, 10,000 values or lines, 400 levels",),
)  # fmt: skip
REFUSED_PROFILE = Page(
    id="KS329", slug="profile-does-not-load", title="No container starts with it", severities=(_HIGH,),
    why="The runtime cannot make a filter from the profile.",
    fix="Correct what the message names.",
    sources=(_RUNC,),
)  # fmt: skip
PAGES = (
    NOT_JSON, NO_DEFAULT, WRAPPED, WRONG_TYPE, UNKNOWN_WORD, ERRNO_RANGE, ERRNO_UNUSED, ERRNO_ZERO, BYTE_ORDER, NEEDS_VERSION, NOTIFY,
    DOCKER_FILTER, DOCKER_ARCHMAP, DOCKER_NAME, DOCKER_ERRNO, DOCKER_REFUSED, UNKNOWN_KEY, DUPLICATE_KEY, NOT_JUDGED, REFUSED_PROFILE,
)  # fmt: skip
