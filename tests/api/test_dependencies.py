"""What a command imports of what is installed beside it: the table in docs/dependencies.md, run against a fake API server."""

from __future__ import annotations

import os
import re
import tomllib
from pathlib import Path

import pytest

from tests.api.conftest import Fake
from tests.importing import imported

ROOT = Path(__file__).parents[2]
TEXT = (ROOT / "docs" / "dependencies.md").read_text()
# Names under which the dependencies are imported, by the names under which they are installed.
MODULES = {
    "kubernetes": "kubernetes", "tabulate": "tabulate", "jmespath": "jmespath", "msgspec": "msgspec",
    "PyYAML": "yaml", "urllib3": "urllib3", "websocket-client": "websocket", "PySocks": "socks",
}  # fmt: skip
ROWS = re.findall(r"^\| `(kubectl seccomp [^`]+)` \| ([^|]*) \|$", TEXT, re.MULTILINE)
POD = {
    "metadata": {"name": "web", "namespace": "default", "uid": "u1"},
    "spec": {"nodeName": "node-a", "containers": [{"name": "a"}]},
    "status": {
        "phase": "Running",
        "containerStatuses": [{"name": "a", "containerID": f"containerd://{'a' * 64}", "state": {"running": {}}}],
    },
}


@pytest.fixture
def cluster(fake: Fake) -> Fake:
    fake.on("/version", {"major": "1", "minor": "37", "gitVersion": "v1.37.2"})
    fake.on("/api/v1/pods", {"items": [POD]})
    fake.on("/api/v1/namespaces/default", {"metadata": {"name": "default"}})
    fake.on("/api/v1/namespaces/default/pods", {"items": [POD]})
    fake.on("/api/v1/namespaces/default/pods/web", POD)
    fake.on("/api/v1/namespaces/default/events", {"items": []})
    fake.on("/api/v1/nodes", {"items": [{"metadata": {"name": "node-a"}}]})
    fake.on("/api/v1/nodes/node-a", {"metadata": {"name": "node-a"}})
    fake.on("/apis/node.k8s.io/v1/runtimeclasses", {"items": []})
    return fake


@pytest.mark.parametrize(("line", "listed"), ROWS, ids=[line.removeprefix("kubectl seccomp ") for line, _ in ROWS])
def test_a_command_imports_what_the_page_says(tmp_path: Path, cluster: Fake, ca_file: str, line: str, listed: str) -> None:
    (tmp_path / "manifests").symlink_to(ROOT / "tests" / "fixtures" / "checks" / "KS101")
    (tmp_path / "profile.json").symlink_to(ROOT / "tests" / "fixtures" / "profiles" / "deny-list.json")
    words = line.split()[2:]
    asks = words[0] in ("audit", "list", "check", "cleanup", "version") and not {"-f", "--client", "--help"} & set(words)
    server = ["--server", cluster.url, "--certificate-authority", ca_file] if asks else []
    modules, said = imported([*words, *server], tmp_path, PATH=os.environ["PATH"], HOME="/nonexistent")
    assert "Traceback" not in said
    assert "unknown" not in said, said
    # TLS is as slow to import as a dependency, and comes with the one that needs it.
    assert ("ssl" in modules) is ("urllib3" in modules)
    found = {name for name, module in MODULES.items() if module in modules}
    assert found == set(filter(None, listed.split(", "))), "mend the import, or docs/dependencies.md"
    assert bool(cluster.requests) is asks


def test_the_page_gives_reason_and_lowest_version_of_each_dependency() -> None:
    assert len(ROWS) > 20, "no row of a command is found any more: none would be run"
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    requirements = "\n".join([*project["dependencies"], *project["optional-dependencies"]["socks"]])
    declared = dict(re.findall(r"^([\w-]+)>=([\d.]+)", requirements, re.M))
    told = re.findall(r"^\| ([\w-]+) \| [^|]{20,} \| [\d.]+ MB \| \d+ ms \| ([\d.]+) \|$", TEXT, re.M)
    assert dict(told) == declared
    assert declared.keys() == MODULES.keys()
