"""`-o name`: workloads as kubectl names them, for other commands."""

from __future__ import annotations

from collections.abc import Iterator

from ..model import Report
from .rows import rows
from .text import safe

_GROUPS = {
    "Deployment": "apps",
    "StatefulSet": "apps",
    "DaemonSet": "apps",
    "ReplicaSet": "apps",
    "Job": "batch",
    "CronJob": "batch",
}


def render(report: Report, *, failing: bool) -> Iterator[str]:
    """Yield "deployment.apps/web" for every workload once, in the order of its first pod."""
    seen: set[tuple[str | None, str, str]] = set()
    for row in rows(report, failing=failing):
        kind, name = row.workload
        key = (row.pod.namespace, kind, name)
        if key not in seen:
            seen.add(key)
            group = _GROUPS.get(kind)
            yield safe(f"{kind.lower()}{'.' + group if group else ''}/{name}") + "\n"
