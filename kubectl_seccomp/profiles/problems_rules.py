"""The checks on single rules: names that mean nothing, rules without effect, conditions that say something else. Data; pure."""

from __future__ import annotations

from ..words import Severity
from .problem import Page

_CRITICAL, _HIGH, _MEDIUM, _LOW, _INFO = Severity
_LIBRARY = "libseccomp src/db.c (2.5, 2.6)"
_RUNC = "runc libcontainer/seccomp/seccomp_linux.go matchCall (1.1 to 1.5)"

UNKNOWN_NAME = Page(
    id="KS330", slug="unknown-name", title="An unknown syscall name", severities=(_MEDIUM,),
    why="libseccomp silently skips a name that it does not know: what should be allowed is refused, what should be refused is "
    "not. Names are in lower case, without sys_; numbers and patterns are not names.",
    fix="Correct the name, or remove it.",
    sources=("libseccomp src/syscalls.csv (2.5.0 to 2.6.1)", _RUNC),
)  # fmt: skip
EMPTY_NAME = Page(
    id="KS331", slug="empty-name", title="An empty name", severities=(_HIGH,),
    why="runc refuses a profile that names the empty string; crun skips it.",
    fix="Remove it.",
    sources=(_RUNC,),
)  # fmt: skip
YOUNG_NAME = Page(
    id="KS332", slug="name-not-known-everywhere", title="A syscall that older libraries do not know", severities=(_MEDIUM, _INFO),
    why="The OCI runtime's libseccomp skips names that are newer than itself: a syscall that should be allowed is then refused, "
    "and one that should be refused gets the default. The name itself is correct.",
    fix="Where a syscall must be refused, use a default that refuses; elsewhere there is nothing to do. `runc features` shows "
    "the library.",
    sources=("libseccomp src/syscalls.csv (2.5.0 to 2.6.1)",),
)  # fmt: skip
NO_NAMES = Page(
    id="KS333", slug="rule-without-names", title="A rule that names no syscall", severities=(_HIGH, _MEDIUM), usual=_MEDIUM,
    why="A rule without names does nothing. Where the key is missing or null, crun refuses the profile.",
    fix="Name the syscalls, or remove the rule.",
    sources=(_RUNC, "crun src/libcrun/seccomp.c (1.8 to 1.28)"),
)  # fmt: skip
SHADOWED = Page(
    id="KS334", slug="rule-shadowed", title="A rule that another one overrides", severities=(_MEDIUM, _INFO),
    why="The first rule without conditions decides a syscall and replaces rules with conditions: it is not the strictest one "
    "that wins, and not the last. What the overridden rule says does not happen.",
    fix="Keep one rule for the syscall.",
    sources=(_LIBRARY,),
)  # fmt: skip
EQUALS_DEFAULT = Page(
    id="KS335", slug="rule-equals-default", title="A rule with the same action as the default", severities=(_MEDIUM, _INFO),
    why="Runtimes leave out rules whose action is the default's. So such a rule does not make an exception to another rule for "
    "the same syscall.",
    fix="Remove the rule, or change the default.",
    sources=(_RUNC, "crun src/libcrun/seccomp.c (1.8 to 1.28)"),
)  # fmt: skip
CONFLICT = Page(
    id="KS336", slug="rules-contradict", title="Two actions for the same syscalls", severities=(_HIGH,),
    why="libseccomp refuses two actions under the same conditions (EEXIST, `file exists`): no container starts.",
    fix="Keep one of the two rules.",
    sources=(_LIBRARY, _RUNC),
)  # fmt: skip
OVERLAP = Page(
    id="KS337", slug="rules-overlap", title="Overlapping rules with different actions", severities=(_MEDIUM,),
    why="Where a syscall matches the conditions of two rules with different actions, the order of comparisons in libseccomp's "
    "tree decides, not the order of the file and not the stricter action; libseccomp may also refuse to load them.",
    fix="Write the conditions so that no syscall matches two of them.",
    sources=(_LIBRARY,),
)  # fmt: skip
TANGLED = Page(
    id="KS338", slug="conditions-not-exact", title="Conditions that libseccomp does not compile exactly", severities=(_MEDIUM,),
    why="For several rules with ranges, or with several conditions on the same arguments, the filter that libseccomp makes "
    "differs from what they say, in both directions; 2.5.4 was seen never to finish.",
    fix="Compare for equality (SCMP_CMP_EQ, SCMP_CMP_MASKED_EQ) where there are several rules for a syscall.",
    sources=(_LIBRARY, "GHSA-4q85-33p6-j5g6"),
)  # fmt: skip
OR_CONDITIONS = Page(
    id="KS339", slug="argument-named-twice", title="The same argument twice in a rule", severities=(_MEDIUM,),
    why="All conditions of a rule must hold, unless one argument is named twice: then any one of them is enough. Two SCMP_CMP_NE "
    "on one argument let everything through.",
    fix="Write a rule for each condition if any one is enough; otherwise one comparison that says it all.",
    sources=(_RUNC, "crun src/libcrun/seccomp.c (1.8 to 1.28)"),
)  # fmt: skip
VALUE_MISSING = Page(
    id="KS340", slug="condition-incomplete", title="A condition without index or value", severities=(_LOW,),
    why="What is missing is taken as 0.",
    fix="Write index and value.",
    sources=("OCI runtime-spec config-linux.md, seccomp (1.3)",),
)  # fmt: skip
MASK = Page(
    id="KS341", slug="mask-and-value", title="A mask that hides what is compared", severities=(_MEDIUM,),
    why="For SCMP_CMP_MASKED_EQ, value is the mask and valueTwo what is expected. Bits outside the mask are not compared, and a "
    "mask of 0 always matches.",
    fix="Write the mask in value and the expected bits in valueTwo.",
    sources=(_LIBRARY,),
)  # fmt: skip
UPPER_BITS = Page(
    id="KS342", slug="upper-bits", title="Can be bypassed through the upper half of an argument", severities=(_MEDIUM,),
    why="The filter compares 64 bits, the kernel takes 32 where the parameter is an int: with bit 32 set, the filter sees "
    "another value and the kernel the same one. This concerns rules that refuse some values by SCMP_CMP_EQ, or let some through "
    "by NE, GT or GE.",
    fix="Allow single values by SCMP_CMP_MASKED_EQ with the mask 0xffffffff, and refuse the rest.",
    sources=("Linux 6.18 SYSCALL_DEFINE of the call; seen with containerd's and Docker's rules on socket",),
)  # fmt: skip
KILL_THREAD = Page(
    id="KS343", slug="kills-one-thread", title="SCMP_ACT_KILL", severities=(_LOW,),
    why="SCMP_ACT_KILL and SCMP_ACT_KILL_THREAD end the thread that makes the syscall, not the process: what is left may hang.",
    fix="Use SCMP_ACT_KILL_PROCESS, or SCMP_ACT_ERRNO.",
    sources=("seccomp(2): SECCOMP_RET_KILL_THREAD",),
)  # fmt: skip
TRACE = Page(
    id="KS344", slug="traced", title="SCMP_ACT_TRACE", severities=(_LOW,),
    why="Without a tracer, which a container does not have, the syscall fails with ENOSYS.",
    fix="Use SCMP_ACT_ERRNO.",
    sources=("seccomp(2): SECCOMP_RET_TRACE",),
)  # fmt: skip
PAGES = (
    UNKNOWN_NAME, EMPTY_NAME, YOUNG_NAME, NO_NAMES, SHADOWED, EQUALS_DEFAULT, CONFLICT, OVERLAP, TANGLED, OR_CONDITIONS, VALUE_MISSING,
    MASK, UPPER_BITS, KILL_THREAD, TRACE,
)  # fmt: skip
