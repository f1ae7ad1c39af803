"""`-o name`: kind and name, one a line, for xargs and kubectl. Pure."""

from __future__ import annotations

from collections.abc import Iterator

from ..model import Owner, Report
from . import cells


def render(report: Report, *, failing: bool = False, pods: bool = False) -> Iterator[str]:
    """Yield every workload once, in the order of the pods (`deployment.apps/web`, `pod/x`); with `pods` the pods themselves."""
    seen: set[tuple[str | None, Owner]] = set()
    for pod in report.pods:
        if failing and not any(member.decision.templates for member in pod.containers):
            continue
        owner = Owner(pod.kind, pod.name) if pods else cells.workload(pod)
        if (pod.namespace, owner) not in seen:
            seen.add((pod.namespace, owner))
            yield cells.resource(owner) + "\n"
