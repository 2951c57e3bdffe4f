"""What a handler's source reaches: AWS operations, named errors, environment variables. Reads, never imports.

From a module in functions/ it follows names into extended_cluster, function by function, so that a handler
answers only for what it uses. Not followed: ``extended_cluster.handler``, the wiring that every state has.
"""

import ast
import functools
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import botocore.session
from botocore import xform_name

FUNCTIONS = Path(__file__).parents[2] / "functions"
PACKAGE = "extended_cluster"
# A client is always in a variable or parameter of its service's name; ``aws`` only where it may be any.
SERVICES = (
    "autoscaling",
    "cloudtrail",
    "dynamodb",
    "ec2",
    "eks",
    "events",
    "outposts",
    "s3",
    "sns",
    "sqs",
    "ssm",
    "stepfunctions",
    "sts",
)
# IAM's prefix where it is not botocore's name.
_PREFIX = {"stepfunctions": "states"}


@dataclass(frozen=True)
class Reached:
    """actions: as IAM spells them, e.g. ``ec2:DescribeSubnets``; raised: names of classes in errors.py;

    event_keys: the event's members that are read.
    """

    actions: frozenset[str]
    raised: frozenset[str]
    environment: frozenset[str]
    event_keys: frozenset[str]


@functools.cache
def reached(module: str) -> Reached:
    """Everything that the handler module of that name reaches."""
    nodes = [node for definition in _definitions(module) for node in ast.walk(definition)]
    return Reached(
        actions=frozenset(action for node in nodes for action in _actions(node)),
        raised=frozenset(
            node.func.id
            for node in nodes
            if isinstance(node, ast.Call)
            and isinstance(node.func, ast.Name)
            and node.func.id in error_classes()
        ),
        environment=frozenset(name for node in nodes for name in _environment(node)),
        event_keys=frozenset(name for node in nodes for name in _event_keys(node)),
    )


@functools.cache
def error_classes() -> frozenset[str]:
    """The classes of errors.py."""
    return frozenset(node.name for node in _tree(f"{PACKAGE}.errors").body if isinstance(node, ast.ClassDef))


def handler_modules() -> set[str]:
    """The modules of functions/ that define a handler."""
    return {path.stem for path in FUNCTIONS.glob("*.py") if "handler" in _top_level(path.stem)}


def _definitions(module: str) -> list[ast.stmt]:
    """The whole handler module, and from the shared package only the definitions that are reached."""
    found: dict[tuple[str, str], ast.stmt] = {}
    waiting = [(module, node) for node in _tree(module).body]
    reached_here: list[ast.stmt] = []
    while waiting:
        where, statement = waiting.pop()
        reached_here.append(statement)
        for target in _targets(where, statement):
            if target not in found:
                found[target] = _top_level(target[0])[target[1]]
                waiting.append((target[0], found[target]))
    return reached_here


def _targets(module: str, statement: ast.stmt) -> Iterator[tuple[str, str]]:
    """The top-level definitions of the shared package that a statement of the module uses."""
    imported = _imports(module)
    for node in ast.walk(statement):
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name):
            where, name = imported.get(node.value.id, ("", ""))
            target = (f"{where}.{name}", node.attr)
        elif isinstance(node, ast.Name):
            target = imported.get(node.id, (module, node.id))
        else:
            continue
        if (
            target[0].startswith(f"{PACKAGE}.")
            and _followed(target[0])
            and target[1] in _top_level(target[0])
        ):
            yield target


def _followed(module: str) -> bool:
    return module not in (f"{PACKAGE}.handler", f"{PACKAGE}.errors") and _path(module).exists()


@functools.cache
def _imports(module: str) -> dict[str, tuple[str, str]]:
    """Local name -> (module, name) of ``from module import name``."""
    return {
        alias.asname or alias.name: (node.module, alias.name)
        for node in ast.walk(_tree(module))
        if isinstance(node, ast.ImportFrom) and node.module
        for alias in node.names
    }


@functools.cache
def _top_level(module: str) -> dict[str, ast.stmt]:
    names: dict[str, ast.stmt] = {}
    for node in _tree(module).body:
        match node:
            case ast.FunctionDef(name=name) | ast.ClassDef(name=name):
                names[name] = node
            case ast.Assign(targets=[ast.Name(id=name)]) | ast.AnnAssign(target=ast.Name(id=name)):
                names[name] = node
    return names


@functools.cache
def _tree(module: str) -> ast.Module:
    return ast.parse(_path(module).read_text())


def _path(module: str) -> Path:
    return FUNCTIONS.joinpath(*module.split(".")).with_suffix(".py")


def _actions(node: ast.AST) -> Iterator[str]:
    """``ec2.create_subnet(...)``, ``ec2.get_paginator("...")`` and ``_pages(ec2, "describe_subnets")``."""
    if not isinstance(node, ast.Call):
        return
    words = [argument.value for argument in node.args if isinstance(argument, ast.Constant)]
    services = [service for argument in node.args if (service := _service(argument))]
    if isinstance(node.func, ast.Attribute) and (service := _service(node.func.value)):
        services, words = [service], [node.func.attr, *words]
    for service in services:
        for word in words:
            if word in operations(service):
                yield f"{_PREFIX.get(service, service)}:{operations(service)[word]}"


def _service(node: ast.expr) -> str | None:
    """The service whose client the expression is, judged by its name or by ``client("...")``."""
    match node:
        case ast.Name(id=name) if name in SERVICES:
            return name
        case ast.Call(
            func=ast.Name(id="client") | ast.Attribute(attr="client"), args=[ast.Constant(value=str(name))]
        ):
            return name
    return None


@functools.cache
def operations(service: str) -> dict[str, str]:
    """snake_case -> the operation's name in botocore's model, which is the IAM action's in SERVICES."""
    model = botocore.session.get_session().get_service_model(service)
    return {xform_name(name): name for name in model.operation_names}


def _environment(node: ast.AST) -> Iterator[str]:
    match node:
        case ast.Subscript(value=ast.Attribute(attr="environ"), slice=ast.Constant(value=str(name))):
            yield name


def _event_keys(node: ast.AST) -> Iterator[str]:
    match node:
        case ast.Subscript(value=ast.Name(id="event"), slice=ast.Constant(value=str(name))):
            yield name
