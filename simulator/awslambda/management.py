"""CreateFunction, its updates and its look-ups."""

import json
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote

from simulator.awslambda import vpc_config
from simulator.awslambda.function import Function
from simulator.awslambda.functions import Functions
from simulator.awslambda.pages import page
from simulator.awslambda.settings import (
    SETTINGS,
    accepted,
    checked_name,
    defaults,
    function_name,
    invalid,
    role_name,
)
from simulator.call import Answer, AwsError, Call, NotModelled, Operation, Proceed, only

if TYPE_CHECKING:
    from simulator.cloud import Cloud

_CODE = ("S3Bucket", "S3Key", "S3ObjectVersion", "ZipFile")


def operations(cloud: "Cloud", functions: Functions) -> dict[str, Operation]:
    """The control plane of functions."""
    management = _Management(cloud, functions)
    return {
        "lambda.CreateFunction": management.create,
        "lambda.UpdateFunctionCode": management.update_code,
        "lambda.UpdateFunctionConfiguration": management.update_configuration,
        "lambda.GetFunction": management.get,
        "lambda.GetFunctionConfiguration": management.get_configuration,
        "lambda.ListFunctions": management.list,
        "lambda.DeleteFunction": management.delete,
    }


class _Management:
    def __init__(self, cloud: "Cloud", functions: Functions) -> None:
        self._cloud = cloud
        self._functions = functions

    def create(self, call: Call, _: Proceed) -> Answer:
        only(call, "FunctionName", "Code", "PackageType", "Publish", "Tags", "Architectures", *SETTINGS)
        _refuse_publish(call)
        if call.params.get("PackageType", "Zip") != "Zip":
            raise NotModelled("container images as functions")
        unknown = set(call.params["Code"]) - set(_CODE)
        if unknown:
            raise NotModelled(f"Code.{sorted(unknown)[0]} of {call.name}")
        name = checked_name(function_name(call.params["FunctionName"]))
        if name in self._functions.by_name:
            raise AwsError("ResourceConflictException", f"Function already exist: {name}", 409, Type="User")
        for needed in ("Runtime", "Handler"):
            if needed not in call.params:
                raise invalid(
                    "Runtime and Handler are mandatory parameters for functions created with deployment packages."
                )
        settings = self._with_layers({**defaults(name), **accepted(call.params, name)}, ())
        self._check_role(settings["Role"])
        self._place(settings, settings["Role"])
        code = self._functions.code.fetch(call.params["Code"], call.caller)
        self._functions.layers.check_size(code, settings)
        function = Function(
            name=name,
            settings=settings,
            code=code,
            architectures=list(call.params.get("Architectures", ["x86_64"])),
            modified=self._cloud.clock.now(),
            tags=dict(call.params.get("Tags", {})),
        )
        self._functions.by_name[name] = function
        return function.configuration()

    def update_code(self, call: Call, _: Proceed) -> Answer:
        only(call, "FunctionName", "Publish", "RevisionId", "Architectures", *_CODE)
        _refuse_publish(call)
        function = self._functions.get(call.params["FunctionName"])
        function.check_revision(call.params.get("RevisionId"))
        code = self._functions.code.fetch(call.params, call.caller)
        self._functions.layers.check_size(code, function.settings)
        function.code = code
        function.architectures = list(call.params.get("Architectures", function.architectures))
        function.changed(self._cloud.clock.now())
        return function.configuration()

    def update_configuration(self, call: Call, _: Proceed) -> Answer:
        only(call, "FunctionName", "RevisionId", *SETTINGS)
        function = self._functions.get(call.params["FunctionName"])
        function.check_revision(call.params.get("RevisionId"))
        held = [layer["Arn"] for layer in function.settings.get("Layers", ())]
        changes = self._with_layers(accepted(call.params, function.name), held)
        if "Role" in changes:
            self._check_role(changes["Role"])
        self._place(changes, changes.get("Role", function.settings["Role"]))
        settings = {**function.settings, **changes}
        self._functions.layers.check_size(function.code, settings)
        function.settings = settings
        function.changed(self._cloud.clock.now())
        return function.configuration()

    def get(self, call: Call, _: Proceed) -> Answer:
        """Without Code.Location, the presigned link to a bucket of Lambda's own."""
        _only_latest(call)
        function = self._functions.get(call.params["FunctionName"])
        tags = {"Tags": dict(function.tags)} if function.tags else {}
        return {"Configuration": function.configuration(), "Code": {"RepositoryType": "S3"}, **tags}

    def get_configuration(self, call: Call, _: Proceed) -> Answer:
        _only_latest(call)
        return self._functions.get(call.params["FunctionName"]).configuration()

    def list(self, call: Call, _: Proceed) -> Answer:
        only(call, "Marker", "MaxItems")
        everything = [function.configuration() for _, function in sorted(self._functions.by_name.items())]
        functions, more = page(call, everything, limit=50)
        return {"Functions": functions, **more}

    def delete(self, call: Call, _: Proceed) -> Answer:
        only(call, "FunctionName")
        self._functions.forget(self._functions.get(call.params["FunctionName"]).name)
        return {}

    def _with_layers(self, settings: dict[str, Any], held: Sequence[str]) -> dict[str, Any]:
        if "Layers" not in settings:
            return settings
        return {**settings, "Layers": self._functions.layers.chosen(settings["Layers"], held)}

    def _place(self, settings: dict[str, Any], role_arn: str) -> None:
        if "VpcConfig" in settings:
            settings["VpcConfig"] = vpc_config.checked(self._cloud, settings["VpcConfig"], role_arn)

    def _check_role(self, role_arn: str) -> None:
        """Lambda guide, "Defining Lambda function permissions with an execution role": its trust policy."""
        refusal = invalid("The role defined for the function cannot be assumed by Lambda.")
        look = Call("iam", "GetRole", {"RoleName": role_name(role_arn)})
        try:
            # Lambda's own look, which no policy, trail or audit sees.
            role = self._cloud.moto(look)["Role"]
        except AwsError as missing:
            raise refusal from missing
        trust = role["AssumeRolePolicyDocument"]
        policy = json.loads(unquote(trust)) if isinstance(trust, str) else trust
        if not any(_trusts_lambda(statement) for statement in _as_list(policy["Statement"])):
            raise refusal


def _trusts_lambda(statement: dict[str, Any]) -> bool:
    principal = statement.get("Principal", {})
    services = _as_list(principal.get("Service", [])) if isinstance(principal, dict) else []
    assumes = {"sts:AssumeRole", "sts:*", "*"} & set(_as_list(statement["Action"]))
    return statement["Effect"] == "Allow" and "lambda.amazonaws.com" in services and bool(assumes)


def _as_list(one_or_more: Any) -> list[Any]:
    return one_or_more if isinstance(one_or_more, list) else [one_or_more]


def _refuse_publish(call: Call) -> None:
    if call.params.get("Publish"):
        raise NotModelled("Lambda versions and aliases")


def _only_latest(call: Call) -> None:
    only(call, "FunctionName", "Qualifier")
    if call.params.get("Qualifier", "$LATEST") != "$LATEST":
        raise NotModelled("Lambda versions and aliases")
