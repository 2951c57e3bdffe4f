"""AWS::Serverless-2016-10-31, by AWS's own aws-sam-translator."""

import copy
import functools
import json
from typing import Any

from boto3.session import Session
from samtranslator.metrics.method_decorator import MetricsMethodWrapperSingleton
from samtranslator.model.exceptions import InvalidDocumentException
from samtranslator.parser.parser import Parser
from samtranslator.translator.managed_policy_translator import ManagedPolicyLoader
from samtranslator.translator.translator import Translator
from samtranslator.utils.py27hash_fix import to_py27_compatible_template, undo_mark_unicode_str_in_template

from simulator.call import REGION, AwsError, NotModelled
from simulator.deploy.parse import Document

SERVERLESS = "AWS::Serverless-2016-10-31"
_APPLICATION = "AWS::Serverless::Application"


def transforms_of(document: Document) -> list[str]:
    """The transforms that a template declares."""
    declared = document.get("Transform", [])
    return [declared] if isinstance(declared, str) else list(declared)


def transformed(document: Document, parameters: dict[str, Any], iam: Any) -> Document:
    """The template that CloudFormation works on, Transform and Globals gone.

    parameters: each parameter's text, pseudo parameters included; iam: a client, asked for managed policies
    that are given by name.
    """
    names = transforms_of(document)
    for name in names:
        if name != SERVERLESS:
            raise NotModelled(f"the transform {name}")
    if not names:
        if "Globals" in document:
            raise AwsError("ValidationError", "Invalid template property or properties [Globals]")
        return document
    for logical_id, resource in document["Resources"].items():
        if isinstance(resource, dict) and resource.get("Type") == _APPLICATION:
            _check_application(logical_id, resource)
    try:
        translated = _translated(copy.deepcopy(document), dict(parameters), iam)
    except InvalidDocumentException as invalid:
        causes = "; ".join(cause.message for cause in invalid.causes)
        raise AwsError(
            "ValidationError",
            f"Transform {SERVERLESS} failed with: Invalid Serverless Application Specification document. "
            f"Number of errors found: {len(invalid.causes)}. {causes}",
        ) from invalid
    # The translator's own string types become plain ones.
    plain: Document = json.loads(json.dumps(translated))
    plain.pop("Transform", None)
    return plain


def _check_application(logical_id: str, resource: dict[str, Any]) -> None:
    """One whose template lies in a bucket becomes a nested stack; the Application Repository is not modelled."""
    location = (resource.get("Properties") or {}).get("Location")
    if not isinstance(location, str):
        raise NotModelled(f"the Location of {_APPLICATION} ({logical_id}), which is not a template's URL")


def _translated(document: Document, parameters: dict[str, Any], iam: Any) -> Any:
    """As samtranslator.translator.transform does, but with a session whose Region is not the environment's."""
    to_py27_compatible_template(document, parameters)
    translator = Translator(None, Parser(), boto_session=Session(region_name=REGION))
    result = translator.translate(
        document,
        parameter_values=parameters,
        passthrough_metadata=True,
        get_managed_policy_map=functools.cache(ManagedPolicyLoader(iam).load),
    )
    # To nowhere (its publisher is a dummy): otherwise the library warns of unpublished metrics at exit.
    MetricsMethodWrapperSingleton.get_instance().publish()
    return undo_mark_unicode_str_in_template(result)
