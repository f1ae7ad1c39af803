"""`profile` commands from the command line, without a cluster: what is printed where, exit codes, and what cannot be read."""

from __future__ import annotations

import json
import time
from pathlib import Path

import pytest
import yaml

from . import inside

ROOT = Path(__file__).parents[2]
FILES = ROOT / "tests" / "fixtures" / "profiles"
DENY, WEB, DOCKER, RESOURCE = (str(FILES / name) for name in ("deny-list.json", "web.json", "docker.json", "resource.yaml"))


def run(*words: str, stdin: bytes = b"") -> tuple[int, str, str]:
    return inside.run("profile", *words, stdin=stdin, KUBECONFIG="/nonexistent", COLUMNS="80")


def document(*words: str) -> dict[str, object]:
    code, out, _ = run(*words, "-o", "json")
    assert code in (0, 1)
    found = json.loads(out)
    assert isinstance(found, dict)
    return found


@pytest.mark.parametrize(
    ("words", "code", "text"),
    [
        (("show", DENY), 0, "381 of 385 syscalls open"),
        (("show", "runtime/containerd@2.2.4"), 0, "309 of 385 syscalls open"),
        (("show", "runtime/containerd@2.2.4", "--capabilities", "all"), 0, "349 of 385 syscalls open"),
        (("show", "runtime/containerd@2.2.4", "--capabilities", "default,sys_admin"), 0, "default capabilities and SYS_ADMIN"),
        (("show", "runtime/containerd@2.2.4", "--arch", "arm64"), 0, "aarch64   "),
        (("show", "runtime/cri-o@1.36.3"), 0, "as CRI-O reads it"),
        (("show", WEB, "--runtime", "runc@1.2", "--libseccomp", "2.5.4"), 0, "all with a number above 318"),
        (("explain", DENY, "--syscall", "reboot,mount"), 0, "SIGSYS ends the thread that made it"),
        (("explain", DENY, "--syscall", "165"), 0, "mount"),
        (("diff", DENY, DENY), 0, "They mean the same."),
        (("diff", "runtime/containerd@2.2.3", "runtime/containerd@2.2.4"), 1, "AF_ALG"),
        (("diff", "runtime/containerd@1.7.27", "runtime/containerd@2.0.0"), 1, "io_uring_setup"),
        (("convert", DENY, "--to", "seccompprofile"), 0, "name: deny-list"),
        (("convert", DENY, "--to", "oci"), 0, '"SCMP_ACT_KILL_THREAD"'),
    ],
    ids=lambda value: " ".join(Path(word).name for word in value) if isinstance(value, tuple) else "",
)
def test_an_answer_on_stdout(words: tuple[str, ...], code: int, text: str) -> None:
    found, out, err = run(*words)
    assert (found, "error" in err) == (code, False)
    assert text in out


@pytest.mark.parametrize(
    ("words", "code", "text"),
    [
        (("show", "/nonexistent.json"), 3, "cannot be read: No such file"),
        (("show", str(FILES)), 3, "cannot be read: Is a directory"),
        (("show", "runtime/containerd"), 2, '"runtime/containerd" names no version\nhint: write a release: runtime/containerd@2.2.4, '),
        (("show", "runtime/rkt@1.0"), 2, "names no runtime that is known: they are containerd, cri-o, docker\nhint: write a release"),
        (("show", "runtime/containerd@latest"), 2, "no default profile is known"),
        (("show", "runtime/containerd@2.2.4", "--arch", "sparc"), 2, 'architecture "sparc" is not known'),
        (("show", DENY, "--capabilities", "SYS_ADMN"), 2, "there is no such capability"),
        (("show", DENY, "--kernel", "new"), 2, "must be a version"),
        (("show", DENY, "--runtime", "youki"), 2, "must be runc or crun"),
        (("show", DENY, "--decoder", "podman"), 2, "must be one of containerd, cri-o, docker"),
        (("show", "node/node-a"), 2, "is not a node with a path"),
        (("show", "a\udcff.json"), 3, "cannot be read"),
        (("show", "node/n:profiles/x.json"), 3, "no configuration has been provided"),
        (("show", "runtime/node/n"), 3, "no configuration has been provided"),
        (("explain", DENY), 2, "no syscall is named"),
        (("explain", DENY, "mount"), 2, 'unexpected argument "mount" (did you mean --syscall mount?)'),
        (("explain", DENY, "--syscall", "clnoe3"), 2, "did you mean clone3?"),
        (("diff", DENY), 2, "takes two profiles"),
        (("diff", "-", "-"), 2, "only one of the two profiles can be standard input"),
        (("convert", DENY), 2, "give --to oci or --to seccompprofile"),
    ],
    ids=lambda value: (
        " ".join(Path(word).name for word in value).encode("ascii", "replace").decode() if isinstance(value, tuple) else ""
    ),
)
def test_what_is_wrong_is_one_sentence(words: tuple[str, ...], code: int, text: str) -> None:
    found, out, err = run(*words)
    assert found == code
    assert text in err
    assert err.startswith("error: ")
    assert not out or words[0] == "explain"


