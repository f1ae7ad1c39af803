"""What a check is: its record, and the one container that it is given. What the checks look for is in the other modules."""

from __future__ import annotations

from collections.abc import Callable

from msgspec import Struct

from ..effective import Placement
from ..facts import Observed, ProfileFile
from ..failures import Trouble
from ..landing import Landing
from ..model import Declared, Effective, Template
from ..words import ContainerType, DecidedBy, EffectiveType, KubeletDefault, Severity, short

# Upstream files that several checks rest on.
KUBELET = "kubernetes pkg/kubelet/kuberuntime/helpers.go getSeccompProfile (1.25 to 1.36)"
SCHEDULER = "kubernetes pkg/scheduler/framework/plugins nodeaffinity, tainttoleration, nodeunschedulable (1.37)"
CONTAINERD = "containerd internal/cri/sputil/seccomp_linux.go (1.6 to 2.4)"
CRIO = "CRI-O internal/config/seccomp/seccomp.go (1.30 to 1.36)"
RUNC = "runc libcontainer/specconv/spec_linux.go (1.1 to 1.5)"


class Case(Struct, frozen=True, kw_only=True):
    """One container, as every check sees it: no names, so that equal containers share their findings.

    `annotations` holds only those that a runtime reads; `overridden_everywhere` is set when the pod says Unconfined and
    every container sets a confined profile of its own; `older` when nothing is set and the container runs since before its kubelet
    started.
    """

    declared: Declared
    privileged: bool
    placement: Placement
    effective: Effective
    file: ProfileFile
    observed: Observed
    annotations: tuple[tuple[str, str], ...] = ()
    troubles: tuple[Trouble, ...] = ()
    overridden_everywhere: bool = False
    older: bool = False
    type: ContainerType = ContainerType.CONTAINER
    landing: Landing | None = None

    @property
    def declared_type(self) -> str | None:
        """The type that is written and counts, None when nothing is set."""
        return self.declared.field.type if self.declared.field is not None else None

    @property
    def confined(self) -> bool:
        """Whether the effective profile is a filter."""
        return self.effective.type in (EffectiveType.RUNTIME_DEFAULT, EffectiveType.LOCALHOST)

    @property
    def loads_file(self) -> bool:
        """Whether the runtime loads the profile's file: not for a privileged container, on Windows or in a sandbox."""
        return self.effective.decided_by in (DecidedBy.CONTAINER, DecidedBy.POD, DecidedBy.FILE)

    @property
    def opens_file(self) -> bool:
        """Whether the runtime opens the file: also for a sandbox, when it writes the container's specification."""
        return self.loads_file or self.effective.decided_by is DecidedBy.SANDBOX

    @property
    def unconfined_elsewhere(self) -> tuple[str, ...]:
        """The nodes whose kubelets give no filter, where it could be placed and only a kubelet gives it one."""
        if self.landing is None or self.declared.field is not None:
            return ()
        on, off = (self.landing.defaults.get(word, ()) for word in (KubeletDefault.ON, KubeletDefault.OFF))
        undecided = self.placement.node is None and self.effective.decided_by is DecidedBy.NOTHING and bool(on)
        protected = self.confined and self.effective.decided_by is DecidedBy.KUBELET
        return off if undecided or protected else ()

    @property
    def path(self) -> str:
        """The written localhostProfile, or empty."""
        field = self.declared.field
        return (field.localhost_profile or "") if field is not None else ""

    @property
    def written(self) -> str:
        """The field that counts, as evidence."""
        field = self.declared.field
        if field is None:
            return "securityContext.seccompProfile: not set on container or pod"
        file = f', localhostProfile "{field.localhost_profile}"' if field.localhost_profile is not None else ""
        return f"{self.declared.level} securityContext.seccompProfile: type {short(field.type)}{short(file, 300)}"

    @property
    def seen(self) -> str:
        """What the kernel said, as evidence."""
        mode = f"Seccomp: {self.observed.mode}" if self.observed.mode is not None else self.observed.state.value
        return f"{mode} (read by {self.observed.via})" if self.observed.via else mode


class Check(Struct, frozen=True, kw_only=True):
    """One check: what it is called, what it judges, and the page that explains it.

    `run` returns a finding's template or None; it is left out where what is judged is no container. `severities` are all that it can
    give, worst first. `why` says what goes wrong, `fix` what to do, in a paragraph each; `sources` are the upstream files or pages that
    it rests on. `needs` says what has to be looked at: "file" or "process" on the nodes, "node" for a node's report, "profile" for a
    profile's text, "" for nothing.
    """

    id: str
    slug: str
    title: str
    severities: tuple[Severity, ...]
    why: str
    fix: str
    sources: tuple[str, ...]
    needs: str = ""
    run: Callable[[Case], Template | None] = lambda _case: None

    def finding(
        self,
        reason: str,
        *,
        detail: str = "",
        evidence: tuple[str, ...] = (),
        severity: Severity | None = None,
        patch: str | None = None,
    ) -> Template:
        """Return a finding of this check."""
        level = severity or self.severities[0]
        return Template(self.id, self.slug, level, reason, detail or self.why, evidence, self.fix, patch)
