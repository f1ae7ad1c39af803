"""Which bounding set a container gets."""

from __future__ import annotations

import pytest

from kubectl_seccomp.profiles.capabilities import ALL, bounding, full
from kubectl_seccomp.runtimes import RUNTIMES

DEFAULT = frozenset({"CAP_CHOWN", "CAP_NET_RAW"})


def test_the_kernel_knows_so_many_and_every_default_is_one_of_them() -> None:
    assert len(ALL) == 41
    for runtime in RUNTIMES:
        assert ALL.issuperset(runtime.capabilities)


@pytest.mark.parametrize("name", ["net_admin", "NET_ADMIN", "CAP_NET_ADMIN", "cap_net_admin", " NET_ADMIN "])
def test_a_name_in_every_spelling(name: str) -> None:
    assert full(name) == "CAP_NET_ADMIN"


@pytest.mark.parametrize(
    ("add", "drop", "expected"),
    [
        ((), (), DEFAULT),
        (("SYS_ADMIN",), (), DEFAULT | {"CAP_SYS_ADMIN"}),
        ((), ("NET_RAW",), {"CAP_CHOWN"}),
        ((), ("ALL",), set()),
        ((), ("all",), set()),
        (("CHOWN",), ("ALL",), {"CAP_CHOWN"}),
        (("ALL",), ("SYS_ADMIN",), ALL - {"CAP_SYS_ADMIN"}),
        (("ALL",), ("ALL",), set()),
        (("SYS_ADMIN",), ("SYS_ADMIN",), DEFAULT),
        (("NOPE",), (), DEFAULT | {"CAP_NOPE"}),
    ],
    ids=["nothing", "add", "drop", "drop-all", "all-lower", "all-but", "add-all", "both-all", "drop-wins", "unknown"],
)
def test_what_securitycontext_makes_of_the_default(add: tuple[str, ...], drop: tuple[str, ...], expected: set[str]) -> None:
    assert bounding(DEFAULT, add, drop) == expected
