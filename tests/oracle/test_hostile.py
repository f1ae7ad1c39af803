"""Lint of many files that are nearly profiles: what tests/unit does with a few."""

from __future__ import annotations

import pytest

from tests.oracle.hostile import lint_bytes, lint_values


@pytest.mark.parametrize("seed", range(2))
def test_no_bytes_make_lint_fail(seed: int) -> None:
    lint_bytes(seed, 3000)


@pytest.mark.parametrize("seed", range(2))
def test_no_values_make_lint_fail(seed: int) -> None:
    lint_values(seed, 1500)
