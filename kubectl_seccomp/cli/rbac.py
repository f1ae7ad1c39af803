"""`rbac`: the roles that a user needs, to be applied and bound by whoever may."""

from __future__ import annotations

from typing import Annotated

import typer

from .boundary import put, say
from .main import app, command
from .options import Probing


@command(app, "rbac")
def rbac(
    verify: Annotated[bool, typer.Option("--verify", help="Also for audit --verify, check pod and cleanup: probe pods.")] = False,
    exec_: Annotated[bool, typer.Option("--exec", help="Also for audit --exec and check pod: exec.")] = False,
    node_default: Annotated[bool, typer.Option("--node-default", help="Also get nodes/proxy: the kubelets' own default.")] = False,
    probe_namespace: Annotated[str, typer.Option("--probe-namespace", help="Namespace of the probe pods.")] = Probing().probe_namespace,
) -> int:
    """Print the least rights that a feature needs, as roles.

    \b
    Examples:
      kubectl seccomp rbac
      kubectl seccomp rbac --verify --node-default | kubectl apply -f -
    """
    from ..rbac import roles
    from ..render.roles import render

    put(render(roles(node_default=node_default, exec_=exec_, verify=verify, namespace=probe_namespace)), exact=True)
    say("hint: bind them with kubectl create clusterrolebinding (and rolebinding in the probes' namespace)")
    return 0
