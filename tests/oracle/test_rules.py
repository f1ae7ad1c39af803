"""The engine against libseccomp itself: tens of thousands of generated profiles, and the default profiles' shapes."""

from __future__ import annotations

import pytest

from kubectl_seccomp.profiles.syscalls import ARCHITECTURES, names
from tests.oracle.compare import TARGET, many
from tests.oracle.library import library, token, version
from tests.oracle.profiles import chained

pytestmark = pytest.mark.skipif(version() is None, reason="there is no libseccomp")
DEBIAN_12 = (2, 5, 4)


@pytest.mark.parametrize("seed", range(8))
def test_whenever_the_engine_says_exact_it_is_exact(seed: int) -> None:
    found = many(seed, 3000)
    assert found["profiles"] == 3000
    assert found["probes"] > 100_000
    # Enough of the rest, too: what is refused was announced, what is ambiguous got one of the actions in question.
    assert found["refused"] > 10
    assert found["ambiguous"] > 500


@pytest.mark.parametrize("seed", range(3))
def test_rules_that_are_held_against_a_call_in_turn_are_exact(seed: int) -> None:
    found = many(100 + seed, 2000, chained)
    assert found["profiles"] == 2000
    assert found["probes"] > 30 * found["ambiguous"]


@pytest.mark.skipif(version() != DEBIAN_12, reason="another libseccomp knows other names")
@pytest.mark.parametrize("architecture", [known.name for known in ARCHITECTURES])
def test_numbers_are_those_of_the_library(architecture: str) -> None:
    library().seccomp_syscall_resolve_name_arch.restype = int
    wrong = {}
    for name, number in names(architecture, TARGET.libseccomp or DEBIAN_12).items():
        real = library().seccomp_syscall_resolve_name_arch(token(architecture), name.encode())
        if real != number and real >= 0:
            wrong[name] = (number, real)
    assert wrong == {}
