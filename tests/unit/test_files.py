"""Which files are read, how they are named, and what cannot be read: paths, directories, stdin, odd files."""

from __future__ import annotations

import io
import os
import shutil
from pathlib import Path

import pytest

from kubectl_seccomp import files
from kubectl_seccomp.fault import Fault
from kubectl_seccomp.files import read
from kubectl_seccomp.model import Gap
from kubectl_seccomp.pods import Pod

FIXTURES = Path(__file__).parents[1] / "fixtures" / "files"
POD = b"apiVersion: v1\nkind: Pod\nmetadata: {name: p}\nspec: {containers: [{name: c}]}\n"


def names(*paths: object, recursive: bool = False, stdin: bytes | None = None) -> list[str]:
    """Names of the pods, and "where: why" of the gaps."""
    stream = io.BytesIO(stdin) if stdin is not None else None
    found = read([str(path) for path in paths], recursive, stream)
    return [f"{item.where}: {item.why}" if isinstance(item, Gap) else item.name for item in found]


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    return Path(shutil.copytree(FIXTURES / "tree", tmp_path / "tree"))


def test_a_directory_gives_its_manifests_in_order(tree: Path) -> None:
    assert names(tree) == ["hidden", "z"]


def test_recursion_descends_in_lexical_order(tree: Path) -> None:
    assert names(tree, recursive=True) == ["hidden", "deep", "json", "z"]


def test_a_file_that_is_named_needs_no_suffix(tree: Path) -> None:
    assert names(tree / "notes.txt") == ["text"]


def test_paths_keep_their_order_and_stdin_its_place(tree: Path) -> None:
    assert names(tree / "z.yaml", "-", tree / ".hidden.yml", stdin=POD) == ["z", "p", "hidden"]


def test_a_pattern_that_the_shell_left_alone_is_expanded(tree: Path) -> None:
    assert names(tree / "*.y*ml") == ["hidden", "z"]


def test_a_file_whose_name_is_a_pattern_is_itself(tmp_path: Path) -> None:
    (tmp_path / "[a].yaml").write_bytes(POD)
    assert names(tmp_path / "[a].yaml") == ["p"]


