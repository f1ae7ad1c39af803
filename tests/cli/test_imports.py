"""What a run imports of what is slow to import, where docs/dependencies.md has no line for it: a start is felt on every run."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from tests.importing import imported

HEAVY = {"jmespath", "kubernetes", "msgspec", "ssl", "tabulate", "urllib3", "websocket", "yaml"}
GOOD = str(Path(__file__).parents[1] / "fixtures" / "checks" / "KS101" / "pass.yaml")
ASKS = "--server"
READS = {"msgspec", "urllib3", "ssl"}


class Refusing(BaseHTTPRequestHandler):
    """Nothing that is asked of it is tried again."""

    def do_GET(self) -> None:
        self.send_error(403)

    def log_message(self, *_words: object) -> None:
        return


@pytest.fixture(scope="module")
def refusing() -> Iterator[str]:
    with ThreadingHTTPServer(("127.0.0.1", 0), Refusing) as server:
        threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
        yield f"http://127.0.0.1:{server.server_address[1]}"
        server.shutdown()


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        (("--version",), {"msgspec"}),
        (("audit", "-f", GOOD, "-o", "json"), {"msgspec", "yaml"}),
        (("audit", "-f", GOOD, "-o", "csv"), {"msgspec", "yaml"}),
        (("audit", "-f", GOOD, "--query", "pods"), {"msgspec", "yaml", "jmespath"}),
        (("audit", "--verify", ASKS), READS),
        (("check", "pod", "web-0", ASKS), READS),
        (("check", "node", "node-a", ASKS), READS),
    ],
    ids=lambda value: " ".join(value[:3]) if isinstance(value, tuple) else "",
)
def test_what_a_command_imports(words: tuple[str, ...], expected: set[str], refusing: str, tmp_path: Path) -> None:
    """The client is imported when there is a probe pod to make, exec's library when there is an exec."""
    server = [refusing] if words[-1] == ASKS else []
    modules, _ = imported([*words, *server], tmp_path, HOME=str(tmp_path), PATH="/usr/bin:/bin", KUBECONFIG=str(tmp_path / "none"))
    assert HEAVY & {name.partition(".")[0] for name in modules} == expected
