"""`check node`, for a person and for programs: a section per node, its files as a table, its findings with their fixes. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from ..model import Finding
from ..node_report import runtime_title
from ..node_values import DefaultReport, FileReport, KernelReport, KubeletReport, NodeReport, NodesReport, UserReport
from ..times import stamp
from ..words import FileState
from . import json as machine
from . import yaml as block
from .cells import NONE
from .csv import cell, written
from .markdown import cell as markdown_cell
from .records import Record, opening
from .summary import count, gap_lines
from .text import columns, safe, wrapped

# The name stands last, as in `ls -l`: it may be long, and only the last column wraps.
HEADS = ("STATE", "USED", "MODE", "OWNER", "SHA256", "NAME")
WIDE_HEADS = ("STATE", "USED", "MODE", "OWNER", "SIZE", "MODIFIED", "CHANGED", "SHA256", "NAME", "PROBLEMS", "PATH", "USED-BY")
CSV_HEADS = (
    "node", "name", "path", "kind", "state", "effect", "sha256", "size", "mode", "owner", "mtime", "ctime", "writableBy", "operator",
    "usedBy", "usedElsewhere", "explanation", "problems",
)  # fmt: skip
_LABEL = 13
_LEAST = 40
_WIDEST = 120
_MOST = 20


def record(report: NodesReport) -> Record:
    """Return the json form of the report."""
    parts = {"nodes": report.nodes, "findings": report.findings, "gaps": report.gaps}
    return {**opening(report.head), **machine.read_back(parts), "complete": not report.gaps}


def json(report: NodesReport) -> Iterator[str]:
    """Yield the report as indented json."""
    yield machine.pretty(record(report))


def yaml(report: NodesReport) -> Iterator[str]:
    """Yield the report as block yaml."""
    yield block.block(record(report))


def names(report: NodesReport) -> Iterator[str]:
    """Yield the nodes as kubectl names them."""
    yield from (f"node/{safe(node.name)}\n" for node in report.nodes)


def csv(report: NodesReport, *, headers: bool) -> Iterator[str]:
    """Yield a line per file."""
    if headers:
        yield written([CSV_HEADS])
    for node in report.nodes:
        yield written([cell(value) for value in _csv(node, file)] for file in node.files or ())


def _csv(node: NodeReport, file: FileReport) -> tuple[object, ...]:
    facts = (file.sha256, file.size, file.mode, file.owner, file.mtime, file.ctime, file.writable_by, file.operator)
    users = (" ".join(map(_user, file.used_by or ())), " ".join(map(_user, file.used_elsewhere or ())))
    return (
        node.name,
        file.name,
        file.path,
        file.kind,
        file.state.value,
        file.effect,
        *facts,
        *users,
        file.explanation,
        _problems(file),
    )


def markdown(report: NodesReport) -> Iterator[str]:
    """Yield a GitHub table with a row per file."""
    from tabulate import tabulate

    rows = [
        [markdown_cell(text) for text in (safe(node.name), *_row(file, wide=False))] for node in report.nodes for file in _shown(node)
    ]
    heads = [head.capitalize() for head in ("NODE", *HEADS)]
    yield tabulate(rows, heads, tablefmt="github", disable_numparse=True) + "\n"


def table(report: NodesReport, *, wide: bool, headers: bool, width: int | None) -> Iterator[str]:
    """Yield a section per node, separated by blank lines; `width` is the columns of the terminal, None for none."""
    room = min(max(width or _WIDEST, _LEAST), _WIDEST)
    for number, node in enumerate(report.nodes):
        if number:
            yield "\n"
        findings = [finding for finding in report.findings if finding.subject.name == node.name]
        yield from _node(node, findings, room, wide=wide, headers=headers, width=width)
    for number, line in enumerate(gap_lines(report.gaps)):
        if not number:
            yield "\n"
        yield from wrapped("", line, 2, room)


def _node(node: NodeReport, findings: list[Finding], room: int, *, wide: bool, headers: bool, width: int | None) -> Iterator[str]:
    facts = [runtime_title(node), node.kubelet.version and f"kubelet {node.kubelet.version}", node.architecture]
    yield from wrapped("", safe(f"Node {node.name} ({', '.join(fact for fact in facts if fact)})"), 2, room)
    for label, text in _facts(node):
        yield from wrapped(f"  {label:<{_LABEL - 2}}", safe(text), _LABEL, room)
    shown = list(node.files or ()) if wide else _shown(node)
    if shown:
        yield "\n"
        heads = WIDE_HEADS if wide else HEADS
        yield from columns([_row(file, wide=wide) for file in shown], heads if headers else None, None if wide else width)
    for alike in _alike(findings):
        yield "\n"
        yield from _told(alike, room)


def _facts(node: NodeReport) -> Iterator[tuple[str, str]]:
    yield "Kernel", _kernel(node.kernel)
    if node.kernel.audit is not None:
        audit = node.kernel.audit
        seen = ", ".join(
            f"{name} {'seen' if there else 'not seen'}" for name, there in (("kauditd", audit.thread), ("auditd", audit.daemon))
        )
        yield "Audit", f"{'built into the kernel' if audit.built else 'not in the kernel'}, {seen}"
    yield "Kubelet", _default(node.kubelet)
    if node.kubelet.started is not None:
        yield "", f"running since {stamp(node.kubelet.started)} UTC"
    if node.kubelet.root is not None:
        yield "", f"root {node.kubelet.root} ({'known' if node.kubelet.root_known else 'assumed'}: {node.kubelet.root_source})"
    yield "Default", _runtime_default(node.runtime.runtime_default)
    if node.containers is not None:
        yield "Containers", _counts(node.containers)
    if node.sandboxes is not None:
        yield "Sandboxes", _counts(node.sandboxes)
    yield "Files", _files(node)


def _kernel(kernel: KernelReport) -> str:
    if kernel.actions_available is None:
        return kernel.release or "not known"
    silent = [action for action in kernel.actions_available if action not in (kernel.actions_logged or ())]
    logged = "" if kernel.actions_logged is None else f"; not logged: {' '.join(silent) or 'none'}"
    return f"{kernel.release}, actions {' '.join(kernel.actions_available)}{logged}"


def _default(kubelet: KubeletReport) -> str:
    answers = (("configz", kubelet.answers.configz), ("flagz", kubelet.answers.flagz), ("command line", kubelet.answers.command_line))
    said = ", ".join(f"{name} {'no answer' if value is None else 'on' if value else 'off'}" for name, value in answers)
    return f"seccompDefault {kubelet.seccomp_default.value} ({said})"


def _runtime_default(default: DefaultReport) -> str:
    if default.unknown is not None:
        return f"RuntimeDefault not known: {default.unknown}"
    counts = f"lets {default.open} of {default.calls} syscalls pass, and {default.conditional} depending on their arguments"
    told = f"RuntimeDefault as of {default.variant}: {counts}"
    return "; not certain: ".join((told, *default.doubts))


def _counts(counts: Mapping[str, int]) -> str:
    return ", ".join(f"{number} {state}" for state, number in counts.items()) or "none seen"


def _files(node: NodeReport) -> str:
    if node.files is None:
        return "not looked at"
    if not node.directory:
        return f"there is no directory {node.kubelet.root}/seccomp"
    files = [file for file in node.files if file.kind == "file"]
    unused = "" if any(file.used_by is None for file in files) else f", {sum(not file.used_by for file in files)} of them unused"
    return f"{count(len(files), 'file')} in {node.kubelet.root}/seccomp{unused if files else ''}"


def _shown(node: NodeReport) -> list[FileReport]:
    """Return the files whose row helps: folders do when there is something the matter with them."""
    closed = FileState.UNREADABLE
    return [file for file in node.files or () if file.kind != "folder" or file.state is closed or file.writable_by is not None]


def _row(file: FileReport, *, wide: bool) -> tuple[str, ...]:
    name = safe(file.name + "/" if file.kind == "folder" else file.name) if file.name else "."
    facts = (_state(file), _used(file), file.mode or NONE, file.owner or NONE)
    if not wide:
        return (*facts, (file.sha256 or NONE)[:12], name)
    times = tuple(NONE if time is None else stamp(time) for time in (file.mtime, file.ctime))
    size = NONE if file.size is None else str(file.size)
    users = ", ".join(map(_user, file.used_by or ())) or NONE
    return (*facts, size, *times, file.sha256 or NONE, name, _problems(file) or NONE, safe(file.path or NONE), safe(users))


def _problems(file: FileReport) -> str:
    """Return how many problems a file has and how bad the worst is: `3 (medium)`."""
    return f"{len(file.problems)} ({file.problems[0].severity.value})" if file.problems else "" if file.problems is None else "0"


def _state(file: FileReport) -> str:
    if file.kind in ("folder", "way") and file.state is FileState.NOT_APPLICABLE:
        return "folder" if file.kind == "folder" else "link"
    if file.state is FileState.PRESENT:
        return "no filter" if file.effect == "none" else "allows all" if file.forbids_nothing else "loads"
    return "refused" if file.effect == "refused" else file.state.value


def _used(file: FileReport) -> str:
    if file.used_by is None or file.kind in ("folder", "way"):
        return NONE
    return f"{len(file.used_by)} (+{len(file.used_elsewhere)})" if file.used_elsewhere else str(len(file.used_by))


def _user(user: UserReport) -> str:
    return f"{user.namespace}/{user.pod}/{user.container}"


def _alike(findings: list[Finding]) -> list[list[Finding]]:
    """Return the findings of the same check and severity together, in their order."""
    groups: dict[tuple[str, str], list[Finding]] = {}
    for finding in findings:
        groups.setdefault((finding.id, finding.severity), []).append(finding)
    return list(groups.values())


def _told(findings: list[Finding], width: int) -> Iterator[str]:
    first = findings[0]
    yield from wrapped(f"{first.id} {first.severity.value:<8} ", safe(first.detail), 2, width)
    for finding in findings[:_MOST]:
        yield from wrapped("  - ", safe(finding.reason), 4, width)
    if len(findings) > _MOST:
        yield f"  - {len(findings) - _MOST} more (-o json shows all)\n"
    yield from wrapped("  Fix: ", safe(first.remediation), 2, width)
