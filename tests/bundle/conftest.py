"""The bundle as a fixture."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.bundle import making


@pytest.fixture(scope="session")
def bundle_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return making.shared(tmp_path_factory.getbasetemp())


@pytest.fixture(scope="session")
def bundle(bundle_folder: Path) -> Path:
    """The installed bundle's link."""
    return making.installed(bundle_folder)
