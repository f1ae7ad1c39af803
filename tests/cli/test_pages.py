"""Help pages, the records they are made of, and what a start may cost."""

from __future__ import annotations

import ast
import inspect
import os
import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path
from typing import get_type_hints

import pytest

from kubectl_seccomp.checks import EVERY
from kubectl_seccomp.cli.choices import Format
from kubectl_seccomp.cli.command import Command
from kubectl_seccomp.cli.commands import COMMANDS
from kubectl_seccomp.cli.given import STRUCTS
from kubectl_seccomp.cli.help import page
from kubectl_seccomp.cli.option import Kind

from . import inside

ROOT = Path(__file__).parents[2]
PRODUCT = Path(sys.executable).parent / "kubectl-seccomp"
HEAVY = {"kubernetes", "urllib3", "yaml", "jmespath", "tabulate", "msgspec", "inspect", "shutil", "ssl", "difflib", "argparse"}
NAMES = [command.name for command in COMMANDS]
by_name = pytest.mark.parametrize("command", COMMANDS, ids=NAMES)


def run(*words: str, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [PRODUCT, *words], env={**os.environ, "COLUMNS": "80", **environment}, capture_output=True, text=True, timeout=60, check=False
    )


def imported(program: str, *words: str) -> set[str]:
    """Return the packages that a run has imported."""
    code = f"import atexit, sys; sys.argv = {[program, *words]!r}\n"
    code += "atexit.register(lambda: print(*sys.modules, file=sys.stderr))\nfrom kubectl_seccomp.__main__ import main; main()"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=True)
    return {name.partition(".")[0] for name in done.stderr.split()}


@by_name
def test_help_imports_nothing_heavy(command: Command) -> None:
    assert not HEAVY & imported("kubectl-seccomp", *command.name.split(), "--help")


@pytest.mark.parametrize(
    "words", [("",), ("audit", "--f"), ("audit", "-o", ""), ("check", ""), ("audit", "-f", ""), ("completion", "")]
)
def test_completion_of_words_imports_nothing_heavy(words: tuple[str, ...]) -> None:
    assert not HEAVY & imported("kubectl_complete-seccomp", *words)


@by_name
@pytest.mark.parametrize("columns", [60, 80, 200])
def test_a_page_fits_the_terminal_and_cuts_nothing(command: Command, columns: int) -> None:
    text = page(command, "", columns)
    examples = {f"  {example.line}" for example in command.examples}
    assert all(len(line) <= 80 for line in examples)
    usage = text.splitlines()[-1]
    for line in text.splitlines():
        assert len(line) <= min(columns, 80) or line in examples
        assert line == line.rstrip()
    assert "…" not in text
    flat = " ".join(text.split())
    for option in command.options.values():
        assert option.help.rstrip(".") in flat
    assert flat.index("Examples:") < flat.index("Usage:")
    assert usage.startswith(f"  kubectl seccomp {command.name}")


def test_the_overview_shows_every_command_with_its_whole_summary() -> None:
    flat = " ".join(run("--help").stdout.split())
    for command in COMMANDS:
        assert f"{command.name} {command.summary}" in flat


@pytest.mark.parametrize(("words", "code"), [((), 0), (("check",), 0), (("help", "list"), 0), (("nope",), 2)])
def test_help_is_data_and_errors_are_not(words: tuple[str, ...], code: int) -> None:
    done = run(*words)
    assert done.returncode == code
    assert bool(done.stdout) is (code == 0)
    assert bool(done.stderr) is (code != 0)


def test_an_error_is_one_line_and_a_hint() -> None:
    done = run("audit", "--failng")
    assert done.stderr == "error: unknown flag: --failng (did you mean --failing?)\nsee: kubectl seccomp audit --help\n"
    assert done.returncode == 2


@pytest.mark.parametrize("words", [("audit",), ("list", "-A"), ("check", "pod", "x"), ("cleanup",)])
def test_no_configuration_is_told_in_kubectls_words(tmp_path: Path, words: tuple[str, ...]) -> None:
    done = inside.run(*words, HOME=str(tmp_path), KUBECONFIG="", KUBERNETES_SERVICE_HOST="")
    assert (done.code, done.out) == (3, "")
    assert "invalid configuration: no configuration has been provided" in done.err


@by_name
def test_every_option_has_a_place_to_go_and_the_default_that_help_names(command: Command) -> None:
    function = command.load()
    signature = inspect.signature(function).parameters
    own = {option.field for group in command.groups if not group.fills for option in group.options}
    argument = {command.argument.field} if command.argument else set()
    given = own | argument | {group.fills for group in command.groups if group.fills}
    assert set(signature) == given, (
        f"{function.__name__} takes {sorted(signature)}, and the record of {command.name} gives {sorted(given)}"
    )
    for group in command.groups:
        for option in group.options:
            struct = STRUCTS.get(group.fills)
            known = struct.__struct_fields__ if struct else signature
            assert option.field in known, f"{option.long} has no field: add {option.field} to {(struct or function).__name__}"
            default = getattr(struct(), option.field) if struct else signature[option.field].default
            hint = get_type_hints(struct or function)[option.field]
            shown = str(default) if default not in (None, False, [], "") else ""
            assert option.default == shown, f"help says that {option.long} is {option.default!r} if not given, but it is {shown!r}"
            assert (hint in (bool, bool | None)) is (option.kind is Kind.FLAG)
            assert (hint == list[str]) is (option.kind in (Kind.LIST, Kind.COMMAS))


