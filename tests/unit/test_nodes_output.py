"""Logs and status texts become values; what is cut, foreign or hostile never becomes an answer."""

from __future__ import annotations

import base64
import hashlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kubectl_seccomp.facts import Observed
from kubectl_seccomp.nodes.answer import Kubelet, Listing, ProbeAnswer, Process
from kubectl_seccomp.nodes.output import absent_files, from_status, is_status, main_process, observed, own_kubelet, parse
from kubectl_seccomp.words import FileState, Observation

NONCE = "0123456789abcdef"
ID = "4f2a" * 16
NOTHING = ProbeAnswer(complete=False)


def b64(content: bytes | str) -> str:
    return "=" + base64.b64encode(content.encode() if isinstance(content, str) else content).decode()


def log(*lines: str, start: str = f"start {NONCE}", count: int | None = None) -> bytes:
    number = len(lines) + 1 if count is None else count
    body = "\n".join([start, *lines, f"lines {number}", ""]).encode()
    return body + f"end {NONCE} {hashlib.sha256(body).hexdigest()}\n".encode()


CONTENT = b'{"defaultAction": "SCMP_ACT_LOG"}'
FILE = (
    f"file 0 present {b64('/r/seccomp/web.json')} 33 644 0:0 1700000000 1700000001 {hashlib.sha256(CONTENT).hexdigest()} {b64(CONTENT)}"
)
PROCESS = f"process {ID} - 4711 12 500 2 1 0"
ENTRY = f"entry {b64('web.json')}{FILE.removeprefix('file 0')}"
FOLDER = f"entry {b64('d')} folder {b64('/r/seccomp/d')} 4096 755 0:0 1 2"
KUBELET = f"kubelet 99 12345 {b64('/data/kubelet')} {b64('true')} -"


def test_a_whole_answer() -> None:
    answer = parse(log(FILE, PROCESS, KUBELET), NONCE)
    assert answer.complete
    (file,) = answer.files
    assert (file.index, file.content, file.facts.ctime) == (0, CONTENT, 1_700_000_001)
    assert (file.facts.state, file.facts.path, file.facts.size) == (FileState.PRESENT, "/r/seccomp/web.json", 33)
    assert answer.processes == (Process(ID, 4711, 12, 500, 2, 1, False),)
    assert answer.kubelets == (Kubelet(99, "/data/kubelet", True),)


@pytest.mark.parametrize(
    ("lines", "started"),
    [
        (("clock 1790000000 1780000000", KUBELET), 1_780_000_123),
        (("clock 1790000000 -", KUBELET), None),
        ((KUBELET,), None),
    ],
)
def test_when_a_kubelet_started(lines: tuple[str, ...], started: int | None) -> None:
    answer = parse(log(*lines), NONCE)
    assert answer.complete
    assert [entry.started for entry in answer.kubelets] == [started]


def test_what_is_said_before_the_start_is_not_part_of_the_answer() -> None:
    assert parse(b"process x\nwarning: cat\n" + log(PROCESS), NONCE) == parse(log(PROCESS), NONCE)
    assert parse(log(PROCESS) + b"file nonsense\n", NONCE) == parse(log(PROCESS), NONCE)


WHOLE = log("clock 1 0", FILE, PROCESS, PROCESS, ENTRY, FOLDER, "listed whole", KUBELET)


def test_the_uncut_log_is_complete() -> None:
    assert parse(WHOLE, NONCE).complete
    assert parse(WHOLE.rstrip(b"\n"), NONCE).complete


def test_a_log_without_its_tail_is_never_complete() -> None:
    assert [length for length in range(len(WHOLE) - 1) if parse(WHOLE[:length], NONCE).complete] == []


def test_a_log_without_its_head_is_never_complete() -> None:
    assert [length for length in range(1, len(WHOLE)) if parse(WHOLE[length:], NONCE).complete] == []


