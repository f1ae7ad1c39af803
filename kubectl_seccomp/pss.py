"""Written fields -> Pod Security verdicts of the seccomp control, Baseline and Restricted, per version. Pure.

The rules and the words are those of k8s.io/pod-security-admission v0.37.2 `policy/check_seccompProfile_baseline.go` and
`check_seccompProfile_restricted.go`. They look at what is written and at nothing else: not at the kubelet's default, not at
privileged, not at files.
"""

from __future__ import annotations

import re
from collections.abc import Callable

from .fault import Fault
from .model import Profile, PssLevel, PssVerdict
from .pods import CONTAINER_ANNOTATION, POD_ANNOTATION, Container, Pod

NEWEST = 37
ALLOWED = ("RuntimeDefault", "Localhost")
_PASSES = PssLevel(allowed=True)
Rule = Callable[[Pod, tuple[Container, ...]], PssLevel]


def parse_version(text: str) -> str:
    """Return "v1.N" for "latest" (v1.37) and for every v1.N. Fault (2) for anything else.

    As in admission (api/helpers.go `ParseVersion`), versions still to come are accepted; they get the newest rules.
    """
    if text == "latest":
        return f"v1.{NEWEST}"
    if re.fullmatch(r"v1\.(0|[1-9][0-9]{0,5})", text) is None:
        raise Fault(f'"{text}" is not a version of the Pod Security Standards', f"latest, or v1.0 to v1.{NEWEST}", 2)
    return text


def verdict(pod: Pod, version: str, members: tuple[Container, ...]) -> PssVerdict:
    """Return what both levels at this version ("v1.25") say of a pod or pod template; `members` are its containers."""
    minor = int(version.removeprefix("v1."))
    return PssVerdict(version, _rule(BASELINE, minor)(pod, members), _rule(RESTRICTED, minor)(pod, members))


def _rule(versions: tuple[tuple[int, Rule], ...], minor: int) -> Rule:
    return next(rule for minimum, rule in reversed(versions) if minor >= minimum)


def _baseline_1_0(pod: Pod, members: tuple[Container, ...]) -> PssLevel:
    """Up to 1.18: only the annotations, which then had an effect."""
    annotations = pod.annotations
    keys = {POD_ANNOTATION, *(CONTAINER_ANNOTATION + member.name for member in members)}
    bad = sorted(f"{key}={_quote(annotations[key])}" for key in keys if key in annotations and not _valid_annotation(annotations[key]))
    if not bad:
        return _PASSES
    return PssLevel(False, f"forbidden {_plural('annotation', bad)} {', '.join(bad)}")


def _baseline_1_19(pod: Pod, members: tuple[Container, ...]) -> PssLevel:
    """From 1.19: whatever is set must be RuntimeDefault or Localhost; unset passes."""
    pod_profile = _pod_profile(pod)
    bad = [member for member in members if not _good(member.declared.container)]
    setters = [] if _good(pod_profile) else ["pod"]
    if bad:
        setters.append(_containers(bad))
    if not setters:
        return _PASSES
    values = {member.declared.container.type for member in bad if member.declared.container is not None}
    if pod_profile is not None and not _good(pod_profile):
        values.add(pod_profile.type)
    quoted = ", ".join(f'"{value}"' for value in sorted(values))
    return PssLevel(False, f"{' and '.join(setters)} must not set securityContext.seccompProfile.type to {quoted}")


def _restricted_1_19(pod: Pod, members: tuple[Container, ...]) -> PssLevel:
    """From 1.19: besides that, every container must have a profile, of its own or from the pod."""
    explicit = _baseline_1_19(pod, members)
    if not explicit.allowed or _pod_profile(pod) is not None:
        return explicit
    bare = [member for member in members if member.declared.container is None]
    if not bare:
        return _PASSES
    return PssLevel(
        False,
        f'pod or {_containers(bare)} must set securityContext.seccompProfile.type to "RuntimeDefault" or "Localhost"',
    )


def _restricted_1_25(pod: Pod, members: tuple[Container, ...]) -> PssLevel:
    """From 1.25: pods that say they are for Windows are exempt."""
    if pod.spec.os is not None and pod.spec.os.name == "windows":
        return _PASSES
    return _restricted_1_19(pod, members)


BASELINE: tuple[tuple[int, Rule], ...] = ((0, _baseline_1_0), (19, _baseline_1_19))
# Restricted includes Baseline, and has a check of its own in its place from 1.19 on.
RESTRICTED: tuple[tuple[int, Rule], ...] = ((0, _baseline_1_0), (19, _restricted_1_19), (25, _restricted_1_25))


def _pod_profile(pod: Pod) -> Profile | None:
    return pod.spec.security_context.seccomp_profile if pod.spec.security_context else None


def _good(profile: Profile | None) -> bool:
    return profile is None or profile.type in ALLOWED


def _valid_annotation(value: str) -> bool:
    return value in ("runtime/default", "docker/default") or value.startswith("localhost/")


def _containers(members: list[Container]) -> str:
    names = ", ".join(f'"{member.name}"' for member in members)
    return f"{_plural('container', members)} {names}"


def _plural(word: str, items: list[Container] | list[str]) -> str:
    return word if len(items) == 1 else f"{word}s"


_ESCAPES = {'"': '\\"', "\\": "\\\\", "\a": "\\a", "\b": "\\b", "\f": "\\f", "\n": "\\n", "\r": "\\r", "\t": "\\t", "\v": "\\v"}


def _quote(text: str) -> str:
    """Quote as Go's %q does (strconv.Quote)."""
    return '"' + "".join(_ESCAPES.get(char) or _escaped(char) for char in text) + '"'


def _escaped(char: str) -> str:
    if char.isprintable():
        return char
    code = ord(char)
    if code < 0x20 or code == 0x7F:
        return f"\\x{code:02x}"
    return f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"
