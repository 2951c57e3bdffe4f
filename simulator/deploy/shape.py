"""A resource's evaluated properties as an API operation takes them, by botocore's model of the operation.

Most CloudFormation properties are API parameters under the same name but for case (``LoggingConfiguration``
is Step Functions' ``loggingConfiguration``); what has no counterpart at all is refused, never dropped.
"""

from typing import Any

from botocore import xform_name
from botocore.model import ListShape, MapShape, Shape, StructureShape

from simulator.call import NotModelled


def request(client: Any, operation: str, parameters: dict[str, Any]) -> dict[str, Any]:
    """The parameters with every member named as the operation's input model has it, scalars of its types."""
    model = client.meta.service_model.operation_model(operation)
    shaped: dict[str, Any] = _shaped(model.input_shape, parameters, model.name)
    return shaped


def send(client: Any, operation: str, **parameters: Any) -> dict[str, Any]:
    """Call the operation with parameters shaped by ``request``; None means not given."""
    given = {name: value for name, value in parameters.items() if value is not None}
    answer: dict[str, Any] = getattr(client, xform_name(operation))(**request(client, operation, given))
    return answer


def _shaped(shape: Shape, value: Any, path: str) -> Any:
    if isinstance(shape, StructureShape) and isinstance(value, dict):
        names = {name.lower(): name for name in shape.members}
        unknown = [name for name in value if name.lower() not in names]
        if unknown:
            raise NotModelled(f"{path}.{unknown[0]}, which the API has no parameter for")
        return {
            names[name.lower()]: _shaped(shape.members[names[name.lower()]], member, f"{path}.{name}")
            for name, member in value.items()
        }
    if isinstance(shape, ListShape) and isinstance(value, list):
        return [_shaped(shape.member, item, f"{path}[{index}]") for index, item in enumerate(value)]
    if isinstance(shape, MapShape) and isinstance(value, dict):
        return {name: _shaped(shape.value, member, f"{path}.{name}") for name, member in value.items()}
    return _scalar(shape.type_name, value)


def _scalar(type_name: str, value: Any) -> Any:
    if type_name == "string" and isinstance(value, bool):
        return "true" if value else "false"
    if type_name == "string" and isinstance(value, int | float):
        return str(value)
    if type_name in ("float", "double") and isinstance(value, int):
        return float(value)
    return value
