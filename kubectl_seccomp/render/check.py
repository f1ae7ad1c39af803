"""`check pod` for a person: the three facts side by side, the files, the findings with their fixes, Pod Security. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from ..model import ContainerReport, Gap, KubeletDefault, NodeFacts, PodReport, PssLevel, Report, Template
from . import cells
from .patch import patch
from .summary import gap_lines
from .text import GAP, columns, fold, safe

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
    if gaps:
        yield "\n"
        yield from _paragraphs(gap_lines(tuple(gaps)), max(width, 40))


def _names(gap: Gap, pod: PodReport, *, alone: bool) -> bool:
    parts = gap.where.split("/")
    return alone or pod.name in parts or (pod.node is not None and pod.node in parts)


def _pod(pod: PodReport, node: NodeFacts | None, gaps: list[Gap], width: int) -> Iterator[str]:
    yield header(pod, node) + "\n\n"
    yield from columns([_row(member) for member in pod.containers], HEADS)
    notes = [line for member in pod.containers for line in _notes(member)]
    if notes:
        yield "\n"
        yield from _paragraphs(notes, width)
    for template, members in _findings(pod):
        yield "\n"
        yield from _finding(pod, template, members, width)
    yield "\n"
    verdicts = f"Baseline {_level(pod.pss.baseline)}, Restricted {_level(pod.pss.restricted)}"
    yield from _paragraphs([safe(f"Pod Security ({pod.pss.version}): {verdicts}")], width)
    if gaps:
        yield "\n"
        yield from _paragraphs(gap_lines(tuple(gaps)), width)


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
    if decision.file.state.value != "not-applicable":
        yield f"{name}: {file_line(member)}"
    observed = decision.observed
    if observed.explanation:
        yield safe(f"{name}: {observed.state.value}: {observed.explanation}")
    if observed.filters is not None and observed.filters > 1:
        yield f"{name}: {observed.filters} filters: the application added its own to the container's"


def file_line(member: ContainerReport) -> str:
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
    title = safe(f"{template.id} {template.severity.value:<8} {names}: {template.reason}")
    yield from _hanging(title, len(template.id) + 10, width)
    yield from _paragraphs([safe(template.detail)], width, _INDENT)
    for fact in template.evidence[:_FACTS]:
        yield from _hanging(safe(f"{_INDENT}- {fact}"), len(_INDENT) + 2, width)
    yield from _hanging(safe(f"{_INDENT}Fix: {template.remediation}"), len(_INDENT) + 5, width)
    if template.patch:
        patches = dict.fromkeys(patch(pod, member, template.patch) for member in members)
        for text in patches:
            yield "\n"
            yield "".join(f"{_INDENT}{_INDENT}{line}\n" for line in text.splitlines())


def _level(level: PssLevel) -> str:
    return "passes" if level.allowed else f"fails ({level.detail})" if level.detail else "fails"


def _paragraphs(texts: Iterator[str] | list[str], width: int, indent: str = "") -> Iterator[str]:
    for text in texts:
        for number, line in enumerate(fold(text, width - len(indent) - len(GAP))):
            yield f"{indent}{_INDENT if number and not indent else ''}{line}\n"


def _hanging(text: str, hang: int, width: int) -> Iterator[str]:
    """Yield text whose further lines stand `hang` columns in; leading blanks of the text stay."""
    lead = text[: len(text) - len(text.lstrip(" "))]
    first, *rest = fold(text.lstrip(" "), width - hang)
    yield f"{lead}{first}\n"
    yield from (f"{' ' * hang}{line}\n" for line in rest)
