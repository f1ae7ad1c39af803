"""What a run imports of what is slow to import, where docs/dependencies.md has no line for it: a start is felt on every run."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.importing import imported

HEAVY = {"jmespath", "kubernetes", "msgspec", "ssl", "tabulate", "urllib3", "websocket", "yaml"}
GOOD = str(Path(__file__).parents[1] / "fixtures" / "checks" / "KS101" / "pass.yaml")
NOBODY = ("--server", "https://127.0.0.1:1", "--request-timeout", "1s")
READS = {"msgspec", "urllib3", "ssl"}


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        (("--version",), {"msgspec"}),
        (("audit", "-f", GOOD, "-o", "json"), {"msgspec", "yaml"}),
        (("audit", "-f", GOOD, "-o", "csv"), {"msgspec", "yaml"}),
        (("audit", "-f", GOOD, "--query", "pods"), {"msgspec", "yaml", "jmespath"}),
        (("audit", "--verify", *NOBODY), READS),
        (("check", "pod", "web-0", *NOBODY), READS),
        (("check", "node", "node-a", *NOBODY), READS),
    ],
    ids=lambda value: " ".join(value[:3]) if isinstance(value, tuple) else "",
)
def test_what_a_command_imports(words: tuple[str, ...], expected: set[str], tmp_path: Path) -> None:
    """The client is imported when there is a probe pod to make, exec's library when there is an exec."""
    modules, _ = imported(list(words), tmp_path, HOME=str(tmp_path), PATH="/usr/bin:/bin", KUBECONFIG=str(tmp_path / "none"))
    assert HEAVY & {name.partition(".")[0] for name in modules} == expected
