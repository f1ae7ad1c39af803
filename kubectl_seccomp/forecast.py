"""`audit --what-if seccompDefault`: which containers would change, and what they would lose. Pure.

Whoever declares nothing takes up the kubelet's default when it is created again; all others do not notice.
"""

from __future__ import annotations

from msgspec import structs

from .checks.record import Case
from .facts import Forecast
from .pods import Rights
from .profiles.strength import Subject, under_default
from .words import Certainty, DecidedBy, KubeletDefault


def forecast(case: Case, rights: Rights, pool: frozenset[str] | None) -> Forecast | None:
    """Return what a container would have if the kubelets of `pool` (None: all) had seccompDefault; None where nothing would change.

    A container whose node's default is not known may have it already: the forecast's doubts say so.
    """
    node = case.placement.node
    decided_by_default = case.effective.decided_by in (DecidedBy.KUBELET, DecidedBy.NOTHING) and case.declared.field is None
    if not decided_by_default or node is None or node.default is KubeletDefault.ON or (pool is not None and node.name not in pool):
        return None
    found = under_default(Subject(rights=rights, runtime=node.runtime, arch=node.arch, kernel=node.kernel))
    if case.effective.certainty is Certainty.CERTAIN:
        return found
    unknown = node.default is KubeletDefault.UNKNOWN
    why = "its node's default is not known" if unknown else "it was created before this run of its kubelet"
    return structs.replace(found, doubts=(*found.doubts, f"it may have it already: {why}"))
