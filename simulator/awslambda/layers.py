"""Lambda layers: published versions, and which of them a function has.

Source: Lambda guide, "Managing Lambda dependencies with layers"; API_PublishLayerVersion. Permissions on layers, that
is layers of other accounts, are not modelled.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

from simulator.awslambda.code import UNZIPPED_LIMIT, Code, CodeStore
from simulator.awslambda.pages import page
from simulator.awslambda.settings import invalid, invalid_value
from simulator.call import ACCOUNT, REGION, Answer, AwsError, Call, NotModelled, Operation, Proceed, only

if TYPE_CHECKING:
    from simulator.cloud import Cloud

# Lambda quotas: five layers; the unzipped limit counts the function and all of its layers.
_AT_MOST = 5
_TOLD = ("Description", "LicenseInfo", "CompatibleRuntimes", "CompatibleArchitectures")


@dataclass(frozen=True)
class Version:
    """One published version. told: the parameters of its publication that the API gives back."""

    name: str
    number: int
    code: Code
    published: datetime
    told: dict[str, Any]

    @property
    def layer_arn(self) -> str:
        """Without the version's number."""
        return f"arn:aws:lambda:{REGION}:{ACCOUNT}:layer:{self.name}"

    @property
    def arn(self) -> str:
        """What a function names."""
        return f"{self.layer_arn}:{self.number}"

    def summary(self) -> dict[str, Any]:
        """LayerVersionsListItem."""
        moment = (
            self.published.strftime("%Y-%m-%dT%H:%M:%S.") + f"{self.published.microsecond // 1000:03}+0000"
        )
        return {"LayerVersionArn": self.arn, "Version": self.number, "CreatedDate": moment, **self.told}

    def described(self) -> dict[str, Any]:
        """GetLayerVersionResponse, without Content.Location, the presigned link to a bucket of Lambda's own."""
        content = {"CodeSha256": self.code.sha256, "CodeSize": self.code.size}
        return {**self.summary(), "LayerArn": self.layer_arn, "Content": content}


class Layers:
    """Every version ever published, by ARN.

    API_DeleteLayerVersion: a deleted version cannot be viewed or added any more; functions that have it keep it.
    """

    def __init__(self, cloud: "Cloud", code: CodeStore) -> None:
        self._cloud = cloud
        self._code = code
        self._versions: dict[str, Version] = {}
        self._deleted: set[str] = set()

    def operations(self) -> dict[str, Operation]:
        """The layers' API."""
        return {
            "lambda.PublishLayerVersion": self._publish,
            "lambda.GetLayerVersion": self._get,
            "lambda.GetLayerVersionByArn": self._get_by_arn,
            "lambda.ListLayerVersions": self._list,
            "lambda.DeleteLayerVersion": self._delete,
        }

    def chosen(self, arns: Sequence[str], held: Sequence[str]) -> list[dict[str, Any]]:
        """FunctionConfiguration's Layers for a call's. held: those that the function has already."""
        if len(arns) > _AT_MOST:
            raise invalid(f"A function cannot have more than {_AT_MOST} layers.")  # wording assumed
        names = [arn.rpartition(":")[0] for arn in arns]
        if twice := sorted({name for name in names if names.count(name) > 1}):
            # Wording from public reports, e.g. serverless/serverless.
            raise invalid(
                f"Two different versions of the same layer are not allowed to be referenced: {twice[0]}"
            )
        return [{"Arn": arn, "CodeSize": self._usable(arn, held).code.size} for arn in arns]

    def codes(self, settings: dict[str, Any]) -> list[Code]:
        """The packages of a function's layers, in the order in which they are laid over one another."""
        return [self._versions[layer["Arn"]].code for layer in settings.get("Layers", ())]

    def check_size(self, code: Code, settings: dict[str, Any]) -> None:
        """Refuse a function that is too large together with its layers (wording from public reports)."""
        size = code.unzipped + sum(layer.unzipped for layer in self.codes(settings))
        if size > UNZIPPED_LIMIT:
            raise invalid(
                f"Function code combined with layers exceeds the maximum allowed size of {UNZIPPED_LIMIT} bytes. "
                f"The actual size is {size} bytes."
            )

    def _usable(self, arn: str, held: Sequence[str]) -> Version:
        match arn.split(":"):
            case ["arn", "aws", "lambda", _, account, "layer", _, number] if number.isdigit():
                if account != ACCOUNT:
                    raise NotModelled("Lambda layers of other accounts")
            case _:
                raise invalid_value(arn, "layers", "the ARN of a layer's version")
        if arn not in self._versions or (arn in self._deleted and arn not in held):
            raise invalid(f"Layer version {arn} does not exist.")
        return self._versions[arn]

    def _publish(self, call: Call, _: Proceed) -> Answer:
        only(call, "LayerName", "Content", *_TOLD)
        name = call.params["LayerName"]
        earlier = [version.number for version in self._versions.values() if version.name == name]
        version = Version(
            name,
            max(earlier, default=0) + 1,
            self._code.fetch(call.params["Content"], call.caller),
            self._cloud.clock.now(),
            {key: call.params[key] for key in _TOLD if key in call.params},
        )
        self._code.check_layer(version.code)
        self._versions[version.arn] = version
        return version.described()

    def _get(self, call: Call, _: Proceed) -> Answer:
        only(call, "LayerName", "VersionNumber")
        return self._found(
            f"{_layer_arn(call.params['LayerName'])}:{call.params['VersionNumber']}"
        ).described()

    def _get_by_arn(self, call: Call, _: Proceed) -> Answer:
        only(call, "Arn")
        return self._found(call.params["Arn"]).described()

    def _list(self, call: Call, _: Proceed) -> Answer:
        only(call, "LayerName", "Marker", "MaxItems")
        arn = _layer_arn(call.params["LayerName"])
        found = [v for v in self._versions.values() if v.layer_arn == arn and v.arn not in self._deleted]
        newest_first = [version.summary() for version in sorted(found, key=lambda v: -v.number)]
        versions, more = page(call, newest_first, limit=50)
        return {"LayerVersions": versions, **more}

    def _delete(self, call: Call, _: Proceed) -> Answer:
        """That deleting what is not there succeeds: assumed (the model gives no error for it)."""
        only(call, "LayerName", "VersionNumber")
        self._deleted.add(f"{_layer_arn(call.params['LayerName'])}:{call.params['VersionNumber']}")
        return {}

    def _found(self, arn: str) -> Version:
        if arn not in self._versions or arn in self._deleted:
            raise AwsError("ResourceNotFoundException", "The resource you requested does not exist.", 404)
        return self._versions[arn]


def _layer_arn(reference: str) -> str:
    return reference if ":" in reference else f"arn:aws:lambda:{REGION}:{ACCOUNT}:layer:{reference}"
