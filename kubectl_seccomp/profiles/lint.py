"""`lint`: a profile's bytes -> what is wrong with them, where, and what each runtime makes of it. Pure.

Which rule is where: problems_*.py hold the checks' texts, lint_text.py, lint_rules.py and lint_reach.py find them. What no rule
names and a runtime refuses all the same is told as it is, so that nothing that does not load passes.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from json import JSONDecodeError

from msgspec import Struct, structs

from ..words import Severity
from . import lint_docker, lint_reach, lint_rules, lint_text, problems_text
from .gojson import NotJudged, Refused
from .judged import Place, judge_at
from .positions import Path, Position, duplicates
from .problem import DECODERS, HONOURED, LANES, LOADS, NOT_KNOWN, REFUSED, Effect, Problem, everywhere
from .syscalls import Version
from .written import LARGEST, Form, Written, read

_MOST = 20  # problems of one check that are told one by one
_LONGEST = 10_000  # values and lines; the longest of the runtimes' own has some 2,000
_NEWEST = "999"


class Setting(Struct, frozen=True):
    """Where a profile would be loaded. `decoder`: who reads it, "" where any may. `on_node`: it is a Localhost file as it stands.
    `default`: the runtime whose RuntimeDefault it is held against, as nodeInfo has it, "" for the newest.
    """

    place: Place = Place()
    decoder: str = ""
    on_node: bool = False
    default: str = ""

    @property
    def version(self) -> Version:
        """The OCI runtime's version, () for any."""
        return self.place.target.version

    @property
    def lanes(self) -> tuple[str, ...]:
        """The runtimes in question."""
        decoders = (self.decoder,) if self.decoder else DECODERS
        oci = self.place.target.runtime
        return tuple(lane for lane in LANES if lane.partition("+")[0] in decoders and oci in ("", lane.partition("+")[2]))


class Linted(Struct, frozen=True):
    """A profile's form (None: not readable) and its problems, worst first, then in the order of the text."""

    form: Form | None
    problems: tuple[Problem, ...]


def lint(raw: bytes, setting: Setting) -> Linted:
    """Return what is wrong with a profile. It raises nothing, whatever the bytes are."""
    try:
        if len(raw) <= LARGEST and raw.count(b",") + raw.count(b"\n") > _LONGEST:
            raise NotJudged(f"has more than {_LONGEST} values or lines: not judged")
        written = read(raw, on_node=setting.on_node)
    except Refused as refused:
        return Linted(None, _kept([_unreadable(refused)], setting))
    except NotJudged as beyond:
        return Linted(None, _kept([_not_judged(beyond)], setting))
    found = _kept([*_around(written, setting), *_inside(written, setting)], setting)
    return Linted(written.form, _ordered(_bounded(found), written))


def _unreadable(refused: Refused) -> Problem:
    cause = refused.__cause__
    place = Position(cause.lineno, cause.colno) if isinstance(cause, JSONDecodeError) else Position(1, 1)
    return structs.replace(problems_text.NOT_JSON.problem(f"it {refused}", effects=everywhere(REFUSED)), position=place)


def _not_judged(beyond: NotJudged) -> Problem:
    problem = problems_text.NOT_JUDGED.problem(f"it {beyond}", effects=everywhere(NOT_KNOWN))
    return structs.replace(problem, position=Position(1, 1))


def _around(written: Written, setting: Setting) -> Iterator[Problem]:
    """Yield what is true of the text as a whole."""
    page = problems_text.WRAPPED
    if _is_wrapped(written, setting):
        said = "a resource or a config.json, and not a profile: the container runs without a filter"
        yield page.problem(said, (), lint_text.no_filter(), "profile convert --to oci")
    elif written.form in (Form.RESOURCE, Form.CONFIG):
        what = "an OCI config.json" if written.form is Form.CONFIG else "a SeccompProfile resource"
        yield page.problem(f"{what}: as a file on a node it gives no filter", (), None, "profile convert --to oci", page.severities[1])
    if not written.yaml:
        for key, place in duplicates(written.text):
            said = f"the key {lint_text.quoted(key)} is there more than once: the last one counts"
            yield structs.replace(problems_text.DUPLICATE_KEY.problem(said), position=place)


def _is_wrapped(written: Written, setting: Setting) -> bool:
    profile = written.profile or {}
    return setting.on_node and not {"defaultaction", "syscalls"} & profile.keys() and bool({"kind", "spec", "linux"} & profile.keys())


