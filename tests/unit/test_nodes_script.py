"""The probe's script, run by real shells: profile files, whatever they are called and wherever their links lead."""

from __future__ import annotations

import hashlib
import os
from pathlib import Path

import pytest

from kubectl_seccomp.nodes.answer import File
from kubectl_seccomp.nodes.manifest import SPO_DIRECTORY, VOLUME_SECCOMP
from kubectl_seccomp.words import FileState
from tests.unit.probed import NONCE, POWERLESS, ROOT, SHELLS, Node


@pytest.fixture(params=SHELLS)
def node(tmp_path: Path, request: pytest.FixtureRequest) -> Node:
    top = tmp_path / "mo unts"
    top.mkdir()
    return Node(top, request.param)


def one(node: Node, path: str) -> File:
    (file,) = node.ask(path).files
    return file


def test_a_file_with_all_its_facts(node: Node) -> None:
    path = node.write("profiles/web.json", '{"defaultAction": "SCMP_ACT_ERRNO"}\n')
    path.chmod(0o640)
    os.utime(path, (1_700_000_000, 1_700_000_001))
    file = one(node, "profiles/web.json")
    facts = file.facts
    assert facts.state is FileState.PRESENT
    assert facts.path == f"{ROOT}/seccomp/profiles/web.json"
    assert (facts.size, facts.mode, facts.mtime) == (36, "640", 1_700_000_001)
    assert facts.owner == f"{os.geteuid()}:{os.getegid()}"
    assert facts.sha256 == hashlib.sha256(path.read_bytes()).hexdigest()
    assert file.content == path.read_bytes()
    assert file.facts.ctime == int(path.stat().st_ctime)


HOSTILE = [
    "a b.json", "new\nline.json", "end\n", "quo'te\".json", "$(touch pwned)", "`id`", "\x1b[31mred.json", "-n", "--", "*", "?[a]",
    "back\\slash\\n", "ü€.json", "=", "x", " ", "tab\there", "%s%n", "end 0123456789abcdef 1",
]  # fmt: skip


def test_hostile_names_are_only_names(node: Node) -> None:
    for number, name in enumerate(HOSTILE):
        node.write(name, f"content {number}")
    files = node.ask(*HOSTILE).files
    assert [file.index for file in files] == list(range(len(HOSTILE)))
    assert [file.content for file in files] == [f"content {number}".encode() for number in range(len(HOSTILE))]
    assert [file.facts.path for file in files] == [f"{ROOT}/seccomp/{name}" for name in HOSTILE]


def test_names_that_are_impossible_keep_their_place(node: Node) -> None:
    node.write("a", "A")
    files = node.ask("", "a", "a\0b", "n" * 300, "missing").files
    assert [file.index for file in files] == [0, 1, 2, 3, 4]
    assert [file.facts.state.value for file in files] == ["missing", "present", "missing", "missing", "missing"]
    assert files[1].content == b"A"


def test_content_comes_back_byte_by_byte(node: Node) -> None:
    contents = [b"", b"\0\xff\n\n", b"end 0123456789abcdef 1\n", b"x" * 1_048_576]
    for number, content in enumerate(contents):
        node.write(str(number), content)
    assert [file.content for file in node.ask("0", "1", "2", "3").files] == contents


def test_content_is_bounded_and_a_large_file_still_has_its_hash(node: Node) -> None:
    node.write("large", b"x" * 1_048_577)
    file = one(node, "large")
    assert file.facts.state is FileState.PRESENT
    assert file.facts.sha256 == hashlib.sha256(b"x" * 1_048_577).hexdigest()
    assert file.content is None


def test_all_contents_together_are_bounded(node: Node) -> None:
    assert "\nLEFT=6291456 " in node.script
    node.limit("LEFT", 25_000)
    for number in range(4):
        node.write(f"f{number}", bytes([number]) * 10_000)
    files = node.ask(*(f"f{number}" for number in range(4))).files
    assert [file.content is not None for file in files] == [True, True, False, False]


def test_a_huge_file_is_not_read_at_all(node: Node) -> None:
    with node.write("sparse").open("wb") as stream:
        stream.truncate(1 << 40)
    file = one(node, "sparse")
    assert (file.facts.state, file.facts.size, file.facts.sha256, file.content) == (FileState.PRESENT, 1 << 40, None, None)


def test_what_is_not_a_file_is_never_opened(node: Node) -> None:
    (node.seccomp / "dir").mkdir()
    os.mkfifo(node.seccomp / "fifo")
    files = node.ask("dir", "fifo", ".", "dir/").files
    assert [file.facts.state for file in files] == [FileState.INVALID] * 4
    assert [(file.facts.explanation or "").rpartition(": ")[2] for file in files] == [
        "it is a directory", "it is not a regular file", "it is a directory", "it is a directory",
    ]  # fmt: skip


def test_missing_files(node: Node) -> None:
    node.write("file")
    (node.seccomp / "dangling").symlink_to("nowhere")
    files = node.ask("absent.json", "absent/x.json", "file/x.json", "dangling", "dangling/x").files
    assert [file.facts.state for file in files] == [FileState.MISSING] * 5


