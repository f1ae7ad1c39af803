"""The checks on single rules: names that mean nothing, rules in vain, conditions that say something else. Data; pure."""

from __future__ import annotations

from ..words import Severity
from .problem import Page

_CRITICAL, _HIGH, _MEDIUM, _LOW, _INFO = Severity
_LIBRARY = "libseccomp src/db.c (2.5, 2.6)"
_RUNC = "runc libcontainer/seccomp/seccomp_linux.go matchCall (1.1 to 1.5)"

UNKNOWN_NAME = Page(
    id="KS330", slug="unknown-name", title="A call that nobody knows", severities=(_MEDIUM,),
    why="A name that libseccomp does not know is skipped without a word: what should be allowed is refused, what should be refused is "
    "not. Names are in lower case, without sys_; numbers and patterns are no names.",
    fix="Correct the name, or remove it.",
    sources=("libseccomp src/syscalls.csv (2.5.0 to 2.6.1)", _RUNC),
)  # fmt: skip
EMPTY_NAME = Page(
    id="KS331", slug="empty-name", title="An empty name", severities=(_HIGH,),
    why="runc refuses a profile that names the empty string; crun passes over it.",
    fix="Remove it.",
    sources=(_RUNC,),
)  # fmt: skip
YOUNG_NAME = Page(
    id="KS332", slug="name-not-known-everywhere", title="A call that older libraries do not know", severities=(_MEDIUM, _INFO),
    why="The OCI runtime's libseccomp skips names that are younger than it: a call that should be allowed is refused then, and one "
    "that should be refused gets the default.",
    fix="Where a call must be refused, use a default that refuses; elsewhere nothing is to be done. `runc features` shows the library.",
    sources=("libseccomp src/syscalls.csv (2.5.0 to 2.6.1)",),
)  # fmt: skip
NO_NAMES = Page(
    id="KS333", slug="rule-without-names", title="A rule that names no call", severities=(_HIGH, _MEDIUM), usual=_MEDIUM,
    why="A rule without names does nothing. Where the key is missing or null, crun refuses the profile.",
    fix="Name the calls, or remove the rule.",
    sources=(_RUNC, "crun src/libcrun/seccomp.c (1.8 to 1.28)"),
)  # fmt: skip
SHADOWED = Page(
    id="KS334", slug="rule-shadowed", title="A rule that another one overrules", severities=(_MEDIUM, _INFO),
    why="The first rule without conditions decides a call for good, and replaces those with conditions: not the strictest, and not the "
    "last. What the other rule says does not happen.",
    fix="Leave one rule for the call.",
    sources=(_LIBRARY,),
)  # fmt: skip
EQUALS_DEFAULT = Page(
    id="KS335", slug="rule-equals-default", title="A rule with the action of the default", severities=(_MEDIUM, _INFO),
    why="Runtimes leave out rules whose action is the default's. Such a rule is no exception from another rule for the same call.",
    fix="Remove the rule, or change the default.",
    sources=(_RUNC, "crun src/libcrun/seccomp.c (1.8 to 1.28)"),
)  # fmt: skip
CONFLICT = Page(
    id="KS336", slug="rules-contradict", title="Two actions for the same calls", severities=(_HIGH,),
    why="The same conditions with two actions are an error to libseccomp (EEXIST, `file exists`): no container starts.",
    fix="Leave one of the two rules.",
    sources=(_LIBRARY, _RUNC),
)  # fmt: skip
OVERLAP = Page(
    id="KS337", slug="rules-overlap", title="Rules that meet with different actions", severities=(_MEDIUM,),
    why="Where a call meets the conditions of two rules with different actions, the order of comparisons in libseccomp's tree decides, "
    "not the order of the file and not the stricter action; it may also refuse to load them.",
    fix="Write the conditions so that no call meets two of them.",
    sources=(_LIBRARY,),
)  # fmt: skip
TANGLED = Page(
    id="KS338", slug="conditions-not-exact", title="Conditions that libseccomp does not keep to", severities=(_MEDIUM,),
    why="For several rules with ranges, or with several conditions on the same arguments, libseccomp's program differs from what they "
    "say, in both directions; 2.5.4 was seen never to end.",
    fix="Compare for equality (SCMP_CMP_EQ, SCMP_CMP_MASKED_EQ) where there are several rules for a call.",
    sources=(_LIBRARY, "GHSA-4q85-33p6-j5g6"),
)  # fmt: skip
OR_CONDITIONS = Page(
    id="KS339", slug="argument-named-twice", title="One argument twice in a rule", severities=(_MEDIUM,),
    why="Conditions of a rule must hold together, unless one argument is named twice: then any one of them is enough. Two SCMP_CMP_NE "
    "let everything through.",
    fix="Write a rule for each condition if any is enough; otherwise one comparison that says it all.",
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
    why="For SCMP_CMP_MASKED_EQ value is the mask and valueTwo what is expected. Bits outside of the mask are not compared, and a mask "
    "of 0 always matches.",
    fix="Write the mask in value and the expected bits in valueTwo.",
    sources=(_LIBRARY,),
)  # fmt: skip
UPPER_BITS = Page(
    id="KS342", slug="upper-bits", title="Got around through the upper half of an argument", severities=(_MEDIUM,),
    why="The filter compares 64 bits, the kernel takes 32 where the parameter is an int: with bit 32 set the value is another one to "
    "the filter and the same to the kernel. So it is where some values are refused by SCMP_CMP_EQ or let through by NE, GT or GE.",
    fix="Allow single values by SCMP_CMP_MASKED_EQ with the mask 0xffffffff, and refuse the rest.",
    sources=("Linux 6.18 SYSCALL_DEFINE of the call; seen with containerd's and Docker's rules on socket",),
)  # fmt: skip
KILL_THREAD = Page(
    id="KS343", slug="kills-one-thread", title="SCMP_ACT_KILL", severities=(_LOW,),
    why="SCMP_ACT_KILL and SCMP_ACT_KILL_THREAD end the thread that makes the call, and not the process: what is left may hang.",
    fix="Use SCMP_ACT_KILL_PROCESS, or SCMP_ACT_ERRNO.",
    sources=("seccomp(2): SECCOMP_RET_KILL_THREAD",),
)  # fmt: skip
TRACE = Page(
    id="KS344", slug="traced", title="SCMP_ACT_TRACE", severities=(_LOW,),
    why="Without a tracer, which a container does not have, the call fails with ENOSYS.",
    fix="Use SCMP_ACT_ERRNO.",
    sources=("seccomp(2): SECCOMP_RET_TRACE",),
)  # fmt: skip
PAGES = (
    UNKNOWN_NAME, EMPTY_NAME, YOUNG_NAME, NO_NAMES, SHADOWED, EQUALS_DEFAULT, CONFLICT, OVERLAP, TANGLED, OR_CONDITIONS, VALUE_MISSING,
    MASK, UPPER_BITS, KILL_THREAD, TRACE,
)  # fmt: skip
