"""AWS::StepFunctions::StateMachine."""

import json
import re
from typing import Any

import yaml

from simulator.call import AwsError
from simulator.deploy.resources.kind import Context, Kind, Made, Properties, names

_DEFINITION = names("Definition DefinitionS3Location DefinitionString DefinitionSubstitutions")
_SETTINGS = names("EncryptionConfiguration LoggingConfiguration RoleArn TracingConfiguration")


def definition(context: Context, properties: Properties) -> str:
    """The definition as JSON text, fetched and substituted.

    Order and rules: aws-cloudformation-resource-providers-stepfunctions, DefinitionProcessor.java. Each ``${Name}`` is
    replaced as text (a number or boolean by its text) before a file from S3 is parsed as JSON, else as YAML.
    """
    text = _substituted(_source(context, properties), properties.get("DefinitionSubstitutions", {}))
    document = _parsed(text)
    if not isinstance(document, dict):
        raise AwsError("InvalidDefinition", "The state machine definition is not an object.")
    return json.dumps(document)


def _source(context: Context, properties: Properties) -> str:
    given = [
        name for name in ("Definition", "DefinitionS3Location", "DefinitionString") if name in properties
    ]
    if len(given) != 1:
        raise AwsError(
            "ValidationException",
            "Exactly one of Definition, DefinitionString, DefinitionS3Location must be given.",
        )
    if "DefinitionString" in properties:
        return str(properties["DefinitionString"])
    if "Definition" in properties:
        return json.dumps(properties["Definition"])
    location = properties["DefinitionS3Location"]
    version = {"VersionId": location["Version"]} if "Version" in location else {}
    body = context.client("s3").get_object(Bucket=location["Bucket"], Key=location["Key"], **version)["Body"]
    return str(body.read().decode())


def _substituted(text: str, substitutions: dict[str, Any]) -> str:
    for name, value in substitutions.items():
        replacement = ("true" if value else "false") if isinstance(value, bool) else str(value)
        text = text.replace(f"${{{name}}}", replacement)
    # AWS leaves an undefined ${Name} in the definition. There is no use for one, so it is refused here.
    left = sorted(set(re.findall(r"\$\{([A-Za-z0-9_]+)\}", text)))
    if left:
        raise AwsError("ValidationException", f"DefinitionSubstitutions lacks {', '.join(left)}.")
    return text


def _parsed(text: str) -> Any:
    try:
        return json.loads(text)
    except json.JSONDecodeError:
        pass  # not JSON: YAML
    try:
        return yaml.safe_load(text)
    except yaml.YAMLError as error:
        raise AwsError("InvalidDefinition", f"The definition is neither JSON nor YAML: {error}") from error


def _settings(properties: Properties) -> dict[str, Any]:
    return {name: value for name, value in properties.items() if name in _SETTINGS}


def _create(context: Context, properties: Properties) -> Made:
    name = properties.get("StateMachineName") or context.name(80)
    answer = context.send(
        "stepfunctions",
        "CreateStateMachine",
        name=name,
        definition=definition(context, properties),
        type=properties.get("StateMachineType"),
        tags=context.tags(properties),
        **_settings(properties),
    )
    return Made(answer["stateMachineArn"], {"Arn": answer["stateMachineArn"], "Name": name})


# What taking a setting away means: Step Functions' defaults (CreateStateMachine, API reference).
_DEFAULTS: dict[str, Any] = {
    "EncryptionConfiguration": {"Type": "AWS_OWNED_KEY"},
    "LoggingConfiguration": {"Level": "OFF"},
    "TracingConfiguration": {"Enabled": False},
}


def _update(context: Context, made: Made, old: Properties, new: Properties) -> Made:
    cleared = {name: _DEFAULTS[name] for name in _settings(old).keys() - _settings(new).keys()}
    context.send(
        "stepfunctions",
        "UpdateStateMachine",
        stateMachineArn=made.physical_id,
        definition=definition(context, new),
        **_settings(new),
        **cleared,
    )
    return made


def _delete(context: Context, made: Made, _: Properties) -> None:
    context.client("stepfunctions").delete_state_machine(stateMachineArn=made.physical_id)


KINDS = (
    Kind(
        "AWS::StepFunctions::StateMachine",
        _DEFINITION | _SETTINGS | names("StateMachineName StateMachineType Tags"),
        _create,
        _delete,
        update=_update,
        updatable=_DEFINITION | _SETTINGS,
        attributes=names("Arn Name"),
    ),
)
