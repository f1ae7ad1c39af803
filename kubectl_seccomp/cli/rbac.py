"""`rbac`: the roles that a user needs, to be applied and bound by whoever may."""

from __future__ import annotations

from .boundary import put, say
from .given import Probing


def rbac(
    verify: bool = False, exec_: bool = False, node_default: bool = False, probe_namespace: str = Probing().probe_namespace
) -> int:
    """Print the minimal permissions that a feature needs."""
    from ..rbac import roles
    from ..render.roles import render

    put(render(roles(node_default=node_default, exec_=exec_, verify=verify, namespace=probe_namespace)), exact=True)
    say("hint: to bind: kubectl create clusterrolebinding kubectl-seccomp --clusterrole=kubectl-seccomp --user=USER")
    if verify:
        say(
            f"hint: and: kubectl create rolebinding kubectl-seccomp-probe -n {probe_namespace} --role=kubectl-seccomp-probe --user=USER"
        )
    return 0