@pytest.mark.parametrize(("path", "hint"), [("missing.yaml", None), ("mis*.yaml", None), ("https://x/y.yaml", "URLs are not read")])
def test_a_missing_path_stops_the_run_before_anything_is_read(
    path: str, hint: str | None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(Fault) as fault:
        read([str(FIXTURES / "workloads.yaml"), path], False, None)
    assert fault.value.message == f'the path "{path}" does not exist'
    assert fault.value.code == 3
    assert (fault.value.hint or "").startswith(hint or "")
    assert (fault.value.hint is None) == (hint is None)


def test_file_and_document_are_those_of_the_manifest(tree: Path) -> None:
    (pod,) = read([str(tree / "z.yaml")], False, None)
    assert isinstance(pod, Pod)
    assert (pod.file, pod.document) == (str(tree / "z.yaml"), 1)


@pytest.mark.parametrize(
    ("data", "why"),
    [
        (b"", "no objects"),
        (b"# nothing\n---\n---\n", "no objects"),
        (b"kind: ConfigMap", "1 object, and it holds no pods"),
        (b"kind: ConfigMap\n---\nkind: Secret", "2 objects, none of them holds pods"),
        (b'{"kind": "List", "items": [{"kind": "ConfigMap"}, {"kind": "Node"}]}', "2 objects, none of them holds pods"),
        (b'{"kind": "PodList", "items": []}', "no objects"),
        (b'{"kind": "PodList", "items": null}', "no objects"),
    ],
)
def test_input_without_pods_is_never_silent(data: bytes, why: str) -> None:
    assert names("-", stdin=data) == [f"-: nothing in it can be audited: {why}"]


def test_the_last_gap_names_a_few_paths_only(tmp_path: Path) -> None:
    paths = [tmp_path / f"{number}.yaml" for number in range(5)]
    for path in paths:
        path.write_bytes(b"kind: Secret")
    assert names(*paths) == [
        f"{paths[0]}, {paths[1]}, {paths[2]} and 2 more: nothing in it can be audited: 5 objects, none of them holds pods"
    ]


def test_no_stdin_is_empty_input() -> None:
    assert names("-") == ["-: nothing in it can be audited: no objects"]


def test_a_directory_without_manifests_says_so(tmp_path: Path, tree: Path) -> None:
    (tmp_path / "sub").mkdir()
    (tmp_path / "sub" / "a.yaml").write_bytes(POD)
    only = "there is no .json, .yaml or .yml file in it"
    assert names(tree / "z.yaml", tree / "sub" / "deeper" / "..", tmp_path) == [
        "z",
        "json",
        f"{tmp_path}: {only} (-R looks into its subdirectories)",
    ]
    shutil.rmtree(tmp_path / "sub")
    shutil.rmtree(tree)
    assert names(tmp_path, recursive=True) == [f"{tmp_path}: {only}"]


def test_links_in_directories_are_no_loops(tree: Path) -> None:
    (tree / "loop").symlink_to(tree)
    (tree / "self.yaml").symlink_to("self.yaml")
    (tree / "folder.yaml").symlink_to(tree / "sub")
    (tree / "gone.yaml").symlink_to("nowhere")
    (tree / "link.yaml").symlink_to("notes.txt")
    assert names(tree, recursive=True) == [
        "hidden",
        f"{tree}/folder.yaml: is a directory",
        f"{tree}/gone.yaml: No such file or directory",
        "text",
        f"{tree}/self.yaml: Too many levels of symbolic links",
        "deep",
        "json",
        "z",
    ]


def test_a_linked_directory_that_is_named_is_read(tree: Path, tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to(tree)
    assert names(tmp_path / "link") == ["hidden", "z"]


def test_pipes_in_directories_are_not_opened(tree: Path) -> None:
    os.mkfifo(tree / "pipe.yaml")
    assert names(tree) == ["hidden", f"{tree}/pipe.yaml: is not a regular file", "z"]


def test_a_pipe_that_is_named_is_read() -> None:
    end, begin = os.pipe()
    os.write(begin, POD)
    os.close(begin)
    try:
        assert names(f"/dev/fd/{end}") == ["p"]
    finally:
        os.close(end)


@pytest.mark.skipif(not Path("/proc/self/mem").exists(), reason="needs a file that even root cannot read")
def test_an_unreadable_file_is_a_gap(tree: Path) -> None:
    (tree / "memory.yaml").symlink_to("/proc/self/mem")
    assert names(tree) == ["hidden", f"{tree}/memory.yaml: Input/output error", "z"]


def test_an_unreadable_directory_is_a_gap(tree: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    scandir = os.scandir

    def refused(path: str) -> object:
        if path.endswith("deeper"):
            raise PermissionError(13, "Permission denied", path)
        return scandir(path)

    monkeypatch.setattr(os, "scandir", refused)  # root may read every directory
    assert names(tree, recursive=True) == ["hidden", f"{tree}/sub/deeper: Permission denied", "json", "z"]


def test_a_stream_that_fails_is_a_gap() -> None:
    class Failing(io.BytesIO):
        def read(self, _size: int | None = -1, /) -> bytes:
            raise OSError(5, "Input/output error")

    (gap,) = read(["-"], False, Failing())
    assert gap == Gap("file", "-", "Input/output error")


def test_file_names_need_not_be_utf8(tmp_path: Path) -> None:
    path = os.fsencode(tmp_path) + b"/\xff.yaml"
    Path(os.fsdecode(path)).write_bytes(POD)
    (pod,) = read([str(tmp_path)], False, None)
    assert isinstance(pod, Pod)
    assert pod.file == f"{tmp_path}/\ufffd.yaml"


@pytest.mark.parametrize("data", [POD.decode().encode("utf-16"), b"\xfe\xff\0a", b"\xff\xfea\0"])
def test_utf16_is_named(data: bytes) -> None:
    assert names("-", stdin=data) == ["-: is UTF-16: manifests are UTF-8"]


def test_files_and_streams_are_bounded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(files, "LARGEST_FILE", 3 << 20)
    monkeypatch.setattr(files, "LARGEST_STREAM", 3 << 20)
    large = b"#" * (3 << 20) + b"\n" + POD
    (tmp_path / "large.yaml").write_bytes(large)
    assert names(tmp_path) == [f"{tmp_path}/large.yaml: is larger than 3 MiB"]
    assert names("-", stdin=large) == ["-: is larger than 3 MiB"]
    assert names("/dev/zero") == ["/dev/zero: is larger than 3 MiB"]
    assert names("-", stdin=large[len(POD) + 1 :]) == ["p"]


def test_many_gaps_of_one_file_become_one() -> None:
    found = names("-", stdin=b"kind: [\n---\n" * 250 + POD)
    assert found[100:] == ["p", "-: 150 more like these"]
    assert found[99].startswith("-:200 (document 100): not valid YAML")