@pytest.mark.parametrize("length", [1, 30, 97])
def test_a_log_with_a_hole_is_never_complete(length: int) -> None:
    starts = range(1, len(WHOLE) - 100)
    assert [start for start in starts if parse(WHOLE[:start] + WHOLE[start + length :], NONCE).complete] == []


def test_lines_that_changed_places_or_are_there_twice() -> None:
    lines = WHOLE.splitlines(keepends=True)
    for number in range(1, len(lines) - 2):
        swapped = [*lines[:number], lines[number + 1], lines[number], *lines[number + 2 :]]
        if swapped != lines:
            assert not parse(b"".join(swapped), NONCE).complete
        assert not parse(b"".join([*lines[: number + 1], *lines[number:]]), NONCE).complete


def test_a_run_that_broke_off_is_not_complete_though_its_checksum_is_right() -> None:
    body = f"start {NONCE}\n{PROCESS}\n".encode()
    assert not parse(body + f"end {NONCE} {hashlib.sha256(body).hexdigest()}\n".encode(), NONCE).complete


def test_an_image_that_lacks_programs() -> None:
    answer = parse(f"start {NONCE}\nlacks sha256sum tee\n".encode(), NONCE)
    assert (answer.complete, answer.lacks) == (False, ("sha256sum", "tee"))


def test_a_listing() -> None:
    lines = (
        ENTRY, FOLDER, f"entry {b64('c')} closed {b64('/r/seccomp/c')} 4096 700 7:7 1 2", f"entry {b64('w')} way {b64('/r/seccomp/d')}",
        f"entry {b64('p')} special {b64('/r/seccomp/p')}", f"entry {b64('o')} outside {b64('/etc/x')}", "listed more",
    )  # fmt: skip
    listing = parse(log(*lines), NONCE).listing
    assert listing is not None
    assert not listing.whole
    kinds = {entry.name: (entry.kind, entry.facts.state) for entry in listing.entries}
    assert kinds == {
        "web.json": ("file", FileState.PRESENT),
        "d": ("folder", FileState.NOT_APPLICABLE),
        "c": ("folder", FileState.UNREADABLE),
        "w": ("way", FileState.NOT_APPLICABLE),
        "p": ("other", FileState.INVALID),
        "o": ("other", FileState.UNREADABLE),
    }
    assert listing.entries[0].content == CONTENT
    assert (listing.entries[1].facts.mode, listing.entries[1].facts.owner) == ("755", "0:0")


def test_no_listing_is_not_an_empty_one() -> None:
    assert parse(log(PROCESS), NONCE).listing is None
    assert parse(log("listed whole"), NONCE).listing == Listing((), whole=True)


def test_a_content_that_was_said_of_a_question_counts_for_the_entry() -> None:
    without = ENTRY.rpartition(" ")[0] + " -"
    listing = parse(log(FILE, without, "listed whole"), NONCE).listing
    assert listing is not None
    assert listing.entries[0].content == CONTENT
    other = parse(log(FILE, without.replace("=L3Ivc2VjY29tcC93ZWIuanNvbg==", b64("/r/seccomp/x")), "listed whole"), NONCE).listing
    assert other is not None
    assert other.entries[0].content is None


@pytest.mark.parametrize(
    "text",
    [
        b"",
        log(PROCESS, start="start fedcba9876543210"),
        log(PROCESS, start="start"),
        log(PROCESS, count=1),
        log(PROCESS, count=3),
        log(PROCESS).replace(b"end 0123456789abcdef", b"end fedcba9876543210"),
        log(PROCESS, PROCESS).replace(PROCESS.encode() + b"\n", b"", 1),
    ],
)
def test_a_foreign_or_shortened_log(text: bytes) -> None:
    assert not parse(text, NONCE).complete


