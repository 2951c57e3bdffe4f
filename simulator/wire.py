"""Between HTTP and ``Call``: which operation a request is, its parameters, and how an answer is written.

moto's own router, parsers and serializers do the work, all driven by botocore's service models. On top of
them every request and every answer is validated against the model: what the model does not know is an error.
"""

import functools
from dataclasses import dataclass
from typing import Any

import botocore.session
from botocore.model import Shape
from botocore.validate import ParamValidator
from moto.core.model import OperationModel
from moto.core.parse import PROTOCOL_PARSERS
from moto.core.request import Request, determine_request_protocol
from moto.core.routing import get_service_router
from moto.core.serialize import SerializationContext, get_serializer_class
from moto.core.utils import get_service_model
from werkzeug.exceptions import NotFound
from werkzeug.wrappers import Response

from simulator.call import Answer, AwsError, NotModelled

# The services of this AWS, by botocore's names. Any other is refused.
SERVICES = (
    "autoscaling",
    "cloudformation",
    "cloudtrail",
    "cloudwatch",
    "dynamodb",
    "ec2",
    "eks",
    "events",
    "iam",
    "kms",
    "lambda",
    "logs",
    "outposts",
    "ram",
    "route53resolver",
    "s3",
    "scheduler",
    "sns",
    "sqs",
    "ssm",
    "stepfunctions",
    "sts",
)


@dataclass(frozen=True, slots=True)
class Wire:
    """How one request came, which decides how its answer goes back."""

    service: str
    operation: OperationModel
    protocol: str


@functools.cache
def _service_by_signing_name() -> dict[str, str]:
    session = botocore.session.get_session()
    return {session.get_service_model(service).signing_name: service for service in SERVICES}


def signed_scope(request: Request) -> tuple[str, str, str]:
    """(access key id, Region, botocore's service name) from the SigV4 credential scope, header or query."""
    header = request.headers.get("Authorization", "")
    credential = request.args.get("X-Amz-Credential") or header.partition("Credential=")[2].split(",")[0]
    parts = credential.split("/")
    if len(parts) != 5:
        raise AwsError("MissingAuthenticationToken", "Request is missing Authentication Token", status=403)
    access_key, _, region, signing_name, _ = parts
    service = _service_by_signing_name().get(signing_name)
    if service is None:
        raise NotModelled(f"the service {signing_name}")
    return access_key, region, service


def decode(request: Request, service: str) -> tuple[Wire, dict[str, Any]]:
    """The operation that a request asks for, and its parameters as boto3 takes them."""
    try:
        operation, uri_params = get_service_router(service).match(request)
    except NotFound as unknown:
        raise NotModelled(f"{request.method} {request.path} of {service}") from unknown
    protocol = determine_request_protocol(get_service_model(service), request.content_type)
    parser = PROTOCOL_PARSERS[protocol](operation)
    params = parser.parse(
        {
            "method": request.method,
            "values": request.values,
            "headers": request.headers,
            "body": request.data,
            "url_path": request.path,
            "url_params": uri_params,
        }
    )
    params = {key: value for key, value in params.items() if not _is_absent(value, key, operation, protocol)}
    _validate(params, operation.input_shape, f"parameters of {service}.{operation.name}")
    return Wire(service, operation, protocol), params


def _is_absent(value: Any, name: str, operation: OperationModel, protocol: str) -> bool:
    """The parsers give an empty list for one that is not there; only a JSON body can hold a real empty list."""
    members = operation.input_shape.members if operation.input_shape else {}
    in_body = "json" in protocol and members[name].serialization.get("location") is None
    return value is None or (value == [] and not in_body)


def encode(wire: Wire, answer: Answer, request_id: str) -> Response:
    """The answer as the service writes it. An answer that the service model does not know is our own error."""
    what = f"answer to {wire.service}.{wire.operation.name}"
    # Services themselves answer less than their model's least length (ssm GetParameters) or least number (dynamodb
    # DescribeTable, NumberOfDecreasesToday 0 in its own examples).
    _validate(answer, wire.operation.output_shape, what, bounds=False)
    return _written(wire, answer, request_id)


def encode_error(wire: Wire, error: AwsError, request_id: str) -> Response:
    """The error as the service writes it, with the status its model gives, else the error's own."""
    response = _written(wire, _shaped(error), request_id)
    shape = next((shape for shape in wire.operation.error_shapes if shape.name == error.code), None)
    modelled = shape.metadata.get("error", {}).get("httpStatusCode") if shape else None
    response.status_code = modelled or error.status
    return response


def _shaped(error: AwsError) -> Exception:
    """The serializers read the error shape's members from the exception's attributes."""
    for member, value in error.members.items():
        setattr(error, member, value)
    return error


def _written(wire: Wire, result: Answer | Exception, request_id: str) -> Response:
    serializer = get_serializer_class(wire.service, wire.protocol)
    written = serializer(wire.operation, context=SerializationContext(request_id)).serialize(result)
    response = Response(written["body"], status=written["status_code"], headers=dict(written["headers"]))
    response.headers["x-amzn-RequestId"] = request_id
    return response


def _validate(value: dict[str, Any], shape: Shape | None, what: str, *, bounds: bool = True) -> None:
    if shape is None:
        if value:
            raise AwsError("ValidationException", f"{what}: none are expected, got {sorted(value)}")
        return
    report = ParamValidator().validate(value, shape)
    if not bounds:
        within = ("invalid length", "invalid range")
        report._errors = [error for error in report._errors if error[0] not in within]
    if report.has_errors():
        raise AwsError(
            "ValidationException", f"{what} do not fit the service model: {report.generate_report()}"
        )
