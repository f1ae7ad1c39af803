"""`check pod` for a person: the three facts side by side, the files, the findings with their fixes, Pod Security. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from ..facts import NodeFacts
from ..model import ContainerReport, Gap, PodReport, PssLevel, Report, Template
from ..words import KubeletDefault
from . import cells
from .patch import patch
from .problems import file_problems
from .strength import strengths
from .summary import gap_lines
from .text import columns, fold, safe, wrapped

HEADS = ("CONTAINER", "DECLARED", "EFFECTIVE", "OBSERVED", "VERDICT")
_INDENT = "  "
_FACTS = 12  # evidence lines per finding; the rest is in -o json


def render(report: Report, nodes: Mapping[str, NodeFacts], width: int) -> Iterator[str]:
    """Yield one section per pod, separated by blank lines, each at most `width` columns wide where its text allows.

    `nodes` holds what is known of the pods' nodes by name. Gaps are told under the pod they name, the others at the end.
    """
    pods = list(report.pods)
    gaps = list(report.tail().gaps)
    for number, pod in enumerate(pods):
        if number:
            yield "\n"
        mine = [gap for gap in gaps if _names(gap, pod, alone=len(pods) == 1)]
        gaps = [gap for gap in gaps if gap not in mine]
        yield from _pod(pod, nodes.get(pod.node or ""), mine, max(width, 40))
    yield from _gaps(gaps, max(width, 40))


def _names(gap: Gap, pod: PodReport, *, alone: bool) -> bool:
    parts = gap.where.split("/")
    return alone or pod.name in parts or (pod.node is not None and pod.node in parts)


def _pod(pod: PodReport, node: NodeFacts | None, gaps: list[Gap], width: int) -> Iterator[str]:
    yield header(pod, node) + "\n\n"
    yield from columns([_row(member) for member in pod.containers], HEADS)
    notes = [line for member in pod.containers for line in _notes(member)]
    if notes:
        yield "\n"
        for note in notes:
            yield from wrapped("", note, 2, width)
    for template, members in _findings(pod):
        yield "\n"
        yield from _finding(pod, template, members, width)
    yield from file_problems(pod, width)
    yield from strengths(pod, width)
    yield "\n"
    verdicts = f"Baseline {_level(pod.pss.baseline)}, Restricted {_level(pod.pss.restricted)}"
    yield from wrapped("", safe(f"Pod Security {pod.pss.version}, seccomp control only: {verdicts}"), 2, width)
    yield from _gaps(gaps, width)


def _gaps(gaps: list[Gap], width: int) -> Iterator[str]:
    if gaps:
        yield "\n"
    for line in gap_lines(tuple(gaps)):
        yield from wrapped("", line, 2, width)


def header(pod: PodReport, node: NodeFacts | None) -> str:
    """Return `Pod default/web on node-b (containerd 2.4.2, seccompDefault off)`, saying only what is known."""
    name = f"{pod.namespace}/{pod.name}" if pod.namespace else pod.name
    if pod.node is None:
        return safe(f"{pod.kind} {name}, not scheduled")
    facts = [f"seccompDefault {node.default.value}"] if node and (node.os != "windows") else []
    if node and node.runtime:
        facts.insert(0, node.runtime.replace("://", " "))
    if node and node.default is KubeletDefault.UNKNOWN and node.default_source:
        facts[-1] += f": {node.default_source}"
    return safe(f"{pod.kind} {name} on {pod.node}" + (f" ({', '.join(facts)})" if facts else ""))


def _row(member: ContainerReport) -> tuple[str, ...]:
    decision = member.decision
    verdict = decision.verdict.value if decision.verdict else cells.NONE
    seen = cells.observed(decision.observed)
    return cells.container(member), cells.declared(decision), decision.effective.type.value, seen, verdict


def _notes(member: ContainerReport) -> Iterator[str]:
    """Yield what the table has no room for: why, the file, and how the process was looked at."""
    decision, name = member.decision, safe(member.name)
    if not any(decision.effective.explanation in template.reason for template in decision.templates):
        assumed = " (assumed)" if decision.effective.certainty.value == "assumed" else ""
        yield f"{name}: {safe(decision.effective.explanation)}{assumed}"
    if decision.file.path or decision.file.explanation:
        yield f"{name}: {_file_line(member)}"
    observed = decision.observed
    if observed.explanation:
        yield safe(f"{name}: {observed.state.value}: {observed.explanation}")
    if observed.filters is not None and observed.filters > 1:
        yield f"{name}: {observed.filters} filters: the application added its own to the container's"


def _file_line(member: ContainerReport) -> str:
    """Return the state of a Localhost profile's file in one line."""
    file, effective = member.decision.file, member.decision.effective
    facts = [f"profile {file.path or effective.localhost_profile or ''} {file.state.value}"]
    facts += [f"sha256 {file.sha256[:12]}"] if file.sha256 else []
    facts += [f"{file.size} bytes"] if file.size is not None else []
    facts += [f"mode {file.mode}"] if file.mode else []
    facts += [f"owner {file.owner}"] if file.owner else []
    said = file.explanation and not any(file.explanation in each.reason for each in member.decision.templates)
    return safe(", ".join(facts) + (f": {file.explanation}" if said else ""))


def _findings(pod: PodReport) -> list[tuple[Template, list[ContainerReport]]]:
    """Return each finding once, worst first, with the containers that have it."""
    found: dict[Template, list[ContainerReport]] = {}
    for member in pod.containers:
        for template in member.decision.templates:
            found.setdefault(template, []).append(member)
    return sorted(found.items(), key=lambda entry: (entry[0].severity.rank, entry[0].id))


def _finding(pod: PodReport, template: Template, members: list[ContainerReport], width: int) -> Iterator[str]:
    names = ", ".join(member.name for member in members)
    title = safe(f"{template.id} {template.severity.value:<8} ")
    yield from wrapped(title, safe(f"{names}: {template.reason}"), 2, width)
    yield from wrapped(_INDENT, safe(template.detail), 2, width)
    for fact in template.evidence[:_FACTS]:
        yield from wrapped(f"{_INDENT}- ", safe(fact), 4, width)
    yield from wrapped(f"{_INDENT}Fix: ", safe(template.remediation), 2, width)
    if template.patch:
        for text in dict.fromkeys(patch(pod, member, template.patch) for member in members):
            yield "\n"
            yield from _pasteable(text, width)


def _pasteable(text: str, width: int) -> Iterator[str]:
    """Yield a patch, set off; only its comments are wrapped."""
    indent = _INDENT * 2
    for line in text.splitlines():
        if line.startswith("# "):
            yield from (f"{indent}# {part}\n" for part in fold(line[2:], width - len(indent) - 2))
        else:
            yield f"{indent}{line}\n"


def _level(level: PssLevel) -> str:
    return "passes" if level.allowed else f"fails ({level.detail})" if level.detail else "fails"
