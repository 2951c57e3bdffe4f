"""SSM's public parameters with EKS's image ids. Every other parameter is moto's."""

from typing import TYPE_CHECKING

from simulator.call import Answer, AwsError, Call, NotModelled, Operation, Proceed

if TYPE_CHECKING:
    from simulator.cloud import Cloud

_PUBLIC = "/aws/service/eks/"


def operations(cloud: "Cloud") -> dict[str, Operation]:
    """The operations over the parameters of ``cloud.world``."""
    values = cloud.world.parameters
    published = cloud.clock.now()

    def parameter(name: str) -> Answer:
        return {
            "Name": name,
            "Type": "String",
            "Value": values[name],
            "Version": 1,
            "LastModifiedDate": published,
            "ARN": f"arn:aws:ssm:{cloud.region}::parameter{name}",
            "DataType": "text",
        }

    def get(call: Call, proceed: Proceed) -> Answer:
        name = call.params["Name"]
        if not name.startswith(_PUBLIC):
            return proceed(call)
        if name not in values:
            raise AwsError("ParameterNotFound", f"Parameter {name} not found.")
        return {"Parameter": parameter(name)}

    def get_several(call: Call, proceed: Proceed) -> Answer:
        """Unknown names come back under InvalidParameters (API reference, GetParameters)."""
        names = call.params["Names"]
        if len(names) > 10:
            message = (
                f"1 validation error detected: Value '[{', '.join(names)}]' at 'names' failed to satisfy"
            )
            raise AwsError(
                "ValidationException",
                f"{message} constraint: Member must have length less than or equal to 10",
            )
        public = [name for name in names if name.startswith(_PUBLIC)]
        others = [name for name in names if name not in public]
        answer = (
            proceed(call.with_params(Names=others)) if others else {"Parameters": [], "InvalidParameters": []}
        )
        return {
            "Parameters": [parameter(name) for name in public if name in values] + answer["Parameters"],
            "InvalidParameters": [name for name in public if name not in values]
            + answer["InvalidParameters"],
        }

    def get_by_path(call: Call, proceed: Proceed) -> Answer:
        if call.params["Path"].startswith(_PUBLIC.rstrip("/")):
            raise NotModelled(f"{call.name} of {_PUBLIC}")
        return proceed(call)

    return {
        "ssm.GetParameter": get,
        "ssm.GetParameters": get_several,
        "ssm.GetParametersByPath": get_by_path,
    }
