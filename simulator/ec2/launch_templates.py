"""Launch templates: moto's, with the template data kept exactly as given."""

from copy import deepcopy
from typing import Any

from moto.core.types import Base64EncodedString

from simulator.call import Answer, AwsError, Call, Operation, Proceed
from simulator.ec2 import moto_state
from simulator.ec2.client_tokens import ClientTokens

# The largest page (API model, DescribeLaunchTemplatesMaxResults); moto stops at 15 and gives no token.
_PAGE = 200


def operations(tokens: ClientTokens) -> dict[str, Operation]:
    """The launch template operations; see the module."""

    def create(call: Call, proceed: Proceed) -> Answer:
        def act() -> Answer:
            answer = proceed(call)
            template = moto_state.backend(call).get_launch_template(
                answer["LaunchTemplate"]["LaunchTemplateId"]
            )
            # moto copies the template's own tags into the data, and adds an empty UserData.
            template.versions[0].data = _exactly(call.params["LaunchTemplateData"])
            return answer

        return tokens.once(call, act)

    def create_version(call: Call, proceed: Proceed) -> Answer:
        def act() -> Answer:
            answer = proceed(call)
            version = answer["LaunchTemplateVersion"]
            template = moto_state.backend(call).get_launch_template(version["LaunchTemplateId"])
            template.versions[version["VersionNumber"] - 1].data = _exactly(call.params["LaunchTemplateData"])
            return answer

        return tokens.once(call, act)

    def describe(call: Call, proceed: Proceed) -> Answer:
        _require(call, call.params.get("LaunchTemplateIds", []))
        return proceed(call.with_params(MaxResults=call.params.get("MaxResults", _PAGE)))

    def describe_versions(call: Call, proceed: Proceed) -> Answer:
        return proceed(call.with_params(MaxResults=call.params.get("MaxResults", _PAGE)))

    def delete(call: Call, proceed: Proceed) -> Answer:
        name = call.params.get("LaunchTemplateName")
        known = moto_state.backend(call).launch_template_name_to_ids
        if name and name not in known:
            # moto calls a missing parameter what is a missing template.
            message = f"The specified launch template, with template name {name}, does not exist."
            raise AwsError("InvalidLaunchTemplateName.NotFoundException", message)
        _require(call, [call.params["LaunchTemplateId"]] if "LaunchTemplateId" in call.params else [])
        return proceed(call)

    return {
        "ec2.CreateLaunchTemplate": create,
        "ec2.CreateLaunchTemplateVersion": create_version,
        "ec2.DescribeLaunchTemplates": describe,
        "ec2.DescribeLaunchTemplateVersions": describe_versions,
        "ec2.DeleteLaunchTemplate": delete,
    }


def _require(call: Call, template_ids: list[str]) -> None:
    """moto leaves unknown ids out of its answers; EC2 refuses them."""
    known = moto_state.backend(call).launch_templates
    for template_id in template_ids:
        if template_id not in known:
            message = f"The specified launch template, with template ID {template_id}, does not exist."
            raise AwsError("InvalidLaunchTemplateId.NotFound", message)


def _exactly(data: dict[str, Any]) -> dict[str, Any]:
    kept = deepcopy(data)
    if "UserData" in kept:
        # moto asserts its own string type for user data wherever it uses a template.
        kept["UserData"] = Base64EncodedString(kept["UserData"])
    return kept
