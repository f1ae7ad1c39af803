"""The probe's script, run by real shells: everything below the seccomp directory, however much and whatever it is."""

from __future__ import annotations

import hashlib
import os
import socket
from pathlib import Path

import pytest
from msgspec import structs

from kubectl_seccomp.nodes.answer import Entry, Listing
from kubectl_seccomp.nodes.manifest import SPO_DIRECTORY, VOLUME_SECCOMP, Wanted
from kubectl_seccomp.nodes.output import leads_to_operator, parse
from kubectl_seccomp.words import FileState
from tests.unit.probed import NONCE, POWERLESS, REQUEST, ROOT, SHELLS, Node

SECCOMP = f"{ROOT}/seccomp"
LISTING = structs.replace(REQUEST, wanted=Wanted(listing=True))


@pytest.fixture(params=SHELLS)
def node(tmp_path: Path, request: pytest.FixtureRequest) -> Node:
    top = tmp_path / "mo unts"
    top.mkdir()
    return Node(top, request.param)


def told(log: bytes) -> Listing:
    answer = parse(log, NONCE)
    assert answer.complete
    assert answer.listing is not None
    return answer.listing


def listed(node: Node, mounts: tuple[str, ...] = REQUEST.mounts) -> Listing:
    return told(node.log(structs.replace(LISTING, mounts=mounts)))


def entries(node: Node, mounts: tuple[str, ...] = REQUEST.mounts) -> dict[str, Entry]:
    return {entry.name: entry for entry in listed(node, mounts=mounts).entries}


def test_an_empty_directory(node: Node) -> None:
    node.seccomp.chmod(0o750)
    listing = listed(node)
    (top,) = listing.entries
    assert listing.whole
    assert (top.name, top.kind, top.facts.path, top.facts.mode) == ("", "folder", SECCOMP, "750")


def test_files_and_folders_with_their_facts(node: Node) -> None:
    path = node.write("profiles/deep/web.json", "W")
    path.chmod(0o666)
    os.utime(path, (1, 1_700_000_001))
    node.write(".hidden", "H")
    node.write("..odd", "O")
    found = entries(node)
    assert set(found) == {"", "profiles", "profiles/deep", "profiles/deep/web.json", ".hidden", "..odd"}
    web = found["profiles/deep/web.json"]
    assert (web.kind, web.content, web.facts.path) == ("file", b"W", f"{SECCOMP}/profiles/deep/web.json")
    assert (web.facts.state, web.facts.mode, web.facts.size, web.facts.mtime) == (FileState.PRESENT, "666", 1, 1_700_000_001)
    assert web.facts.sha256 == hashlib.sha256(b"W").hexdigest()
    assert web.facts.owner == f"{os.geteuid()}:{os.getegid()}"
    assert web.facts.ctime == int(path.stat().st_ctime)


HOSTILE = [
    "a b",
    "new\nline",
    "end\n",
    "quo'te\"",
    "$(touch pwned)",
    "`id`",
    "\x1b[31mred",
    "-n",
    "--",
    "*",
    "?[a]",
    "back\\n",
    "=",
    " ",
    "%s%n",
]


def test_hostile_names_are_only_names(node: Node) -> None:
    """Each as a file or as a folder, and some as both."""
    folders = {"/".join(HOSTILE[:place]): b"" for place in range(1, len(HOSTILE))}
    files = dict.fromkeys(("/".join(HOSTILE), *HOSTILE[8:], f"{HOSTILE[0]}/{HOSTILE[1]}/{HOSTILE[1]}"), b"content")
    for name, content in files.items():
        node.write(name, content)
    log = node.log(LISTING)
    assert all(byte == 10 or 32 <= byte < 127 for byte in log)
    found = {entry.name: entry.content or b"" for entry in told(log).entries if entry.name}
    assert found == {**folders, **files}
    assert not (node.top / "pwned").exists()


def test_names_that_are_no_utf8_stay_apart(node: Node) -> None:
    for raw in (b"a\xff", b"a\xfe"):
        Path(os.fsdecode(os.fsencode(node.seccomp) + b"/" + raw)).write_text("x")
    assert {"a\\xff", "a\\xfe"} <= set(entries(node))


def test_what_is_no_file_is_told_and_never_opened(node: Node) -> None:
    os.mkfifo(node.seccomp / "fifo")
    with socket.socket(socket.AF_UNIX) as server:
        here = os.open(node.seccomp, os.O_DIRECTORY)
        server.bind(f"/proc/self/fd/{here}/socket")
        os.close(here)
        found = entries(node)
    for name in ("fifo", "socket"):
        assert found[name].kind == "other"
        assert found[name].facts.state is FileState.INVALID
        assert "it is not a regular file" in (found[name].facts.explanation or "")


def test_links_are_told_by_where_they_lead_and_loops_end(node: Node) -> None:
    node.limit("HOPS", 6)
    node.write("real/file", "F")
    links = {
        "latest": "real/file", "dir": "real", "self": "self", "up": "..", "here": ".", "a": "b", "b": "a",
        "out": "/etc/shadow", "gone": "nowhere", "real/back": "../real", "absolute": f"{SECCOMP}/real/file",
    }  # fmt: skip
    for name, target in links.items():
        (node.seccomp / name).symlink_to(target)
    found = entries(node)
    assert set(found) == {"", "real", "real/file", *links}
    assert {name: found[name].kind for name in ("latest", "absolute", "dir", "here", "real/back")} == {
        "latest": "file", "absolute": "file", "dir": "way", "here": "way", "real/back": "way",
    }  # fmt: skip
    assert found["latest"].facts.path == found["absolute"].facts.path == f"{SECCOMP}/real/file"
    assert found["latest"].content == b"F"
    assert [found[name].facts.state for name in ("self", "a", "b")] == [FileState.INVALID] * 3
    assert found["out"].facts.state is FileState.UNREADABLE
    assert found["up"].facts.state is FileState.UNREADABLE
    assert found["gone"].facts.state is FileState.MISSING


