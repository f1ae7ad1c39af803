"""How the tests are dealt out where pytest runs them in several processes (`-n`), as scripts/test has it do."""

from __future__ import annotations

import os
from functools import cache
from pathlib import Path

import pytest
from xdist.scheduler import LoadFileScheduling  # type: ignore[import-untyped]
from xdist.workermanage import WorkerController  # type: ignore[import-untyped]

# Two clusters fit on a machine, not three: the third process gets what needs none.
WITHOUT = "gw2"
# The files that take longest, which come first, so that at the end no process waits long for another.
LONGEST = ("verify", "probe_life", "probe_faults", "check_node", "bundle", "landing", "failures", "examples")


class Files(LoadFileScheduling):  # type: ignore[misc]
    """Gives each process whole files, those that need a cluster first."""

    def _assign_work_unit(self, node: WorkerController) -> None:
        files = sorted(self.workqueue, key=_rank)
        file = next(filter(self._needs_cluster, files), None)
        if file is None or node.gateway.id == WITHOUT:
            file = next((each for each in files if not self._needs_cluster(each)), None)
        if file is None:
            node.shutdown()
        else:
            self.workqueue.move_to_end(file, last=False)
            super()._assign_work_unit(node)

    @cache  # noqa: B019 - there is one
    def _needs_cluster(self, file: str) -> bool:
        return "lab: Lab" in (self.config.rootpath / file).read_text()


def _rank(file: str) -> int:
    name = Path(file).stem.removeprefix("test_")
    return LONGEST.index(name) if name in LONGEST else len(LONGEST)


def pytest_xdist_make_scheduler(config: pytest.Config, log: object) -> Files:
    return Files(config, log)


def pytest_configure() -> None:
    # What only computes takes what is left over: on the clusters things are waited for.
    if os.environ.get("PYTEST_XDIST_WORKER") == WITHOUT:
        os.nice(10)
