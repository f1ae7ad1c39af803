"""How the tests are dealt out where pytest runs them in several processes (`-n`), as scripts/test has it do."""

from __future__ import annotations

import pytest
from xdist.scheduler import LoadFileScheduling  # type: ignore[import-untyped]

BUNDLED = ("tests/cluster/test_bundle.py", "tests/bundle/test_smoke.py")


class Files(LoadFileScheduling):  # type: ignore[misc]
    """Gives each process whole files; what needs the bundle goes to one of them, so that it is made once."""

    def _split_scope(self, nodeid: str) -> str:
        file = nodeid.partition("::")[0]
        return "bundle" if file in BUNDLED else file


def pytest_xdist_make_scheduler(config: pytest.Config, log: object) -> Files:
    return Files(config, log)
