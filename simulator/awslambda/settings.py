"""The configurable part of a function: what CreateFunction and UpdateFunctionConfiguration accept."""

import re
from collections.abc import Mapping
from typing import Any

from simulator.call import ACCOUNT, AwsError, NotModelled

# The names botocore's Lambda model gives these parameters; all others are refused by the callers' ``only``.
SETTINGS = (
    "Runtime",
    "Role",
    "Handler",
    "Description",
    "Timeout",
    "MemorySize",
    "Environment",
    "DeadLetterConfig",
    "TracingConfig",
    "Layers",
    "EphemeralStorage",
    "LoggingConfig",
    "SnapStart",
    "VpcConfig",
)
RUNTIME = "python3.13"

# API_CreateFunction, the members' documented ranges.
_RANGES = {"Timeout": (1, 900), "MemorySize": (128, 10240)}
_EPHEMERAL_STORAGE = (512, 10240)
_FUNCTION_NAME = re.compile(r"[a-zA-Z0-9-_]{1,64}")
_VARIABLE_NAME = re.compile(r"[a-zA-Z]([a-zA-Z0-9_])+")
_ROLE = re.compile(r"arn:aws:iam::\d{12}:role/?[a-zA-Z_0-9+=,.@\-_/]+")

# Lambda guide, "Defined runtime environment variables": the reserved ones.
RESERVED = frozenset(
    {
        "_HANDLER",
        "_X_AMZN_TRACE_ID",
        "AWS_ACCESS_KEY",
        "AWS_ACCESS_KEY_ID",
        "AWS_DEFAULT_REGION",
        "AWS_EXECUTION_ENV",
        "AWS_LAMBDA_FUNCTION_MEMORY_SIZE",
        "AWS_LAMBDA_FUNCTION_NAME",
        "AWS_LAMBDA_FUNCTION_VERSION",
        "AWS_LAMBDA_INITIALIZATION_TYPE",
        "AWS_LAMBDA_LOG_GROUP_NAME",
        "AWS_LAMBDA_LOG_STREAM_NAME",
        "AWS_LAMBDA_RUNTIME_API",
        "AWS_REGION",
        "AWS_SECRET_ACCESS_KEY",
        "AWS_SESSION_TOKEN",
        "LAMBDA_RUNTIME_DIR",
        "LAMBDA_TASK_ROOT",
    }
)


def defaults(name: str) -> dict[str, Any]:
    """A function's settings where nobody gave any (API_CreateFunction, defaults of its members)."""
    return {
        "Description": "",
        "Timeout": 3,
        "MemorySize": 128,
        "TracingConfig": {"Mode": "PassThrough"},
        "EphemeralStorage": {"Size": 512},
        "SnapStart": {"ApplyOn": "None"},
        "LoggingConfig": logging_config({}, name),
    }


def accepted(params: Mapping[str, Any], name: str) -> dict[str, Any]:
    """The settings among a call's parameters, checked. Raises AwsError as Lambda refuses, or NotModelled."""
    settings = {key: params[key] for key in SETTINGS if key in params}
    _refuse_unmodelled(settings)
    for key, (low, high) in _RANGES.items():
        if key in settings:
            _in_range(settings[key], key[0].lower() + key[1:], low, high)
    if "EphemeralStorage" in settings:
        _in_range(settings["EphemeralStorage"]["Size"], "ephemeralStorage.size", *_EPHEMERAL_STORAGE)
    if "Role" in settings and not _ROLE.fullmatch(settings["Role"]):
        raise invalid_value(settings["Role"], "role", _ROLE.pattern)
    if "Environment" in settings:
        _check_variables(settings["Environment"].get("Variables", {}))
    if "LoggingConfig" in settings:
        settings["LoggingConfig"] = logging_config(settings["LoggingConfig"], name)
    if settings.get("Layers") and "PYTHONPATH" in settings.get("Environment", {}).get("Variables", {}):
        raise NotModelled("a function's own PYTHONPATH beside layers")
    return settings