@pytest.mark.skipif(os.geteuid() == 0 and not POWERLESS, reason="uid 0 with capabilities reads everything")
def test_what_may_not_be_read_is_not_missing(node: Node) -> None:
    node.write("secret").chmod(0)
    folder = node.write("closed/inner").parent
    folder.chmod(0)
    try:
        states = {file.index: file.facts.state for file in node.ask("secret", "closed/inner", "closed/deeper/x", "closed").files}
    finally:
        folder.chmod(0o700)
    assert states == {0: FileState.UNREADABLE, 1: FileState.UNREADABLE, 2: FileState.UNREADABLE, 3: FileState.INVALID}


def test_the_operators_absolute_link_is_followed_on_the_node(node: Node) -> None:
    (node.seccomp / "operator").symlink_to(SPO_DIRECTORY)
    (node.spo / "ns").mkdir()
    (node.spo / "ns/web.json").write_text("spo")
    file, absent = node.ask("operator/ns/web.json", "operator/ns/absent.json").files
    assert file.content == b"spo"
    assert file.facts.path == f"{SPO_DIRECTORY}/ns/web.json"
    assert absent.facts.state is FileState.MISSING


def test_without_its_mount_the_operators_directory_is_outside(node: Node) -> None:
    (node.seccomp / "mine.json").symlink_to(f"{SPO_DIRECTORY}/web.json")
    (file,) = node.ask("mine.json", mounts=(VOLUME_SECCOMP,)).files
    assert file.facts.state is FileState.UNREADABLE
    assert file.facts.path == f"{SPO_DIRECTORY}/web.json"


FOLLOWED = {
    "real.json": f"{ROOT}/seccomp/real.json",
    "./sub/../real.json": f"{ROOT}/seccomp/real.json",
    f"{ROOT}/seccomp/real.json": f"{ROOT}/seccomp/real.json",
    f"/{ROOT}/pods/..//seccomp/./real.json": f"{ROOT}/seccomp/real.json",
    "../seccomp/real.json": f"{ROOT}/seccomp/real.json",
    "sub/back": f"{ROOT}/seccomp/real.json",
    f"{SPO_DIRECTORY}/x": f"{SPO_DIRECTORY}/x",
    "odd\n": f"{ROOT}/seccomp/odd\n",
}


def test_links_are_followed_as_the_node_would(node: Node) -> None:
    for path in (node.seccomp / "real.json", node.spo / "x", node.seccomp / "odd\n"):
        path.write_text("here")
    (node.seccomp / "sub").mkdir()
    (node.seccomp / "sub/back").symlink_to("../real.json")
    for number, target in enumerate(FOLLOWED):
        (node.seccomp / f"link{number}").symlink_to(target)
    files = node.ask(*(f"link{number}" for number in range(len(FOLLOWED)))).files
    assert [file.facts.path for file in files] == list(FOLLOWED.values())
    assert {file.content for file in files} == {b"here"}


OUTSIDE = ["/etc/passwd", "../../x", f"{ROOT}/pods/token", f"{ROOT}/seccomp-other/x", "/", "../seccomp2"]


def test_links_out_of_the_mounts_are_said_and_not_followed(node: Node) -> None:
    for number, target in enumerate(OUTSIDE):
        (node.seccomp / f"link{number}").symlink_to(target)
    for file in node.ask(*(f"link{number}" for number in range(len(OUTSIDE)))).files:
        assert file.facts.state is FileState.UNREADABLE
        assert "leads there, out of the directories" in (file.facts.explanation or "")
        assert file.content is None


def test_loops_end(node: Node) -> None:
    node.limit("HOPS", 6)
    (node.seccomp / "a").symlink_to("b")
    (node.seccomp / "b").symlink_to("a")
    (node.seccomp / "grow").symlink_to("grow/grow")
    for file in node.ask("a", "grow", "a/b/c").files:
        assert file.facts.state is FileState.INVALID
        assert "loop" in (file.facts.explanation or "")


def test_so_many_links_are_followed_and_one_more_is_not(node: Node) -> None:
    assert "\nHOPS=40 " in node.script
    node.limit("HOPS", 4)
    node.write("l0", "end of the chain")
    for number in range(1, 6):
        (node.seccomp / f"l{number}").symlink_to(f"l{number - 1}")
    last, beyond = node.ask("l4", "l5").files
    assert last.content == b"end of the chain"
    assert beyond.facts.state is FileState.INVALID


def test_a_root_with_odd_characters(node: Node) -> None:
    node.write("f", "odd")
    (file,) = node.ask("f", root="/da*ta/[k] $x").files
    assert (file.content, file.facts.path) == (b"odd", "/da*ta/[k] $x/seccomp/f")


def test_the_log_tells_its_own_length_and_checksum(node: Node) -> None:
    node.write("f")
    log = node.log()
    *body, end = log.splitlines(keepends=True)
    assert body[0] == f"start {NONCE}\n".encode()
    assert body[-1] == f"lines {len(body) - 1}\n".encode()
    assert end == f"end {NONCE} {hashlib.sha256(b''.join(body)).hexdigest()}\n".encode()


def test_a_missing_file_is_named_whole_also_where_its_folder_is_missing(node: Node) -> None:
    node.write("there/a.json", "A")
    paths = ("no/such/b.json", "there/b.json", "there/a.json/c")
    assert [file.facts.path for file in node.ask(*paths).files] == [f"{ROOT}/seccomp/{path}" for path in paths]