@pytest.mark.parametrize(
    ("content", "code", "text"),
    [
        (b"", 3, "standard input is empty"),
        (b"[]", 3, "not an object"),
        (b'{"defaultAction": "SCMP_ACT_DENY"}', 3, "where an action should be"),
        (b'{"syscalls": [{"names": ["read"], "action": "SCMP_ACT_ALLOW"}]}', 3, "no defaultAction"),
        (b"\xef\xbb\xbf{}", 3, "byte order mark"),
        (b"kind: Pod\n", 3, "is not valid JSON"),
        (b"[" * 100_000, 3, "levels deep: not judged"),
        (b'{"a":"' + b"x" * 2_000_000 + b'"}', 3, "larger than 1 MiB"),
        (b'{"defaultAction": "SCMP_ACT_ALLOW", "architectures": ["SCMP_ARCH_S390X"]}', 3, "another byte order"),
    ],
    ids=["empty", "array", "action", "no-default", "bom", "yaml", "deep", "large", "endian"],
)
def test_what_is_no_profile_is_refused(content: bytes, code: int, text: str) -> None:
    found, out, err = run("show", "-", stdin=content)
    assert (found, out) == (code, "")
    assert text in err


@pytest.mark.parametrize("content", [b"{}", b"null", b'{"kind": "X", "spec": {}}'])
def test_a_file_without_effect_is_no_filter(content: bytes) -> None:
    code, out, _ = run("show", "-", stdin=content)
    assert code == 0
    assert "It gives no filter at all" in out
    code, _, err = run("convert", "-", "--to", "oci", stdin=content)
    assert code == 3
    assert "nothing to write" in err


def test_a_wrapped_profile_is_looked_into_and_that_is_said() -> None:
    code, out, err = run("show", RESOURCE)
    assert (code, "as a file on a node it gives no filter" in err) == (0, True)
    assert "383 of 385 syscalls open" in out


def test_dockers_form_by_decoder() -> None:
    _, out, err = run("explain", DOCKER, "--syscall", "mount")
    assert "allowed" in out
    assert "containerd knows none of its additions" in err
    _, out, err = run("explain", DOCKER, "--syscall", "mount", "--decoder", "cri-o")
    assert "ENOSYS" in out
    assert err == ""


def test_converting_dockers_form_says_what_is_lost() -> None:
    code, out, err = run("convert", DOCKER, "--to", "oci", "--kernel", "4.4")
    names = [name for rule in json.loads(out)["syscalls"] for name in rule["names"]]
    assert (code, "mount" in names, "ptrace" in names, "clone" in names) == (0, False, False, True)
    assert json.loads(out)["architectures"] == ["SCMP_ARCH_X86_64", "SCMP_ARCH_X86"]
    assert "resolved as dockerd does" in err
    assert "rule 1 is left out: includes needs CAP_SYS_ADMIN" in err
    assert "rule 3 is left out: includes needs a kernel from 4.8" in err
    _, out, _ = run("convert", DOCKER, "--to", "oci", "--decoder", "containerd")
    assert "mount" in [name for rule in json.loads(out)["syscalls"] for name in rule["names"]]


