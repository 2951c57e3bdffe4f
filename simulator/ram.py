"""Resource Access Manager: Outposts and subnets shared between accounts. moto keeps the shares.

Assumed: the accounts are in one organisation with sharing enabled, which sharing Outposts and subnets demands
(Outposts server user guide, "Prerequisites for sharing Outpost resources"; VPC guide, "Share your VPC subnets");
so nobody has to accept an invitation (RAM guide, "Working with invitations"), and a share holds at once.
"""

import re

from moto.ram.models import ResourceShare, ram_backends

from simulator.call import Answer, AwsError, Call, NotModelled, Operation, Place, Proceed, only

_SHAREABLE = re.compile(r"arn:aws:(outposts:[a-z0-9-]+:\d{12}:outpost|ec2:[a-z0-9-]+:\d{12}:subnet)/.+")


def operations() -> dict[str, Operation]:
    """CreateResourceShare and DeleteResourceShare; every other operation that changes a share is refused."""
    if "outpost" not in ResourceShare.SHAREABLE_RESOURCES:
        ResourceShare.SHAREABLE_RESOURCES.append("outpost")  # moto does not know that Outposts can be shared

    def create(call: Call, proceed: Proceed) -> Answer:
        only(call, "name", "resourceArns", "principals", "allowExternalPrincipals")
        for arn in call.params.get("resourceArns", ()):
            _check(arn, call)
        for principal in call.params.get("principals", ()):
            if not re.fullmatch(r"\d{12}", principal):
                raise NotModelled(f"sharing with {principal}, which is no account")
        return proceed(call)

    def delete(call: Call, proceed: Proceed) -> Answer:
        only(call, "resourceShareArn")
        return proceed(call)

    def refuse(call: Call, _: Proceed) -> Answer:
        raise NotModelled(call.name)

    refused = ("AssociateResourceShare", "DisassociateResourceShare", "UpdateResourceShare")
    return {f"ram.{name}": refuse for name in refused} | {
        "ram.CreateResourceShare": create,
        "ram.DeleteResourceShare": delete,
    }


def is_shared(arn: str, place: Place) -> bool:
    """Whether a resource of another account is shared with the account."""
    return arn in shared_with(place)


def shared_with(place: Place) -> set[str]:
    """The ARNs of all that other accounts share with the account in the Region."""
    # moto sets up a backend for every Region that is looked at: only accounts that are there are.
    backends = [ram_backends[account][place.region] for account in list(ram_backends)]
    return {
        arn
        for backend in backends
        for share in backend.resource_shares
        if share.status == "ACTIVE" and place.account in share.principals
        for arn in share.resource_arns
    }


def _check(arn: str, call: Call) -> None:
    if not _SHAREABLE.fullmatch(arn):
        raise NotModelled(f"sharing {arn}")
    if arn.split(":")[3:5] != [call.region, call.account]:
        # RAM API Reference, CreateResourceShare, errors; wording assumed.
        message = f"The account {call.account} in {call.region} does not own {arn}."
        raise AwsError("OperationNotPermittedException", message)