def test_the_operators_directory_is_followed_once(node: Node) -> None:
    (node.spo / "ns").mkdir()
    (node.spo / "ns/web.json").write_text("S")
    (node.spo / "again").symlink_to(SPO_DIRECTORY)
    (node.seccomp / "operator").symlink_to(SPO_DIRECTORY)
    (node.seccomp / "second").symlink_to(SPO_DIRECTORY)
    found = entries(node)
    assert set(found) == {"", "operator", "operator/ns", "operator/ns/web.json", "operator/again", "second"}
    assert found["operator/ns/web.json"].facts.path == f"{SPO_DIRECTORY}/ns/web.json"
    assert found["operator/ns/web.json"].content == b"S"


TARGETS = {SPO_DIRECTORY: True, f"{SPO_DIRECTORY}/ns": True, f"{SPO_DIRECTORY}-other": False, "/etc": False, ".": False}


def test_that_the_operators_directory_is_missed_is_seen(node: Node) -> None:
    for number, target in enumerate(TARGETS):
        (node.seccomp / str(number)).symlink_to(target)
    listing = listed(node, mounts=(VOLUME_SECCOMP,))
    alone = {entry.name: structs.replace(listing, entries=(entry,)) for entry in listing.entries}
    assert {target: leads_to_operator(alone[str(number)]) for number, target in enumerate(TARGETS)} == TARGETS
    assert leads_to_operator(listing)
    assert not leads_to_operator(alone[""])


@pytest.mark.skipif(os.geteuid() == 0 and not POWERLESS, reason="uid 0 with capabilities reads everything")
def test_a_folder_that_may_not_be_looked_into_is_told(node: Node) -> None:
    folders = {mode: node.write(f"{mode:o}/inner").parent for mode in (0o000, 0o100, 0o400)}
    node.write("open/inner")
    for mode, folder in folders.items():
        folder.chmod(mode)
    try:
        found = entries(node)
    finally:
        for folder in folders.values():
            folder.chmod(0o700)
    for folder in folders.values():
        assert found[folder.name].facts.state is FileState.UNREADABLE, folder.name
        assert "not allowed to look into it" in (found[folder.name].facts.explanation or "")
        assert f"{folder.name}/inner" not in found
    assert found["open/inner"].kind == "file"


def test_more_entries_than_are_told(node: Node) -> None:
    assert "\nMOST=1000 " in node.script
    node.limit("MOST", 6)
    for number in range(8):
        (node.seccomp / f"dir{number}").mkdir()
    listing = listed(node)
    assert not listing.whole
    assert len(listing.entries) == 7


def test_as_many_entries_as_are_told(node: Node) -> None:
    node.limit("MOST", 6)
    for number in range(2):
        node.write(f"{number}/a/b")
    assert listed(node).whole


def test_long_names_do_not_make_the_log_too_long(node: Node) -> None:
    """What one entry can add beyond ROOM is its own line: a name, a path and a content."""
    assert "\nROOM=9437184 " in node.script
    node.limit("ROOM", 20_000)
    deep = "/".join(["d" * 250] * 4)
    for number in range(8):
        node.write(f"{deep}/{number}{'n' * 240}", b"x" * 10)
    log = node.log(LISTING)
    assert 20_000 <= len(log) < 25_000
    listing = told(log)
    assert not listing.whole
    assert 5 < len(listing.entries) < 13


def test_a_content_is_said_once(node: Node) -> None:
    node.write("web.json", "the only one")
    (node.seccomp / "link").symlink_to("web.json")
    log = node.log(structs.replace(LISTING, paths=("web.json",)))
    answer = parse(log, NONCE)
    assert answer.complete
    assert answer.files[0].content == b"the only one"
    assert answer.listing is not None
    assert {entry.name: entry.content for entry in answer.listing.entries if entry.name} == {
        "web.json": b"the only one", "link": b"the only one",
    }  # fmt: skip
    assert log.count(b"dGhlIG9ubHkgb25l") == 1


def test_a_large_profile_has_its_hash_and_those_after_it_their_contents(node: Node) -> None:
    node.write("a.json", b"x" * 1_048_577)
    node.write("b.json", "B")
    found = entries(node)
    assert (found["a.json"].content, found["a.json"].facts.size) == (None, 1_048_577)
    assert found["a.json"].facts.sha256 == hashlib.sha256(b"x" * 1_048_577).hexdigest()
    assert found["b.json"].content == b"B"


def test_an_image_that_lacks_something_says_what(node: Node, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    few = tmp_path / "bin"
    few.mkdir()
    shell = node.shell[0]
    (few / shell).symlink_to(next(Path(folder, shell) for folder in os.environ["PATH"].split(":") if Path(folder, shell).exists()))
    (few / "setpriv").symlink_to("/usr/bin/setpriv")
    monkeypatch.setenv("PATH", str(few))
    answer = parse(node.log(), NONCE)
    if shell == "dash":
        assert answer.lacks == ("base64", "date", "head", "readlink", "sha256sum", "stat", "tee", "tr")
    assert answer.complete is (shell != "dash")
