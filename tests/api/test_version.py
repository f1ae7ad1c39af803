"""`version`: what the server adds when it answers, and what is said when it does not."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import yaml
from werkzeug import Response

from kubectl_seccomp.cli.choices import Shape
from kubectl_seccomp.cli.version import facts, render
from kubectl_seccomp.cluster.connection import Options
from kubectl_seccomp.fault import Fault
from tests.api.conftest import Fake, ok, status
from tests.cli import inside


@pytest.fixture(autouse=True)
def own_kubeconfig(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("KUBECONFIG", str(tmp_path / "absent"))


def test_the_servers_version_is_told_and_made_harmless(fake: Fake, options: Options) -> None:
    fake.on("/version", {"gitVersion": "v1.37.2\x1b[2J", "major": "1"})
    found = facts(options, client=False)
    assert found["server"] == "v1.37.2\x1b[2J"
    text = "".join(render(found, Shape.TABLE))
    assert text.startswith("kubectl-seccomp ")
    assert text.endswith("server v1.37.2\\x1b[2J\n")


def test_client_does_not_ask(fake: Fake, options: Options) -> None:
    found = facts(options, client=True)
    assert found["server"] is None
    assert fake.requests == []
    assert "server" not in "".join(render(found, Shape.TABLE))


@pytest.mark.parametrize(
    ("answer", "why"),
    [
        (status(503, "ServiceUnavailable", "no"), "no"), (status(403, "Forbidden", "no"), "forbidden: no"),
        (ok(b"<html>"), "its answer is none of a Kubernetes API server"), (ok(b"{}"), "its answer names none"),
    ],
    ids=["unavailable", "forbidden", "html", "nothing"],
)  # fmt: skip
def test_a_server_that_says_nothing_useful_is_asked_once_and_left_out(
    fake: Fake, options: Options, capsys: pytest.CaptureFixture[str], answer: Response, why: str
) -> None:
    fake.on("/version", answer)
    assert facts(options, client=False)["server"] is None
    assert len(fake.requests) == 1
    assert capsys.readouterr().err == f"note: the API server's version is not known: {why}\n"


@pytest.mark.parametrize(
    ("server", "why"),
    [
        (None, "invalid configuration: no configuration has been provided"),
        ("https://127.0.0.1:1", "cannot reach https://127.0.0.1:1: Connection refused"),
    ],
)
def test_no_cluster_at_all_is_no_error(server: str | None, why: str) -> None:
    done = inside.run("version", *(["--server", server] if server else []), KUBERNETES_SERVICE_HOST="")
    assert done.code == 0
    assert "server" not in done.out
    assert done.err == f"note: the API server's version is not known: {why}\n"


def test_a_wrong_option_is_an_error_all_the_same(options: Options) -> None:
    with pytest.raises(Fault) as caught:
        facts(Options(server=options.server, request_timeout="soon"), client=False)
    assert caught.value.code == 2


def test_json_and_yaml_say_the_same() -> None:
    found = facts(Options(), client=True)
    assert json.loads("".join(render(found, Shape.JSON))) == found
    assert yaml.safe_load("".join(render(found, Shape.YAML))) == found