def logging_config(given: Mapping[str, Any], name: str) -> dict[str, Any]:
    """With Lambda's defaults filled in (API_LoggingConfig; log levels exist for the JSON format only)."""
    json_only = {"ApplicationLogLevel", "SystemLogLevel"} & set(given)
    filled: dict[str, Any] = {"LogFormat": "Text", "LogGroup": f"/aws/lambda/{name}", **given}
    if filled["LogFormat"] == "JSON":
        return {"ApplicationLogLevel": "INFO", "SystemLogLevel": "INFO", **filled}
    if json_only:
        raise invalid(
            f"{', '.join(sorted(json_only))} can only be set with the JSON log format."
        )  # wording assumed
    return filled


def function_name(reference: str) -> str:
    """The name in a FunctionName parameter: name, ``account:function:name``, or the full unqualified ARN."""
    match reference.split(":"):
        case [name] | [_, "function", name] | ["arn", "aws", "lambda", _, _, "function", name]:
            return name
        case [*_, "function", name, "$LATEST"]:
            return name
        case [*_, "function", _, _]:
            raise NotModelled("Lambda versions and aliases")
    raise invalid_value(reference, "functionName", "a function's name or ARN")


def checked_name(name: str) -> str:
    """A name for a new function."""
    if not _FUNCTION_NAME.fullmatch(name):
        raise invalid_value(name, "functionName", _FUNCTION_NAME.pattern)
    return name


def invalid(message: str) -> AwsError:
    """Lambda's refusal of a parameter's value."""
    return AwsError("InvalidParameterValueException", message)


def invalid_value(value: object, member: str, pattern: str) -> AwsError:
    """The refusal by the API's own model, before Lambda looks."""
    return AwsError(
        "ValidationException",
        f"1 validation error detected: Value '{value}' at '{member}' failed to satisfy constraint: "
        f"Member must satisfy regular expression pattern: {pattern}",
    )


def _in_range(value: int, member: str, low: int, high: int) -> None:
    for bad, bound in (
        (value < low, f"greater than or equal to {low}"),
        (value > high, f"less than or equal to {high}"),
    ):
        if bad:
            raise AwsError(
                "ValidationException",
                f"1 validation error detected: Value '{value}' at '{member}' failed to satisfy constraint: "
                f"Member must have value {bound}",
            )


def _check_variables(variables: Mapping[str, str]) -> None:
    unable = (
        "Lambda was unable to configure your environment variables because the environment variables "
        "you have provided"
    )
    for name in variables:
        if not _VARIABLE_NAME.fullmatch(name) and name not in RESERVED:
            raise invalid_value(name, "environment.variables.member", _VARIABLE_NAME.pattern)
    reserved = sorted(RESERVED & set(variables))
    if reserved:
        raise invalid(
            f"{unable} contains reserved keys that are currently not supported for modification. "
            f"Reserved keys used in this request: {', '.join(reserved)}"
        )
    # Lambda quotas: 4 KB for all environment variables of a function, in aggregate.
    size = sum(len(name.encode()) + len(value.encode()) for name, value in variables.items())
    if size > 4096:
        raise invalid(f"{unable} exceeded the 4KB limit. String measured: {size} bytes")


def _refuse_unmodelled(settings: Mapping[str, Any]) -> None:
    if settings.get("Runtime", RUNTIME) != RUNTIME:
        raise NotModelled(f"the Lambda runtime {settings['Runtime']}, only {RUNTIME}")
    dead_letters = settings.get("DeadLetterConfig", {}).get("TargetArn", "")
    if dead_letters and (dead_letters.split(":")[2] != "sqs" or dead_letters.endswith(".fifo")):
        raise NotModelled(f"dead letters to {dead_letters}")
    if settings.get("SnapStart", {}).get("ApplyOn", "None") != "None":
        raise NotModelled("SnapStart")


def role_name(role_arn: str) -> str:
    """``name`` of ``arn:aws:iam::<account>:role/path/name``; a role of another account is refused as Lambda does."""
    if role_arn.split(":")[4] != ACCOUNT:
        raise AwsError("AccessDeniedException", "Cross-account pass role is not allowed.", 403)
    return role_arn.rpartition("/")[2]