@pytest.mark.parametrize(
    "line",
    [
        "",
        "unknown 1 2",
        "entry",
        f"entry {b64('x')} present",
        FOLDER + " 7",
        FOLDER.rpartition(" ")[0],
        "listed perhaps",
        "audit 1 1",
        "kernel a",
        "clock x y",
        "lines 2",
        "file",
        "file 0 present",
        "file x missing -",
        "file -1 missing -",
        "file 0 missing not-base64",
        "file 0 missing =@@@",
        FILE.replace(" 33 ", " 1e3 "),
        FILE.rpartition(" ")[0],
        FILE + " more",
        PROCESS.replace("4711 12", "4711 -12"),
        PROCESS.replace(" 2 1 ", " two 1 "),
        PROCESS.replace(" 500 ", f" {'9' * 5000} "),
        PROCESS.rpartition(" ")[0],
        KUBELET.replace("99", "９９"),
        KUBELET + " -",
        f"start {NONCE}",
        f"end {NONCE}",
        f"end {NONCE} x",
    ],
)
def test_a_line_that_is_not_understood_makes_the_answer_worthless(line: str) -> None:
    assert parse(log(PROCESS, line), NONCE) == NOTHING


def test_a_log_without_end_is_not_read_to_its_end(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("kubectl_seccomp.nodes.output.MOST_LINES", 50)
    assert parse(log(*[PROCESS] * 40), NONCE).complete
    flood = parse(log(*[PROCESS] * 60), NONCE)
    assert not flood.complete
    assert len(flood.processes) <= 50


@given(st.lists(st.binary(max_size=60) | st.sampled_from([FILE.encode(), PROCESS.encode(), KUBELET.encode()]), max_size=8))
def test_no_log_raises(lines: list[bytes]) -> None:
    text = b"\n".join([f"start {NONCE}".encode(), *lines, f"end {NONCE} {len(lines) + 1}".encode()])
    assert isinstance(parse(text, NONCE), ProbeAnswer)


@pytest.mark.parametrize(
    ("state", "expected", "words"),
    [
        ("missing", FileState.MISSING, "there is no such file"),
        ("impossible", FileState.MISSING, "no file can have such a name"),
        ("directory", FileState.INVALID, "it is a directory"),
        ("special", FileState.INVALID, "it is not a regular file"),
        ("unreadable", FileState.UNREADABLE, "the probe is not allowed to read it"),
        ("loop", FileState.INVALID, "form a loop"),
        ("outside", FileState.UNREADABLE, "out of the directories"),
        ("invented", FileState.UNREADABLE, "is not understood"),
    ],
)
def test_files_that_are_not_there(state: str, expected: FileState, words: str) -> None:
    (file,) = parse(log(f"file 3 {state} {b64('/r/seccomp/x')}"), NONCE).files
    assert (file.index, file.facts.state, file.facts.path, file.content) == (3, expected, "/r/seccomp/x", None)
    assert (file.facts.explanation or "").startswith("/r/seccomp/x: ")
    assert words in (file.facts.explanation or "")


def test_a_file_that_changed_while_it_was_read_is_not_judged() -> None:
    (file,) = parse(log(FILE.replace(b64(CONTENT), b64(b"{}"))), NONCE).files
    assert (file.facts.state, file.content) == (FileState.UNREADABLE, None)
    assert "changed" in (file.facts.explanation or "")


def test_a_file_without_hash_or_content() -> None:
    (file,) = parse(log(" ".join([*FILE.split(" ")[:-2], "-", "-"])), NONCE).files
    assert (file.facts.state, file.facts.sha256, file.content) == (FileState.PRESENT, None, None)


def test_the_files_of_a_node_without_the_directory() -> None:
    first, second = absent_files("/r", ["a.json", "./b//c.json"])
    assert (first.index, first.facts.state, first.facts.path) == (0, FileState.MISSING, "/r/seccomp/a.json")
    assert (second.index, second.facts.path) == (1, "/r/seccomp/b/c.json")
    assert "there is no directory /r/seccomp" in (first.facts.explanation or "")


def process(pid: int, started: int, parent: int = 1, *, container: str = ID) -> Process:
    return Process(container, pid, parent, started, 2, 1, None)


@pytest.mark.parametrize(
    ("processes", "pid"),
    [
        ([process(30, 300), process(20, 100), process(10, 200)], 20),  # pids wrap: the oldest counts
        ([process(10, 100, 20), process(20, 100, 5)], 20),  # the same tick: the one whose parent is outside
        ([process(10, 50, container="other"), process(20, 100)], 20),
        ([process(20, 100, 5), process(10, 100, 5)], 10),
        ([], None),
    ],
)
def test_the_main_process(processes: list[Process], pid: int | None) -> None:
    found = main_process(processes, ID)
    assert (found.pid if found else None) == pid


def test_no_process_is_a_failure() -> None:
    assert observed(None).state is Observation.FAILED


A, B, C = Kubelet(1, "/a"), Kubelet(2, "/b", hostname="n"), Kubelet(3, "/c", hostname="m")


@pytest.mark.parametrize(
    ("kubelets", "expected"),
    [([A], A), ([C], None), ([A, B], B), ([B, C], B), ([A, C], A), ([A, B, C], B), ([A, Kubelet(4, "/d"), C], None), ([], None)],
)
def test_one_kubelet_of_several_only_when_it_is_known_which(kubelets: list[Kubelet], expected: Kubelet | None) -> None:
    assert own_kubelet(kubelets, "n") == expected


# busybox cat /proc/self/status on kernel 6.18, shortened.
STATUS = (
    b"Name:\tcat\nUmask:\t0022\nState:\tR (running)\nTgid:\t7\nPid:\t7\nNSpid:\t7\nNoNewPrivs:\t0\nSeccomp:\t2\nSeccomp_filters:\t1\n"
)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (STATUS, Observed(Observation.FILTERED, 2, 1, False, "exec")),
        (STATUS.replace(b"\n", b"\r\n"), Observed(Observation.FILTERED, 2, 1, False, "exec")),
        (b"Seccomp:\t0\nSeccomp_filters:\t0\nNoNewPrivs:\t1\n", Observed(Observation.UNFILTERED, 0, 0, True, "exec")),
        (b"Seccomp:\t1\n", Observed(Observation.STRICT, 1, None, None, "exec")),
        (b"Seccomp:\t2\n", Observed(Observation.FILTERED, 2, None, None, "exec")),
    ],
)
def test_a_status(text: bytes, expected: Observed) -> None:
    assert from_status(text, "exec") == expected


