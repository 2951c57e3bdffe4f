"""Route 53 Resolver endpoints are moto's; here their interfaces look as AWS's do, and suffer from LNI as AWS's do."""

from typing import Any

from moto.route53resolver.models import route53resolver_backends

from simulator.call import Answer, Call, NotModelled, Operation, Place, Proceed
from simulator.ec2 import moto_state
from simulator.ec2.lni import is_disturbed

# Assumed, both: no public example shows who requested such an interface, or whose "instance" it is attached to.
_REQUESTER = "route53resolver.amazonaws.com"
_HOLDER = "amazon-aws"


def operations() -> dict[str, Operation]:
    """The endpoint operations that differ from moto's."""

    def create(call: Call, proceed: Proceed) -> Answer:
        _refuse_lni_subnets(call, [address["SubnetId"] for address in call.params["IpAddresses"]])
        answer = proceed(call)
        _hold(call, answer["ResolverEndpoint"]["Id"])
        return answer

    def associate(call: Call, proceed: Proceed) -> Answer:
        _refuse_lni_subnets(call, [call.params["IpAddress"].get("SubnetId")])
        answer = proceed(call)
        _hold(call, answer["ResolverEndpoint"]["Id"])
        return answer

    def look(call: Call, proceed: Proceed) -> Answer:
        for endpoint in _endpoints(call).values():
            if any(is_disturbed(interface) for interface in _interfaces(call, endpoint)):
                # "Those ENIs will stop functioning" (API reference, IpAddressRequest); that the endpoint tells it by
                # this status ("unhealthy, and Resolver can't automatically recover it", API reference,
                # ResolverEndpoint) and not by its addresses' is assumed.
                endpoint.status = "ACTION_NEEDED"
        return proceed(call)

    looks = ("GetResolverEndpoint", "ListResolverEndpoints", "ListResolverEndpointIpAddresses")
    return {f"route53resolver.{name}": look for name in looks} | {
        "route53resolver.CreateResolverEndpoint": create,
        "route53resolver.AssociateResolverEndpointIpAddress": associate,
    }


def _endpoints(place: Place) -> dict[str, Any]:
    endpoints: dict[str, Any] = route53resolver_backends[place.account][place.region].resolver_endpoints
    return endpoints


def _interfaces(place: Place, endpoint: Any) -> list[Any]:
    known = moto_state.backend(place).enis
    return [known[interface_id] for interface_id in endpoint.eni_ids if interface_id in known]


def _hold(place: Place, endpoint_id: str) -> None:
    """The endpoint's interfaces are in use. moto describes them "Route 53 Resolver: rslvr-in-...:rni-...", as AWS
    does (public inventories of real accounts); their type is the plain one (API model, NetworkInterfaceType, has
    none for them)."""
    for interface in _interfaces(place, _endpoints(place)[endpoint_id]):
        interface.requester_managed = True
        interface.requester_id = _REQUESTER
        interface.status = "in-use"
        interface.held_by = _HOLDER
        interface.device_index = 1  # as other services' interfaces show it; assumed


def _refuse_lni_subnets(place: Place, subnet_ids: list[str | None]) -> None:
    for subnet_id in subnet_ids:
        if getattr(moto_state.subnet(place, subnet_id), "lni_index", None) is not None:
            # "Not compatible" (API reference, IpAddressRequest): whether the call is refused is not told.
            raise NotModelled(f"a Resolver endpoint in {subnet_id}, which has LNI enabled")
