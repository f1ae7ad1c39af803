"""`rbac`: roles as YAML, each rule with what it is for. Pure."""

from __future__ import annotations

from collections.abc import Iterator

from ..rbac import Role


def render(roles: list[Role]) -> Iterator[str]:
    """Yield one YAML document per role."""
    for role in roles:
        yield f"---\napiVersion: {role.api_version}\nkind: {role.kind}\nmetadata:\n  name: {role.name}\n"
        if role.namespace:
            yield f"  namespace: {role.namespace}\n"
        yield "rules:\n"
        for rule in role.rules:
            verbs = ", ".join(f'"{verb}"' for verb in rule.verbs)
            yield f"# {rule.why}\n"
            yield f'- apiGroups: ["{rule.group}"]\n  resources: ["{rule.resource}"]\n  verbs: [{verbs}]\n'