@pytest.mark.parametrize(
    ("profile", "decoder"),
    [
        *((profile, "containerd") for profile in (DENY, WEB, RESOURCE, "runtime/containerd@2.4.2")),
        *((f"runtime/cri-o@{version}", "cri-o") for version in ("1.35.0", "1.36.3")),
        ("runtime/docker@29.7.2", "docker"),
    ],
)
def test_what_was_converted_means_the_same(tmp_path: Path, profile: str, decoder: str) -> None:
    """Read as by the runtime that it is a default of, for the capabilities that this one gives."""
    for to, name in (("oci", "x.json"), ("seccompprofile", "x.yaml")):
        written = tmp_path / name
        written.write_text(run("convert", profile, "--to", to)[1])
        code, out, err = run("diff", profile, str(written), "--decoder", decoder)
        assert (code, "They mean the same." in out) == (0, True), (out, err)


def test_forms_of_what_is_converted() -> None:
    resource = yaml.safe_load(run("convert", DENY, "--to", "seccompprofile", "--name", "mine")[1])
    assert (resource["kind"], resource["metadata"], resource["spec"]["defaultAction"]) == (
        "SeccompProfile",
        {"name": "mine"},
        "SCMP_ACT_ALLOW",
    )
    assert json.loads(run("convert", DENY, "--to", "seccompprofile", "-o", "json")[1])["metadata"] == {"name": "deny-list"}
    assert yaml.safe_load(run("convert", DENY, "--to", "oci", "-o", "yaml")[1])["defaultAction"] == "SCMP_ACT_ALLOW"
    assert yaml.safe_load(run("convert", "runtime/containerd@2.2.4", "--to", "seccompprofile")[1])["metadata"]["name"] == "containerd"


def test_kinds_for_programs() -> None:
    assert document("show", DENY)["kind"] == "ProfileSets"
    found = document("explain", DENY, "--syscall", "mount")
    assert (found["kind"], list(found)) == ("ProfileExplanation", ["apiVersion", "kind", "profile", "calls"])
    found = document("diff", DENY, WEB)
    assert list(found) == ["apiVersion", "kind", "a", "b", "same", "aSubsetOfB", "bSubsetOfA", "changes", "approximate"]
    assert yaml.safe_load(run("show", DENY, "-o", "yaml")[1]) == document("show", DENY)


def test_lines_of_rules_are_those_of_the_file() -> None:
    found = document("explain", DENY, "--syscall", "reboot")
    assert found["calls"][0]["ways"][0]["lines"] == [5]  # type: ignore[index]


def test_a_version_that_is_not_known_is_doubted() -> None:
    code, _, err = run("show", "runtime/containerd@9.9.9")
    assert (code, "is not known, that of" in err) == (0, True)
    profile = document("show", "runtime/containerd@9.9.9")["profile"]
    assert profile["doubts"]  # type: ignore[index]
    assert profile["form"].startswith("RuntimeDefault as of containerd ")  # type: ignore[index]


def test_a_version_without_its_patch_release_says_what_was_taken() -> None:
    code, out, err = run("show", "runtime/containerd@2.2")
    assert (code, "RuntimeDefault as of containerd " in out) == (0, True)
    assert err == "note: runtime/containerd@2.2: it names no release: the profile of containerd 2.2.0 is taken\n"


def test_a_large_file_is_answered_soon(tmp_path: Path) -> None:
    many = tmp_path / "many.json"
    rules = [{"names": [f"n{number}", "read"], "action": "SCMP_ACT_ALLOW"} for number in range(10_000)]
    many.write_text(json.dumps({"defaultAction": "SCMP_ACT_ERRNO", "syscalls": rules}))
    started = time.monotonic()
    code, out, _ = run("show", str(many))
    assert code == 0
    assert "more rules do not count" in out
    assert len(out) < 20_000
    assert time.monotonic() - started < 20
