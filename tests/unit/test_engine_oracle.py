"""A sample of what tests/oracle does at length: the engine against the libseccomp of this machine."""

from __future__ import annotations

import pytest

from tests.oracle.compare import many
from tests.oracle.library import version


@pytest.mark.skipif(version() is None, reason="there is no libseccomp")
def test_a_sample_of_profiles_is_answered_as_libseccomp_does() -> None:
    assert many(2026, 100)["profiles"] == 100
