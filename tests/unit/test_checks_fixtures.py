"""Every fixture of every check, through the audit: what is decided and found, and that no check is without its proof."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

from kubectl_seccomp.checks import CHECKS, EVERY, by_key, known
from kubectl_seccomp.checks.record import Check
from kubectl_seccomp.words import Severity

from . import checks_lab
from .checks_lab import examine

FIXTURES = sorted(checks_lab.CHECKS.glob("*/*.yaml"))
REPOSITORY = Path(__file__).parents[2]

# fixture, container, effective type / decided by / certainty, verdict, findings
EXPECTED = """
KS101/fail-deployment        app   Unconfined/pod/certain   unprotected   KS101 high
KS101/fail-over-pod          app   RuntimeDefault/pod/certain   unproven
KS101/fail-over-pod          free  Unconfined/container/certain   unprotected   KS101 high
KS101/fail-privileged        app   Unconfined/privileged/certain   unprotected   KS101 high
KS101/fail                   app   Unconfined/pod/certain   unprotected   KS101 high
KS101/pass-over-pod          app   RuntimeDefault/container/certain   unproven      KS107 low
KS101/pass                   app   RuntimeDefault/pod/certain   unproven
KS102/fail-privileged        app   Unconfined/privileged/certain   unprotected   KS102 high
KS102/fail-sidecar           proxy Unconfined/kubelet/certain   unprotected   KS102 high
KS102/fail-sidecar           app   RuntimeDefault/container/certain   unproven
KS102/fail                   app   Unconfined/kubelet/certain   unprotected   KS102 high
KS102/pass-set               app   RuntimeDefault/pod/certain   unproven
KS102/pass                   app   RuntimeDefault/kubelet/certain   unproven      KS103 low
KS103/fail                   app   RuntimeDefault/kubelet/certain   unproven      KS103 low
KS103/pass-privileged        app   Unconfined/privileged/certain   unprotected   KS105 medium
KS103/pass                   app   RuntimeDefault/pod/certain   unproven
KS104/fail-deployment        app   Unknown/nothing/unknown   unproven      KS104 medium
KS104/fail-not-scheduled     app   Unknown/nothing/unknown   unproven      KS104 medium
KS104/fail                   app   Unknown/nothing/unknown   unproven      KS104 medium
KS104/pass-deployment        app   RuntimeDefault/pod/assumed   unproven
KS104/pass.unfiltered        app   Unknown/nothing/unknown   unprotected   KS119 high
KS104/pass                   app   Unconfined/kubelet/certain   unprotected   KS102 high
KS105/fail-unset-default-on  app   Unconfined/privileged/certain   unprotected   KS105 medium
KS105/fail                   app   Unconfined/privileged/certain   lost          KS105 medium
KS105/pass-docker-localhost  app   Localhost/container/assumed   unproven
KS105/pass-unconfined        app   Unconfined/privileged/certain   unprotected   KS101 high
KS105/pass-unset-default-off app   Unconfined/privileged/certain   unprotected   KS102 high
KS105/pass                   app   RuntimeDefault/pod/certain   unproven
KS106/fail-container         app   Unknown/nothing/unknown   unproven      KS104 medium, KS106 medium
KS106/fail-default-on        app   RuntimeDefault/kubelet/certain   unproven      KS103 low, KS106 low
KS106/fail.unfiltered        app   Unknown/nothing/unknown   unprotected   KS106 high, KS119 high
KS106/fail                   app   Unconfined/kubelet/certain   unprotected   KS102 high, KS106 high
KS106/pass-other-container   app   Unconfined/kubelet/certain   unprotected   KS102 high
KS106/pass                   app   RuntimeDefault/pod/certain   unproven
KS107/fail                   app   RuntimeDefault/container/certain   unproven      KS107 low
KS107/pass                   app   RuntimeDefault/container/certain   unproven
KS107/pass                   free  Unconfined/pod/certain   unprotected   KS101 high
KS108/fail-kata              app   NotApplicable/sandbox/assumed   unproven      KS108 info
KS108/fail                   app   NotApplicable/sandbox/assumed   unproven      KS108 info
KS108/pass-windows           app   NotApplicable/os/certain   unproven
KS108/pass                   app   RuntimeDefault/pod/certain   unproven
KS109/fail                   app   RuntimeDefault/pod/assumed   unproven      KS109 info
KS109/pass                   app   RuntimeDefault/pod/certain   unproven
KS110/fail                   app   Localhost/pod/assumed   unproven      KS301 high, KS110 medium
KS110/pass                   app   Localhost/pod/certain   unproven
KS111/fail-back-off          app   Localhost/pod/assumed   unproven      KS111 high
KS111/fail-generic-text      app   Localhost/pod/assumed   unproven      KS111 high
KS111/fail                   app   Localhost/pod/assumed   unproven      KS111 high
KS111/pass-file-known        app   Localhost/pod/assumed   unproven      KS301 high
KS111/pass-image             app   Localhost/pod/certain   unproven
KS111/pass                   app   RuntimeDefault/pod/certain   unproven
KS112/fail                   app   Localhost/pod/certain   unproven      KS112 medium
KS112/pass                   app   Localhost/pod/certain   unproven
KS113/fail                   app   RuntimeDefault/pod/certain   unproven      KS113 critical
KS113/pass                   app   RuntimeDefault/pod/certain   unproven
KS114/fail-notifier          app   RuntimeDefault/pod/assumed   unproven      KS114 info
KS114/fail                   app   RuntimeDefault/pod/assumed   unproven      KS114 info
KS114/pass                   app   RuntimeDefault/pod/assumed   unproven
KS115/fail-no-type           app   Unknown/nothing/unknown   unproven      KS115 medium
KS115/fail                   app   Unknown/nothing/unknown   unproven      KS115 medium
KS115/pass                   app   RuntimeDefault/pod/certain   unproven
KS116/fail-absent            app   Localhost/pod/assumed   unproven      KS116 high
KS116/fail                   app   Localhost/pod/assumed   unproven      KS116 high
KS116/pass                   app   Localhost/pod/certain   unproven
KS117/fail.unfiltered        app   RuntimeDefault/pod/certain   contradiction KS117 critical
KS117/pass.filtered          app   RuntimeDefault/pod/certain   proven
KS117/pass.unfiltered        app   Unconfined/privileged/certain   lost          KS105 medium
KS118/fail.filtered          app   Unconfined/pod/certain   unproven      KS101 high, KS118 info
KS118/pass.filtered          app   Unknown/nothing/unknown   unproven      KS104 medium
KS118/pass.unfiltered        app   Unconfined/pod/certain   unprotected   KS101 high
KS119/fail.unfiltered        app   Unknown/nothing/unknown   unprotected   KS119 high
KS119/pass.filtered          app   Unknown/nothing/unknown   unproven      KS104 medium
KS119/pass.unfiltered        app   Unconfined/kubelet/certain   unprotected   KS102 high
KS120/fail                   app   Localhost/pod/assumed   unproven      KS120 high
KS120/fail-absolute          app   Localhost/pod/assumed   unproven      KS120 high
KS120/fail-directory         app   Localhost/pod/assumed   unproven      KS120 high
KS120/fail-type              app   RuntimeDefault/pod/assumed   unproven      KS120 high
KS120/pass                   app   Localhost/pod/assumed   unproven
KS121/fail                   app   RuntimeDefault/kubelet/certain   unproven      KS121 medium
KS121/fail-not-scheduled     app   Unknown/nothing/unknown   unproven      KS121 medium
KS121/pass                   app   RuntimeDefault/pod/certain   unproven
KS121/pass-bare              app   RuntimeDefault/kubelet/certain   unproven      KS103 low
KS121/pass-mirror            app   RuntimeDefault/kubelet/certain   unproven      KS103 low
KS121/pass-selector          app   RuntimeDefault/kubelet/certain   unproven      KS103 low
KS301/fail-sandbox           app   NotApplicable/sandbox/assumed   unproven      KS301 high, KS108 info
KS301/fail-waiting           app   Localhost/pod/assumed   unproven      KS301 high
KS301/fail                   app   Localhost/pod/assumed   unproven      KS301 high
KS301/pass-privileged        app   Unconfined/privileged/certain   lost          KS105 medium
KS301/pass-unread            app   Localhost/pod/assumed   unproven
KS301/pass                   app   Localhost/pod/certain   unproven
KS302/fail-wrapped           app   Unconfined/file/certain   lost          KS302 critical
KS302/fail                   app   Unconfined/file/certain   lost          KS302 critical
KS302/pass-privileged        app   Unconfined/privileged/certain   lost          KS105 medium
KS302/pass                   app   Localhost/pod/certain   unproven
KS303/fail-directory         app   Localhost/pod/assumed   unproven      KS303 high
KS303/fail                   app   Localhost/pod/assumed   unproven      KS303 high
KS303/pass                   app   Localhost/pod/certain   unproven
KS304/fail-legacy-name       app   Localhost/pod/certain   unproven      KS304 medium
KS304/fail                   app   Localhost/pod/certain   unproven      KS304 medium
KS304/pass-legacy-name       app   Localhost/pod/certain   unproven      KS308 medium
KS304/pass                   app   Localhost/pod/certain   unproven
KS305/fail                   app   Localhost/pod/assumed   unproven      KS305 medium
KS305/pass                   app   Localhost/pod/certain   unproven
KS306/fail                   app   Localhost/pod/certain   unproven      KS306 medium
KS306/fail-not-scheduled     app   Localhost/pod/assumed   unproven      KS306 high
KS306/fail-without-effect    app   Localhost/pod/certain   unproven      KS306 medium
KS306/pass                   app   Localhost/pod/certain   unproven
KS306/pass-bare              app   Localhost/pod/certain   unproven
KS306/pass-selector          app   Localhost/pod/certain   unproven
KS307/fail                   app   Localhost/pod/certain   unproven      KS307 low
KS307/pass                   app   Localhost/pod/certain   unproven
KS307/pass-selector          app   Localhost/pod/certain   unproven
KS308/fail                   app   Localhost/pod/certain   unproven      KS308 high
KS308/fail.filtered          app   Localhost/pod/certain   proven        KS308 medium
KS308/pass                   app   Localhost/pod/certain   unproven
"""


def name(path: Path) -> str:
    return f"{path.parent.name}/{path.stem}"


def row(path: Path) -> list[tuple[str, ...]]:
    rows: list[tuple[str, ...]] = []
    for member in examine(path):
        decision = member.decision
        effective = decision.effective
        decided = "/".join((effective.type.value, effective.decided_by.value, effective.certainty.value))
        found = ", ".join(f"{template.id} {template.severity.value}" for template in decision.templates)
        verdict = decision.verdict.value if decision.verdict else ""
        rows.append((name(path), member.name, decided, verdict, found))
    return rows


def expected(fixture: str) -> list[tuple[str, ...]]:
    lines = [line.split(maxsplit=4) for line in EXPECTED.splitlines() if line.split(maxsplit=1)[:1] == [fixture]]
    return [tuple((*line, "")[:5]) for line in lines]


@pytest.mark.parametrize("path", FIXTURES, ids=name)
def test_each_fixture_gives_exactly_what_the_table_says(path: Path) -> None:
    assert row(path) == expected(name(path))


@pytest.mark.parametrize("path", FIXTURES, ids=name)
def test_a_failing_fixture_has_its_finding_and_a_passing_one_has_not(path: Path) -> None:
    ids = {template.id for member in examine(path) for template in member.decision.templates}
    assert (path.parent.name in ids) is path.stem.startswith("fail")
    assert path.stem.startswith(("fail", "pass"))


def test_the_table_names_no_fixture_that_is_gone() -> None:
    assert {line.split()[0] for line in EXPECTED.splitlines() if line} == {name(path) for path in FIXTURES}


@pytest.mark.parametrize("check", CHECKS, ids=lambda check: check.id)
def test_each_check_is_proved_in_both_directions_and_in_every_severity(check: Check) -> None:
    folder = checks_lab.CHECKS / check.id
    assert list(folder.glob("pass*.yaml"))
    given = {
        template.severity
        for path in folder.glob("fail*.yaml")
        for member in examine(path)
        for template in member.decision.templates
        if template.id == check.id
    }
    assert given == set(check.severities)
    assert sorted(check.severities, key=lambda severity: severity.rank) == list(check.severities)


def test_ids_and_slugs_are_unique_and_well_formed() -> None:
    ids, slugs = [check.id for check in CHECKS], [check.slug for check in CHECKS]
    assert len(set(ids)) == len(ids) == len(set(slugs))
    assert ids == sorted(ids)
    assert all(re.fullmatch(r"KS[13]\d\d", each) for each in ids)
    assert all(re.fullmatch(r"[a-z]+(-[a-z]+)*", slug) for slug in slugs)
    assert {path.name for path in checks_lab.CHECKS.iterdir()} == set(ids)


# Published: renaming one breaks somebody's --ignore.
def test_published_ids_keep_their_slugs() -> None:
    assert {check.id: check.slug for check in CHECKS} == {
        "KS101": "explicit-unconfined",
        "KS102": "unset-default-off",
        "KS103": "relies-on-kubelet-default",
        "KS104": "unset-default-unknown",
        "KS105": "lost-to-privileged",
        "KS106": "dead-annotation",
        "KS107": "pod-unconfined-overridden",
        "KS108": "ignored-by-sandbox",
        "KS109": "mirror-pod",
        "KS110": "localhost-prefix",
        "KS111": "cannot-start",
        "KS112": "killed-by-filter",
        "KS113": "raw-filter-annotation",
        "KS114": "crio-annotation",
        "KS115": "unknown-type",
        "KS116": "localhost-profile-empty",
        "KS117": "contradiction",
        "KS118": "unexpected-filter",
        "KS119": "no-filter-observed",
        "KS120": "localhost-profile-refused",
        "KS121": "default-depends-on-node",
        "KS301": "file-missing",
        "KS302": "file-without-effect",
        "KS303": "file-refused",
        "KS304": "file-forbids-nothing",
        "KS305": "file-changed",
        "KS306": "file-not-everywhere",
        "KS307": "file-differs",
        "KS308": "file-has-problems",
    }


@pytest.mark.parametrize("check", CHECKS, ids=lambda check: check.id)
def test_every_text_of_a_check_is_written_as_sentences(check: Check) -> None:
    for text in (check.why, check.fix):
        assert text.endswith(".")
        assert text == " ".join(text.split())
    assert check.title
    assert not check.title.endswith(".")
    assert check.sources
    assert all(check.sources)


def test_every_finding_of_every_fixture_says_what_was_read_and_what_to_do() -> None:
    for path in FIXTURES:
        for member in examine(path):
            for template in member.decision.templates:
                assert template.reason, path
                assert template.detail.endswith("."), path
                assert template.remediation.endswith("."), path
                assert template.evidence, path
                assert all(template.evidence), path
                assert template.patch in (None, "RuntimeDefault")
                # Shared by every container with the same decision: no name of a pod or container may be in it.
                assert "web" not in template.reason.split(), path


def test_findings_come_worst_first_and_by_id_within_a_severity() -> None:
    for path in FIXTURES:
        for member in examine(path):
            order = [(template.severity.rank, template.id) for template in member.decision.templates]
            assert order == sorted(order)
    assert Severity.CRITICAL.rank == 0


def test_equal_cases_give_equal_findings() -> None:
    path = checks_lab.CHECKS / "KS102" / "fail.yaml"
    first, second = (examine.__wrapped__(path)[0].decision for _ in range(2))
    assert first == second
    assert hash(first.templates) == hash(second.templates)


@pytest.mark.parametrize(("key", "found"), [("KS101", "KS101"), ("ks101", "KS101"), ("Explicit-Unconfined", "KS101"), ("KS1", None)])
def test_by_key(key: str, found: str | None) -> None:
    check = by_key(key)
    assert (check.id if check else None) == found


@pytest.mark.parametrize(
    ("key", "answer"), [("KS1", True), ("ks301", True), ("file-", True), ("KS9", False), ("101", False), ("unconfined", False)]
)
def test_known_takes_beginnings_of_ids_and_slugs(key: str, answer: bool) -> None:
    assert known(key) is answer


def test_the_page_about_the_checks_is_up_to_date() -> None:
    script = REPOSITORY / "scripts" / "generate_docs"
    written = subprocess.run([sys.executable, str(script), "--stdout", "checks"], capture_output=True, check=True, timeout=60)
    page = written.stdout.decode()
    assert page == (REPOSITORY / "docs" / "checks.md").read_text(), "run scripts/generate_docs"
    assert re.findall(r"^## (\S+) (\S+)$", page, re.MULTILINE) == [(check.id, check.slug) for check in EVERY]
    assert page.count("**Fix:** ") == len(EVERY)
