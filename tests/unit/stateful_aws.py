"""Fake AWS clients that remember what was written, so that a second run can be seen to write nothing.

``fake_aws`` answers what it is told; here, a subclass answers from its own state.
"""

import functools
import inspect
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from itertools import batched
from types import SimpleNamespace
from typing import Any

import botocore.session
import pytest
from botocore import xform_name
from botocore.model import OperationModel
from botocore.validate import validate_parameters

from extended_cluster import aws

ACCOUNT = "123456789012"
EXECUTION = f"arn:aws:states:us-west-2:{ACCOUNT}:execution:provision:run-1"
_READS = ("describe_", "get_", "list_")


class StatefulClient:
    """The base of a fake client: a subclass sets ``service`` and defines boto3's methods.

    Every call's parameters pass botocore's validation, every answer fits the service model, and a
    paginator exists only where botocore has one; it gives ``page`` items a page. ``writes`` lists the mutating
    calls, ``calls`` counts all, every page as one.
    """

    service: str
    page = 1

    def __init__(self) -> None:
        self.writes: list[tuple[str, dict[str, Any]]] = []
        self.calls: Counter[str] = Counter()

    def __init_subclass__(cls) -> None:
        for name, method in list(vars(cls).items()):
            if inspect.isfunction(method) and not name.startswith("_"):
                setattr(cls, name, _checked(cls.service, name, method))

    def get_paginator(self, name: str) -> Any:
        """As boto3's."""
        operation = _operation(self.service, name)
        pages = _session().get_paginator_model(self.service).get_paginator(operation.name)
        key = pages["result_key"] if isinstance(pages["result_key"], str) else pages["result_key"][0]

        def paginate(PaginationConfig: object = None, **params: Any) -> Iterator[dict[str, Any]]:
            items = getattr(self, name)(**params)[key]
            for number, some in enumerate(batched(items, self.page, strict=False)):
                self.calls[name] += 1 if number else 0
                yield {key: list(some)}

        return SimpleNamespace(paginate=paginate)


def run(
    monkeypatch: pytest.MonkeyPatch,
    handler: Callable[[dict[str, Any], Any], Any],
    event: Mapping[str, Any],
    **clients: Any,
) -> Any:
    """Call a state's handler as the state machine does, with these clients by service name."""
    monkeypatch.setattr(aws, "client", clients.__getitem__)
    return handler({"executionId": EXECUTION, **event}, CONTEXT)


CONTEXT = SimpleNamespace(
    aws_request_id="6a1f0c1e-0000-4000-8000-000000000001",
    invoked_function_arn=f"arn:aws:lambda:us-west-2:{ACCOUNT}:function:one",
)


def _checked(service: str, name: str, method: Callable[..., Any]) -> Callable[..., Any]:
    @functools.wraps(method)
    def call(self: StatefulClient, **params: Any) -> Any:
        operation = _operation(service, name)
        if operation.input_shape is not None:
            validate_parameters(params, operation.input_shape)
        self.calls[name] += 1
        if not name.startswith(_READS):
            self.writes.append((name, params))
        answer = method(self, **params)
        if operation.output_shape is not None:
            validate_parameters(answer, operation.output_shape)
        return answer

    return call


@functools.cache
def _operation(service: str, method: str) -> OperationModel:
    model = _session().get_service_model(service)
    name = next(name for name in model.operation_names if xform_name(name) == method)
    found: OperationModel = model.operation_model(name)
    return found


@functools.cache
def _session() -> Any:
    return botocore.session.get_session()
