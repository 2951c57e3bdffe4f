"""Validating admission webhooks: they fail closed while their Service has no ready endpoint.

Source: Kubernetes documentation, "Dynamic Admission Control"; the words of a missing endpoint: as EKS clusters tell it.
What a webhook says once it answers is modelled for MetalLB's alone (metallb_webhook.py).
"""

from typing import TYPE_CHECKING, Any

from simulator.kube import metallb_webhook, selectors, status
from simulator.kube.resources import ENDPOINT_SLICES, NAMESPACES, SERVICES, WEBHOOKS, Resource

if TYPE_CHECKING:
    from simulator.kube.objects import Objects

type Json = dict[str, Any]


def admit(objects: "Objects", resource: Resource, operation: str, obj: Json | None, old: Json | None) -> None:
    """Ask every webhook that wants to hear of this; raises what the API answers where one says no."""
    if resource is WEBHOOKS:  # never asked about themselves (documentation, "Avoiding operating on ...")
        return
    for configuration in objects.store.all(WEBHOOKS):
        for webhook in configuration.get("webhooks", ()):
            if _concerns(objects, webhook, resource, operation, obj or old or {}):
                _ask(objects, webhook, resource, operation, obj, old)


def _concerns(objects: "Objects", webhook: Json, resource: Resource, operation: str, obj: Json) -> bool:
    if not any(_rule_fits(rule, resource, operation) for rule in webhook.get("rules", ())):
        return False
    if not selectors.matches(webhook["objectSelector"], obj["metadata"].get("labels", {})):
        return False
    namespace = objects.store.get(NAMESPACES, "", obj["metadata"].get("namespace", ""))
    labels = namespace["metadata"].get("labels", {}) if namespace else {}
    return namespace is None or selectors.matches(webhook["namespaceSelector"], labels)


def _rule_fits(rule: Json, resource: Resource, operation: str) -> bool:
    pairs = (
        (rule["apiGroups"], resource.group),
        (rule["apiVersions"], resource.version),
        (rule["operations"], operation),
        (rule["resources"], resource.plural),
    )
    return all("*" in allowed or wanted in allowed for allowed, wanted in pairs)


def _ask(
    objects: "Objects", webhook: Json, resource: Resource, operation: str, obj: Json | None, old: Json | None
) -> None:
    service = webhook["clientConfig"].get("service")
    if service is None:
        raise status.not_modelled("webhooks outside the cluster (clientConfig.url)")
    try:
        _reach(objects, webhook, service)
    except status.Refusal as unreachable:
        if webhook["failurePolicy"] == "Ignore" and unreachable.code == 500:
            return
        raise
    if not webhook["name"].endswith(".metallb.io"):
        raise status.not_modelled(f"what the webhook {webhook['name']} says")
    if told := metallb_webhook.objection(objects, resource, operation, obj, old):
        message = f'admission webhook "{webhook["name"]}" denied the request: {told}'
        raise status.Refusal(403, "Forbidden", message)


def _reach(objects: "Objects", webhook: Json, service: Json) -> None:
    name, namespace = service["name"], service["namespace"]
    url = f"https://{name}.{namespace}.svc:{service['port']}{service.get('path', '')}"
    what = f'failed calling webhook "{webhook["name"]}": failed to call webhook: Post "{url}?timeout='
    what += f'{webhook["timeoutSeconds"]}s": '
    if objects.store.get(SERVICES, namespace, name) is None:
        raise status.internal_error(f'{what}service "{name}" not found')
    slices = [
        found
        for found in objects.store.all(ENDPOINT_SLICES, namespace)
        if found["metadata"].get("labels", {}).get("kubernetes.io/service-name") == name
    ]
    if not any(e.get("conditions", {}).get("ready") for s in slices for e in s.get("endpoints", ())):
        raise status.internal_error(f'{what}no endpoints available for service "{name}"')
