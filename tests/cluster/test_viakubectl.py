"""--via-kubectl with the real kubectl: the same report, its errors understood, and a gap for what it cannot do."""

from __future__ import annotations

import json
from typing import Any

from tests.cluster.conftest import Lab, Run


def both(lab: Lab, *words: str, through: tuple[str, ...] = ()) -> tuple[Run, Run]:
    """Return what a command says directly and through kubectl; a pod that cannot start says another thing from time to time."""
    for _ in range(5):
        before, between, after = (lab.run(*words, *more) for more in ((), ("--via-kubectl", *through), ()))
        if told(before) == told(after):
            return before, between
    raise AssertionError(f"{words}: the cluster does not come to rest")


def told(run: Run) -> Any:
    """What does not depend on the moment."""
    report = json.loads(run.stdout) if run.stdout.startswith("{") else None
    said = [report[part] for part in ("scope", "pods", "findings", "gaps")] if report else run.stdout
    return run.code, said, run.stderr


def test_the_same_report(lab: Lab) -> None:
    direct, through = both(lab, "audit", "-n", "default", "-o", "json", through=("--chunk-size", "20"))
    assert told(through) == told(direct)


def test_the_same_list_as_somebody_else(lab: Lab) -> None:
    for flags in (["--as", "nobody"], ["--as", "nobody", "--as-group", "ops", "--as-group", "system:masters"]):
        direct, through = both(lab, "list", "-n", "default", *flags)
        assert told(through) == told(direct)
    assert through.code == 0


def test_errors(lab: Lab) -> None:
    missing = lab.run("list", "-n", "no-such-namespace", "--via-kubectl")
    assert (missing.code, "not found" in missing.stderr) == (3, True)
    context = lab.run("list", "--context", "no-such-context", "--via-kubectl")
    assert (context.code, 'context "no-such-context" does not exist' in context.stderr) == (3, True)
    closed = lab.run("audit", "--server", "https://127.0.0.1:1", "--via-kubectl")
    assert (closed.code, "127.0.0.1:1 was refused" in closed.stderr) == (3, True)


def test_what_it_cannot_do_is_a_gap(lab: Lab) -> None:
    before = lab.probes()
    found = lab.run("check", "pod", "local-a", "-o", "json", "--via-kubectl")
    assert found.code == 3
    observed = found.json["pods"][0]["containers"][0]["observed"]
    assert observed["state"] == "failed"
    assert "not possible with --via-kubectl" in observed["explanation"]
    assert any("not possible with --via-kubectl" in gap["why"] for gap in found.json["gaps"] if gap["what"] == "node probe")
    assert lab.probes() == before