def _inside(written: Written, setting: Setting) -> Iterator[Problem]:
    """Yield the problems of the profile itself."""
    if _is_wrapped(written, setting):
        return
    profile = written.profile or {}
    read_alike = (*lint_text.problems(profile), *lint_text.byte_order(profile, setting.place.target.arch))
    text = [*read_alike, *lint_docker.problems(profile), *lint_rules.in_text(profile)]
    yield from text
    # What only some versions refuse says nothing of the others.
    refused = {lane for problem in text for lane, effect in problem.effects.items() if effect == Effect(REFUSED)}
    yield from _loaded(written, setting, refused)


def _loaded(written: Written, setting: Setting, refused: set[str]) -> Iterator[Problem]:
    """Yield what the loaded filter does. Who reads the file makes a difference in Docker's form, and where only some refuse it."""
    differ = len({f"{decoder}+runc" in refused for decoder in DECODERS}) > 1
    apart = not setting.decoder and (written.form is Form.DOCKER or differ)
    merged: dict[tuple[str, str, Path], Problem] = {}
    for decoder in DECODERS if apart else (setting.decoder or DECODERS[0],):
        lanes = [lane for lane in LANES if not apart or lane.startswith(f"{decoder}+")]
        for problem in _judged(written.profile, structs.replace(setting.place, decoder=decoder), setting, refused):
            mine = {lane: problem.effects[lane] for lane in lanes if lane in problem.effects}
            key = (problem.id, problem.message, problem.path)
            before = merged.get(key)
            merged[key] = structs.replace(problem, effects=mine if before is None else {**before.effects, **mine})
    yield from merged.values()


def _judged(profile: Mapping[str, object] | None, place: Place, setting: Setting, refused: set[str]) -> Iterator[Problem]:
    lane = f"{place.decoder}+runc"
    try:
        judged = judge_at(profile, place)
    except Refused as error:
        if lane not in refused:
            effects = everywhere(REFUSED)
            yield problems_text.REFUSED_PROFILE.problem(f"it {error}", effects=effects)
    except NotJudged as beyond:
        yield _not_judged(beyond)
    else:
        yield from lint_rules.in_answers(judged)
        if not judged.decision.conflicts:
            yield from lint_reach.problems(judged, setting.default or f"{place.decoder}://{_NEWEST}")


def _kept(found: Iterable[Problem], setting: Setting) -> tuple[Problem, ...]:
    """Return the problems that the runtimes in question have, with what those make of them."""
    lanes = setting.lanes
    narrowed = (_narrowed(problem, lanes, setting.version) for problem in found)
    return tuple(problem for problem in narrowed if problem is not None)


def _narrowed(problem: Problem, lanes: tuple[str, ...], version: Version) -> Problem | None:
    effects = {lane: problem.effects[lane] for lane in lanes if lane in problem.effects}
    if version:
        effects = {lane: Effect(effect.at(version)) for lane, effect in effects.items()}
    harmless = all(effect.word in (LOADS, HONOURED) for effect in effects.values())
    if not effects or (harmless and any(effect.word not in (LOADS, HONOURED) for effect in problem.effects.values())):
        return None
    certain = all(effect == Effect(REFUSED) for effect in effects.values())
    severity = Severity.HIGH if certain and problem.severity.rank > Severity.HIGH.rank else problem.severity
    return structs.replace(problem, effects=effects, severity=severity)


def _bounded(found: tuple[Problem, ...]) -> Iterator[Problem]:
    """Yield at most so many problems of each check, the worst; the last one says how many more there are."""
    total = Counter(problem.id for problem in found)
    told: Counter[str] = Counter()
    for problem in sorted(found, key=lambda problem: problem.severity.rank):
        told[problem.id] += 1
        if told[problem.id] < _MOST or total[problem.id] == _MOST:
            yield problem
        elif told[problem.id] == _MOST:
            more = total[problem.id] - _MOST
            yield structs.replace(problem, message=f"{problem.message} (and {more} more like this)")


def _ordered(found: Iterable[Problem], written: Written) -> tuple[Problem, ...]:
    """Return the problems with their places, worst first; where something is missing, its place is that of what it is missing in."""
    kept = list(found)
    positions = written.positions({problem.path[:length] for problem in kept for length in range(len(problem.path) + 1)})
    placed = [(problem.severity.rank, problem.position or _place(problem.path, positions), problem) for problem in kept]
    ordered = sorted(placed, key=lambda one: (one[0], one[1], one[2].id))
    return tuple(structs.replace(problem, position=position) for _, position, problem in ordered)


def _place(path: Path, positions: Mapping[Path, Position]) -> Position:
    ways = (path[:length] for length in range(len(path), -1, -1))
    return next((positions[way] for way in ways if way in positions), Position(1, 1))
