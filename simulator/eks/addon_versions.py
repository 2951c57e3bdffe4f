"""Which add-ons there are, in which versions, and how they may be configured."""

import json
from typing import Any

import fastjsonschema
import yaml

from simulator.call import Answer, AwsError, Call, NotModelled, only
from simulator.eks.offer import offer
from simulator.eks.pages import page

_JSON_TYPES = {dict: "object", list: "array", str: "string", bool: "boolean", int: "integer", float: "number"}


def describe_addon_versions(call: Call) -> Answer:
    """DescribeAddonVersions. Publisher and owner of the add-ons here are ``eks`` and ``aws``."""
    only(call, "addonName", "kubernetesVersion", "types", "publishers", "owners", "maxResults", "nextToken")
    params = call.params
    if "addonName" in params:
        addon(params["addonName"])
    asked = params.get("kubernetesVersion")
    found = []
    for name, entry in offer()["addons"].items():
        about = {"type": entry["type"], "publisher": "eks", "owner": "aws"}
        if params.get("addonName", name) != name or not all(
            about[member] in params[f"{member}s"] for member in about if f"{member}s" in params
        ):
            continue
        versions = _versions(entry, asked)
        if versions:
            described = {
                "addonName": name,
                **about,
                "addonVersions": versions,
                "defaultNamespace": entry["namespace"],
            }
            found.append(described)
    return page(found, params, "addons")


def describe_addon_configuration(call: Call) -> Answer:
    """DescribeAddonConfiguration; the schema is a string of JSON."""
    only(call, "addonName", "addonVersion")
    name, version = call.params["addonName"], call.params["addonVersion"]
    entry = addon(name)
    if all(version not in offered for offered in entry["versions"].values()):
        raise _unsupported_version(name)
    answer: dict[str, Any] = {
        "addonName": name,
        "addonVersion": version,
        "configurationSchema": json.dumps(offer()["configurationSchemas"][name], sort_keys=True),
    }
    if "serviceAccount" in entry:
        answer["podIdentityConfiguration"] = [
            {"serviceAccount": entry["serviceAccount"], "recommendedManagedPolicies": list(entry["policies"])}
        ]
    return answer


def addon(name: str) -> dict[str, Any]:
    """The offer's entry for an add-on. AWS has many more than are modelled here."""
    if name not in offer()["addons"]:
        raise NotModelled(f"the add-on {name}")
    entry: dict[str, Any] = offer()["addons"][name]
    return entry


def chosen_addon_version(name: str, kubernetes_version: str, asked: str | None) -> str:
    """The version asked for, or the default one for that Kubernetes version (API model, CreateAddon)."""
    offered: list[str] = addon(name)["versions"].get(kubernetes_version, [])
    if not offered:
        raise NotModelled(f"add-ons of Kubernetes {kubernetes_version}")
    if asked is None:
        return offered[0]
    if asked not in offered:
        raise _unsupported_version(name)
    return asked


def check_configuration(name: str, values: str) -> None:
    """JSON or YAML that fits the add-on's schema. Wordings of schema failures: public reports."""
    try:
        parsed = yaml.safe_load(values)
    except yaml.YAMLError as wrong:
        raise _unsupported_configuration(name, "not valid JSON or YAML") from wrong  # wording assumed
    try:
        fastjsonschema.validate(offer()["configurationSchemas"][name], parsed if parsed is not None else {})
    except fastjsonschema.JsonSchemaValueException as wrong:
        why = f"Json schema validation failed with error: [{_explain(wrong)}]"
        raise _unsupported_configuration(name, why) from wrong


def _versions(entry: dict[str, Any], asked: str | None) -> list[dict[str, Any]]:
    """AddonVersionInfo per add-on version, with the Kubernetes versions that it is for."""
    compatible: dict[str, list[dict[str, Any]]] = {}
    for kubernetes, offered in entry["versions"].items():
        if asked in {None, kubernetes}:
            for version in offered:
                default = version == offered[0]
                compatible.setdefault(version, []).append(
                    {"clusterVersion": kubernetes, "platformVersions": ["*"], "defaultVersion": default}
                )
    return [
        {
            "addonVersion": version,
            "architecture": ["amd64", "arm64"],
            "computeTypes": list(entry["computeTypes"]),
            "compatibilities": compatibilities,
            "requiresConfiguration": False,
            "requiresIamPermissions": "policies" in entry,
        }
        for version, compatibilities in compatible.items()
    ]


def _explain(wrong: fastjsonschema.JsonSchemaValueException) -> str:
    where = "$" + str(wrong.name).removeprefix("data")
    if wrong.rule == "additionalProperties":
        extra = sorted(set(wrong.value) - set(wrong.definition["properties"]))
        unknown = "is not defined in the schema and the schema does not allow additional properties"
        return ", ".join(f"{where}.{key}: {unknown}" for key in extra)
    if wrong.rule == "type":
        found = _JSON_TYPES.get(type(wrong.value), "null")
        return f"{where}: {found} found, {wrong.rule_definition} expected"
    return f"{where}: does not have a value in the enumeration {wrong.rule_definition}"


def _unsupported_version(name: str) -> AwsError:
    """Wording: hashicorp/terraform-provider-aws #32238."""
    message = "Addon version specified is not supported"
    return AwsError("InvalidParameterException", message, addonName=name)


def _unsupported_configuration(name: str, why: str) -> AwsError:
    message = f"ConfigurationValue provided in request is not supported: {why}"
    return AwsError("InvalidParameterException", message, addonName=name)
