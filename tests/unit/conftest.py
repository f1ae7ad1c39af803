"""What all unit tests share."""

from __future__ import annotations

import gc
from collections.abc import Iterator

import pytest
import trustme
from hypothesis import HealthCheck, settings

# What chance makes is tried a little here and at length by scripts/test: --hypothesis-profile long. How long an example takes
# depends on what else the machine does.
for name, examples in (("short", 25), ("long", 500)):
    settings.register_profile(name, max_examples=examples, deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("short")

# There is little garbage in circles, and much to look through.
gc.set_threshold(100_000)


def pytest_collection_finish() -> None:
    """What was collected stays to the end: it is not looked through again each time that garbage is sought."""
    gc.collect()
    gc.freeze()


@pytest.fixture(scope="session", autouse=True)
def one_authority(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """The system trusts one authority: to read a hundred takes longer than most tests, and what they are is no test's business."""
    folder = tmp_path_factory.mktemp("authorities")
    trustme.CA().cert_pem.write_to_path(folder / "ca.crt")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("SSL_CERT_FILE", str(folder / "ca.crt"))
        patch.setenv("SSL_CERT_DIR", str(folder))
        yield
