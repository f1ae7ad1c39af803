"""Rules in the one form of data/defaults.json, and how they are written down small."""

import json


def rule(names, action, errno=None, args=()):
    """Return a rule without conditions as plain data, names in order and once."""
    whole = {
        "names": " ".join(sorted(set(names))),
        "action": action,
        "errnoRet": errno,
        "args": [argument(each) for each in args or ()],
    }
    return {key: value for key, value in whole.items() if value not in (None, [])}


def conditional(whole, includes, excludes):
    """Return the rule with these conditions, without those that are empty."""
    given = {"includes": includes or {}, "excludes": excludes or {}}
    kept = {side: {key: value for key, value in conditions.items() if value} for side, conditions in given.items()}
    return whole | {side: conditions for side, conditions in kept.items() if conditions}


def argument(given):
    kept = {"index": given["index"], "value": given["value"], "op": given["op"]}
    return kept | ({"valueTwo": given["valueTwo"]} if given.get("valueTwo") else {})


class Pool:
    """Distinct rules; one that differs from an earlier one in some names only says so."""

    def __init__(self):
        self._whole = []
        self.written = []

    def index(self, whole):
        if whole not in self._whole:
            self.written.append(min((whole, *self._likes(whole)), key=lambda form: len(json.dumps(form))))
            self._whole.append(whole)
        return self._whole.index(whole)

    def _likes(self, whole):
        names, rest = set(whole["names"].split()), _rest(whole)
        for index, other in enumerate(self._whole):
            if _rest(other) == rest:
                before = set(other["names"].split())
                changes = {"add": " ".join(sorted(names - before)), "drop": " ".join(sorted(before - names))}
                yield {"like": index} | {key: value for key, value in changes.items() if value}


def _rest(whole):
    return {key: value for key, value in whole.items() if key != "names"}


def dump(about, pool, variants):
    """Return the file's text, one line per rule and variant."""

    def lines(entries):
        return "[\n" + ",\n".join(json.dumps(entry, separators=(",", ":")) for entry in entries) + "\n]"

    return f'{{"about": {lines(about)},\n"rules": {lines(pool.written)},\n"variants": {lines(variants)}}}\n'
