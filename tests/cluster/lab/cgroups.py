"""The instance's subtree in every cgroup hierarchy: version 1, hybrid, or version 2 alone."""

from __future__ import annotations

import os
import time
from pathlib import Path

TOP = Path("/sys/fs/cgroup")


def hierarchies() -> list[Path]:
    """Return the root of each hierarchy; a pure version 2 has just one."""
    if (TOP / "cgroup.controllers").exists():
        return [TOP]
    return [entry for entry in TOP.iterdir() if (entry / "cgroup.procs").exists() and not entry.is_symlink()]


def make(path: str) -> None:
    """Make the cgroup `path` in every hierarchy, fit to have limits and processes in it."""
    for root in hierarchies():
        level = root
        for part in Path(path).parts:
            _delegate(level)
            level /= part
            level.mkdir(exist_ok=True)
            for name in ("cpuset.cpus", "cpuset.mems"):
                _inherit(root, level, name)
        _delegate(level)


def remove(path: str) -> None:
    """Remove the cgroup from its leaves up (rmdir is all that cgroupfs takes); emptied ones take a moment."""
    for root in hierarchies():
        for folder, _, _ in os.walk(root / path, topdown=False):
            for _ in range(30):
                try:
                    os.rmdir(folder)
                    break
                except FileNotFoundError:
                    break
                except OSError:
                    time.sleep(0.1)


def existing(path: str) -> list[Path]:
    """Return where the cgroup still exists."""
    return [root / path for root in hierarchies() if (root / path).exists()]


def _inherit(root: Path, level: Path, name: str) -> None:
    """Version 1 takes no process into a cpuset that is empty."""
    if (root / "cgroup.sane_behavior").exists() and (root / name).exists():
        (level / name).write_text((root / name).read_text())


def _delegate(level: Path) -> None:
    """Version 2 gives children only those controllers that their parent hands on; one that cannot be is left out."""
    try:
        offered = (level / "cgroup.controllers").read_text().split()
    except OSError:
        return
    for controller in offered:
        try:
            (level / "cgroup.subtree_control").write_text(f"+{controller}")
        except OSError:
            continue
