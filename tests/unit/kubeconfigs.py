"""Kubeconfig files for tests, and ways to connect by them."""

from __future__ import annotations

import base64
from pathlib import Path
from typing import Any

import pytest
import yaml

from kubectl_seccomp.cluster.connection import Connection, Options
from kubectl_seccomp.cluster.kubeconfig import connect
from kubectl_seccomp.fault import Fault

SECRET = "s3cret-t0ken"
B64 = base64.b64encode(SECRET.encode()).decode()
NOWHERE = Path("/nonexistent")


def config(
    name: str = "a",
    user: dict[str, Any] | None = None,
    cluster: dict[str, Any] | None = None,
    current: str | None = "a",
    **top: Any,
) -> dict[str, Any]:
    """A kubeconfig with one cluster, user and context, all called `name`."""
    return {
        "current-context": current,
        "clusters": [{"name": name, "cluster": {"server": f"https://{name}.test", **(cluster or {})}}],
        "users": [{"name": name, "user": user or {}}],
        "contexts": [{"name": name, "context": {"cluster": name, "user": name, "namespace": f"ns-{name}"}}],
        **top,
    }


def written(path: Path, content: dict[str, Any] | str) -> str:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(content if isinstance(content, str) else yaml.safe_dump(content))
    return str(path)


def reach(tmp_path: Path, content: dict[str, Any] | str, environment: dict[str, str] | None = None, **flags: Any) -> Connection:
    flags.setdefault("kubeconfig", written(tmp_path / "config", content))
    return connect(Options(**flags), environment or {}, NOWHERE)


def fault(tmp_path: Path, content: dict[str, Any] | str, **flags: Any) -> Fault:
    with pytest.raises(Fault) as caught:
        reach(tmp_path, content, **flags)
    said = f"{caught.value.message} {caught.value.hint}"
    assert SECRET not in said
    assert B64 not in said
    return caught.value


def authorization(connection: Connection) -> str | None:
    return connection.source.current().authorization
