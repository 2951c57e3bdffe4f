"""A fake AWS client: canned answers, each checked against botocore's own service model."""

from collections.abc import Iterator
from functools import cache
from types import SimpleNamespace
from typing import Any

import botocore.session
from botocore import xform_name
from botocore.exceptions import ClientError
from botocore.model import ServiceModel
from botocore.validate import validate_parameters

type Answer = dict[str, Any] | list[dict[str, Any]] | Exception


@cache
def _model(service: str) -> tuple[ServiceModel, dict[str, str], Any]:
    session = botocore.session.get_session()
    model = session.get_service_model(service)
    names = {xform_name(operation): operation for operation in model.operation_names}
    return model, names, session.get_paginator_model(service)


class FakeClient:
    """A client of one service that knows the given operations only; a list of answers is a list of pages.

    Parameters and answers must fit the service model, and a paginator must exist for what is paged.
    ``calls`` are the operations called, with their parameters, in order.
    """

    def __init__(self, service: str, **answers: Answer) -> None:
        self.model, self.names, self.paginators = _model(service)
        self.answers = answers
        self.calls: list[tuple[str, dict[str, Any]]] = []
        self.meta = SimpleNamespace(region_name="us-west-2")

    def __getattr__(self, operation: str) -> Any:
        if operation not in self.answers:
            raise AttributeError(f"no answer was given for {operation}")
        return lambda **parameters: self._page(operation, parameters, self.answers[operation])

    def get_paginator(self, operation: str) -> "FakePaginator":
        """As boto3's client: a paginator with ``paginate``."""
        self.paginators.get_paginator(self.names[operation])
        return FakePaginator(self, operation)

    def _page(self, operation: str, parameters: dict[str, Any], answer: Answer) -> dict[str, Any]:
        self.calls.append((operation, parameters))
        if isinstance(answer, Exception):
            raise answer
        if isinstance(answer, list):
            raise TypeError(f"{operation} has several pages: it must be called by its paginator")
        shapes = self.model.operation_model(self.names[operation])
        if shapes.input_shape:
            validate_parameters(parameters, shapes.input_shape)
        if shapes.output_shape:
            validate_parameters(answer, shapes.output_shape)
        return answer


class FakePaginator:
    """Yields every page that its client was given for the operation."""

    def __init__(self, client: FakeClient, operation: str) -> None:
        self.client, self.operation = client, operation

    def paginate(self, **parameters: Any) -> Iterator[dict[str, Any]]:
        """As boto3's paginator."""
        answer = self.client.answers[self.operation]
        for page in answer if isinstance(answer, list) else [answer]:
            yield self.client._page(self.operation, parameters, page)


def refusal(code: str, operation: str) -> ClientError:
    """The exception that boto3 raises when AWS answers with an error code."""
    return ClientError({"Error": {"Code": code, "Message": f"{code}, says AWS"}}, operation)