# What is read of any value, somewhere in the package.
READ = {
    node.attr
    for path in (ROOT / "kubectl_seccomp").rglob("*.py")
    for node in ast.walk(ast.parse(path.read_text()))
    if isinstance(node, ast.Attribute)
}


@pytest.mark.parametrize("fills", STRUCTS)
def test_every_field_of_a_struct_can_be_given(fills: str) -> None:
    given = {option.field for command in COMMANDS for group in command.groups if group.fills == fills for option in group.options}
    for field in STRUCTS[fills].__struct_fields__:
        assert field in given, f"no option fills {field} of {STRUCTS[fills].__name__}: add its record to cli/options.py"
        assert field in READ, f"nothing reads {field} of {STRUCTS[fills].__name__}: its option would do nothing"


def generate(root: Path, *words: str) -> subprocess.CompletedProcess[str]:
    script = [sys.executable, str(root / "scripts" / "generate_docs"), *words]
    return subprocess.run(script, capture_output=True, encoding="utf-8", timeout=60, check=False)


GENERATED = {"checks": "docs/checks.md", "options": "docs/options.md", "titles": "kubectl_seccomp/cli/titles.py"}


@pytest.mark.parametrize("name", GENERATED)
def test_what_is_generated_is_up_to_date(name: str) -> None:
    path, written = GENERATED[name], generate(ROOT, "--stdout", name)
    assert written.stdout == (ROOT / path).read_text(), f"{path} is not up to date: run scripts/generate_docs\n{written.stderr}"


def test_the_page_about_the_checks_has_each_of_them() -> None:
    page = (ROOT / GENERATED["checks"]).read_text()
    assert re.findall(r"^## (\S+) (\S+)$", page, re.MULTILINE) == [(check.id, check.slug) for check in EVERY]
    assert page.count("**Fix:** ") == len(EVERY)


# Published: renaming one breaks somebody's --ignore.
def test_a_slug_is_not_changed_and_an_id_not_used_again(tmp_path: Path) -> None:
    (tmp_path / "scripts").mkdir()
    shutil.copy(ROOT / "scripts" / "generate_docs", tmp_path / "scripts")
    package = shutil.copytree(ROOT / "kubectl_seccomp", tmp_path / "kubectl_seccomp", ignore=shutil.ignore_patterns("__pycache__"))
    titles = package / "cli" / "titles.py"
    assert '"KS101", "explicit-unconfined"' in titles.read_text()
    before = titles.read_text().replace("explicit-unconfined", "older-name")
    titles.write_text(before)
    done = generate(tmp_path)
    assert done.returncode == 1
    assert re.search("KS101 older-name.* is gone: ids and slugs are published", done.stderr)
    assert titles.read_text() == before


def test_the_readme_names_every_format() -> None:
    named = f"-o {'|'.join(Format)}"
    assert named in (ROOT / "README.md").read_text(), f"README.md has not `{named}`"


LOCAL = [example.line for command in COMMANDS for example in command.examples if "-f manifests" in example.line]
LOCAL += [example.line for command in COMMANDS for example in command.examples if not command.groups]
LOCAL += [
    example.line
    for command in COMMANDS
    for example in command.examples
    if command.name.startswith("profile ") and not example.line.startswith("kubectl get")
]


@pytest.mark.parametrize("line", LOCAL)
def test_examples_that_need_no_cluster_work_as_written(tmp_path: Path, line: str) -> None:
    plugin = tmp_path / "kubectl"
    plugin.write_text(f'#!/bin/sh\nshift\nexec {shlex.quote(str(PRODUCT))} "$@"\n')
    plugin.chmod(0o755)
    (tmp_path / "manifests").symlink_to(ROOT / "tests" / "fixtures" / "checks" / "KS101")
    (tmp_path / "profile.json").symlink_to(ROOT / "tests" / "fixtures" / "profiles" / "deny-list.json")
    (tmp_path / "profiles").symlink_to(ROOT / "tests" / "fixtures" / "profiles")
    for name in ("start.strace", "server.strace", "names.txt"):
        (tmp_path / name).symlink_to(
            ROOT / "tests" / "fixtures" / "recorded" / ("names.txt" if name == "names.txt" else "busybox.strace")
        )
    environment = {**os.environ, "PATH": f"{tmp_path}:{os.environ['PATH']}"}
    done = subprocess.run(["sh", "-c", line], cwd=tmp_path, env=environment, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == (1 if re.search(r"\b(audit|diff)\b|lint (?!.*--fail-on high)", line) else 0), done.stderr
    assert done.stdout
