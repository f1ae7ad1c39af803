"""What this machine's own /proc says of containers, found by their ids alone: nothing of the product is used here."""

from __future__ import annotations

import json
from pathlib import Path

from tests.cluster.conftest import Lab


def independent_modes(lab: Lab) -> dict[tuple[str, str], set[int]]:
    """Return the Seccomp modes of all processes of each running container, by names of pod and container."""
    modes = modes_by_id()
    return {
        (pod["metadata"]["name"], entry["name"]): modes[identity]
        for pod in json.loads(lab.kubectl("get", "pods", "-A", "-o", "json"))["items"]
        for key in ("containerStatuses", "initContainerStatuses", "ephemeralContainerStatuses")
        for entry in pod["status"].get(key, [])
        if "running" in entry["state"] and (identity := entry["containerID"].rpartition("/")[2]) in modes
    }


def modes_by_id() -> dict[str, set[int]]:
    """Return the Seccomp modes of all processes by every id in their cgroup paths."""
    found: dict[str, set[int]] = {}
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            paths = (folder / "cgroup").read_text().replace("crio-conmon-", "monitor-")
            status = (folder / "status").read_text()
        except OSError:
            continue
        mode = next(int(line.split()[1]) for line in status.splitlines() if line.startswith("Seccomp:"))
        for part in {part.removeprefix("crio-") for line in paths.splitlines() for part in line.split("/")}:
            if len(part) == 64:
                found.setdefault(part, set()).add(mode)
    return found
