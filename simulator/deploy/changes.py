"""The difference between what a stack is and what a revision wants."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from simulator.call import AwsError, NotModelled
from simulator.deploy.intrinsics import NO_VALUE, resolve
from simulator.deploy.resources import KINDS
from simulator.deploy.revision import Revision
from simulator.deploy.schema import coerced, create_only
from simulator.deploy.stacks import Stack
from simulator.deploy.template import Declared


class _PendingError(Exception):
    """A value that is known only after the change."""


@dataclass(frozen=True)
class Change:
    """action: Add, Modify or Remove; replacement: True, False or Conditional, of Modify alone;
    properties: the names that change; attributes: resource attributes such as DeletionPolicy that change;
    automatic: no property changes, but what one of them names may have."""

    action: str
    logical_id: str
    type: str
    physical_id: str | None = None
    replacement: str | None = None
    properties: tuple[str, ...] = ()
    attributes: tuple[str, ...] = ()
    automatic: bool = False


def changed_properties(old: dict[str, Any], new: dict[str, Any]) -> list[str]:
    """Names whose values differ, are new or are gone."""
    return sorted(name for name in old.keys() | new.keys() if old.get(name) != new.get(name))


def changed_attributes(old: Declared, new: Declared) -> list[str]:
    """Resource attributes that CloudFormation keeps itself and that differ."""
    pairs = {
        "DeletionPolicy": (old.deletion_policy, new.deletion_policy),
        "Metadata": (old.metadata, new.metadata),
        "UpdateReplacePolicy": (old.update_replace_policy, new.update_replace_policy),
    }
    return [name for name, (before, after) in pairs.items() if before != after]


def changes(stack: Stack, revision: Revision) -> list[Change]:
    """Every change that the revision brings, in the order in which they will be made, removals last."""
    _check_same_types(stack, revision)
    found: list[Change] = []
    unsettled = {name for name in revision.active if name not in stack.resources}
    # Of these the attributes may change, while Ref stays.
    updated: set[str] = set()

    def attribute(logical_id: str, name: str | None) -> Any:
        if logical_id in unsettled or (name is not None and logical_id in updated):
            raise _PendingError
        return stack.attribute(logical_id, name)

    for logical_id, declared in revision.active.items():
        change = _change(stack, revision, declared, attribute)
        if change is None:
            continue
        found.append(change)
        if change.replacement in ("True", "Conditional"):
            unsettled.add(logical_id)
        if KINDS[declared.type].attribute_families:
            updated.add(logical_id)
    found += [
        Change("Remove", name, resource.declared.type, resource.made.physical_id if resource.made else None)
        for name, resource in reversed(stack.resources.items())
        if name not in revision.active
    ]
    return found


def _check_same_types(stack: Stack, revision: Revision) -> None:
    retyped = sorted(
        name
        for name, declared in revision.active.items()
        if name in stack.resources and stack.resources[name].declared.type != declared.type
    )
    if retyped:
        raise AwsError(
            "ValidationError",
            "Update of resource type is not permitted. The new template modifies resource type of the "
            f"following resources: [{', '.join(retyped)}]",
        )


def _change(
    stack: Stack, revision: Revision, declared: Declared, attribute: Callable[[str, str | None], Any]
) -> Change | None:
    resource = stack.resources.get(declared.logical_id)
    if resource is None or resource.made is None:
        return Change("Add", declared.logical_id, declared.type)
    wanted: dict[str, Any] = {}
    pending: set[str] = set()
    for name, value in declared.properties.items():
        try:
            evaluated = resolve(value, revision.scope(attribute))
        except _PendingError:
            pending.add(name)
            continue
        if evaluated is not NO_VALUE:
            wanted[name] = evaluated
    known = {name: value for name, value in resource.properties.items() if name not in pending}
    properties = {*changed_properties(known, coerced(declared.type, wanted)), *pending}
    attributes = changed_attributes(resource.declared, declared)
    # ChangeSource "Automatic" (API reference, ResourceChangeDetail): a nested stack's template may have changed
    # behind the same URL, which nobody looks at before the update. So such a change set is never empty.
    automatic = KINDS[declared.type].always_updated and not properties
    if not properties and not attributes and not automatic:
        return None
    replacing = properties & create_only(declared.type)
    return Change(
        "Modify",
        declared.logical_id,
        declared.type,
        resource.made.physical_id,
        "False" if not replacing else "True" if replacing - pending else "Conditional",
        tuple(sorted(properties)),
        tuple(attributes),
        automatic,
    )


def is_empty(stack: Stack, revision: Revision, found: list[Change]) -> bool:
    """Whether the revision would leave the stack as it is."""
    before = stack.revision
    if before is None:
        return False
    if before.tags != revision.tags:
        raise NotModelled("a change of a stack's tags")
    return not found and before.active_outputs == revision.active_outputs


def unmodelled(declared: Declared, properties: list[str]) -> list[str]:
    """Of the changed properties, those that neither replace the resource nor can be changed in place."""
    kind = KINDS[declared.type]
    return [name for name in properties if name not in kind.updatable | create_only(declared.type)]
