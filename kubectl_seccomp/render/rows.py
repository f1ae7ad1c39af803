"""The words that tables, csv and markdown share: how a workload, a declaration, an effective profile is written in a cell."""

from __future__ import annotations

from collections.abc import Iterator

from msgspec import Struct

from ..model import ContainerReport, ContainerType, Declared, Observed, PodReport, Report, Severity

SHORT = {
    "Pod": "pod",
    "Deployment": "deploy",
    "StatefulSet": "sts",
    "DaemonSet": "ds",
    "ReplicaSet": "rs",
    "ReplicationController": "rc",
    "CronJob": "cronjob",
    "Job": "job",
}


class Row(Struct, frozen=True):
    """One container of one pod, as cells are made from it."""

    pod: PodReport
    container: ContainerReport

    @property
    def severity(self) -> Severity | None:
        """The worst finding's severity."""
        return self.container.decision.severity

    @property
    def why(self) -> str:
        """The worst finding's reason, else how the profile was decided."""
        decision = self.container.decision
        return decision.templates[0].reason if decision.templates else decision.effective.explanation

    @property
    def workload(self) -> tuple[str, str]:
        """Kind and name of what a user would change: the owner, else the object itself."""
        owner = self.pod.owner
        return (owner.kind, owner.name) if owner is not None else (self.pod.kind, self.pod.name)

    @property
    def name(self) -> str:
        """The container's name, with the list it stands in where that is not `containers`."""
        kind = self.container.type
        return self.container.name if kind is ContainerType.CONTAINER else f"{self.container.name} ({kind.value})"


def rows(report: Report, *, failing: bool = False) -> Iterator[Row]:
    """Yield every container of the report, or only those with findings."""
    for pod in report.pods:
        for container in pod.containers:
            if container.decision.templates or not failing:
                yield Row(pod, container)


def workload(kind: str, name: str, count: int = 1) -> str:
    """Return "deploy/web (12)": the count stands where several pods share the row."""
    return f"{SHORT.get(kind, kind.lower())}/{name}" + (f" ({count})" if count > 1 else "")


def declared(value: Declared) -> str:
    """Return "RuntimeDefault (pod)", "Localhost profiles/a.json (container)" or "Unset"."""
    field = value.field
    if field is None:
        return "Unset"
    file = f" {field.localhost_profile}" if field.localhost_profile else ""
    return f"{field.type}{file} ({'container' if value.container is not None else 'pod'})"


def observed(value: Observed) -> str:
    """Return "filtered (2)" or the state alone."""
    return value.state.value if value.mode is None else f"{value.state.value} ({value.mode})"


def place(row: Row) -> str:
    """Return the node, or file and line for manifests."""
    if row.pod.file is None:
        return row.pod.node or "-"
    return row.pod.file if row.container.line is None else f"{row.pod.file}:{row.container.line}"