@pytest.mark.parametrize(
    ("text", "why"),
    [
        (b"", "does not report it"),
        (b"Name:\tx\nSeccomp_filters:\t1\n", "does not report it"),
        (b"Seccomp:\n2\n", "does not report it"),
        (b"Seccomp: two\n", "does not report it"),
        (b" Seccomp:\t2\n", "does not report it"),
        (b"Seccomp:\t-1\n", "does not report it"),
        (b"Seccomp:\t7\n", "unknown Seccomp mode 7"),
        (b"\xff" * 100, "does not report it"),
    ],
)
def test_what_says_nothing_is_a_failure_and_not_a_zero(text: bytes, why: str) -> None:
    seen = from_status(text, "exec")
    assert seen.state is Observation.FAILED
    assert why in (seen.explanation or "")


def test_more_than_one_filter_is_explained() -> None:
    assert "3 filters" in (from_status(b"Seccomp:\t2\nSeccomp_filters:\t3\n", "node").explanation or "")


@pytest.mark.parametrize(
    ("text", "expected"), [(STATUS, True), (b"", False), (b"hello\n", False), (b"Name: x\n", False), (b"xName:\nPid: 1\n", False)]
)
def test_what_can_be_a_status(text: bytes, expected: bool) -> None:
    assert is_status(text) is expected
