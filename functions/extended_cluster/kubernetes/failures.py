"""What went wrong with a call, by name: told by the kind of exception, the HTTP status and Status.reason alone."""

import os
import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from http import HTTPStatus
from typing import Final

import httpx
from lightkube import ApiError

from extended_cluster.errors import (
    CertificateUntrusted,
    FieldConflict,
    KubernetesCallFailed,
    KubernetesForbidden,
    KubernetesUnauthorized,
    KubernetesUnreachable,
    ProvisioningError,
    Throttled,
)

_LATER: Final = "The state machine will try again more slowly."


@contextmanager
def named(cluster: str, doing: str) -> Iterator[None]:
    """Give a failure of the call inside its name. doing: what was asked, e.g. ``get v1 Node n1``."""
    try:
        yield
    except httpx.HTTPStatusError as refused:  # lightkube's ApiError is one, with the API server's Status
        raise _refusal(cluster, doing, refused) from refused
    except httpx.TransportError as broken:
        raise _broken(cluster, doing, broken) from broken


@contextmanager
def unless_absent() -> Iterator[None]:
    """Pass over 404: what is not there is an answer, not a failure.

    A Status when the object is missing, plain text when its kind is not even defined.
    """
    try:
        yield
    except httpx.HTTPStatusError as refused:
        if refused.response.status_code != HTTPStatus.NOT_FOUND:
            raise


def _refusal(cluster: str, doing: str, refused: httpx.HTTPStatusError) -> ProvisioningError:
    code = refused.response.status_code
    reason, message = HTTPStatus(code).phrase, ""
    if isinstance(refused, ApiError):
        reason, message = refused.status.reason or reason, refused.status.message or ""
    said = f"The Kubernetes API of cluster {cluster} answered {doing} with {code} {reason}: {message}"
    match code:
        case HTTPStatus.UNAUTHORIZED:
            return KubernetesUnauthorized(
                f"{said}. It does not know {_principal()}: there is no access entry for it, or its token is too old.",
                do=f"Look at 'aws eks list-access-entries --cluster-name {cluster}' and start the same request again:"
                " GrantKubernetesAccess makes the entry anew.",
            )
        case HTTPStatus.FORBIDDEN if not _namespace_ends(refused):
            return KubernetesForbidden(
                f"{said}. That is {_principal()}.",
                do=f"Look at 'aws eks list-associated-access-policies --cluster-name {cluster} --principal-arn ...'"
                " and start the same request again: GrantKubernetesAccess associates the policy anew.",
            )
        case HTTPStatus.CONFLICT if owned := _owned_fields(refused):
            return FieldConflict(
                f"{said}. Fields that another manager owns: {owned}.",
                do="Let that manager give the fields up (remove them from what it applies) and start again.",
            )
        case HTTPStatus.CONFLICT | HTTPStatus.FORBIDDEN | HTTPStatus.TOO_MANY_REQUESTS:
            return Throttled(said, do=_LATER)
    if code >= HTTPStatus.INTERNAL_SERVER_ERROR:
        return Throttled(said, do=_LATER)
    return KubernetesCallFailed(said, do="Correct the cause and start the same request again.")


def _broken(cluster: str, doing: str, broken: httpx.TransportError) -> ProvisioningError:
    where = f"The Kubernetes API of cluster {cluster}"
    # httpx and httpcore each wrap what ssl raised.
    cause: BaseException | None = broken
    while cause is not None and not isinstance(cause, ssl.SSLCertVerificationError):
        cause = cause.__cause__ or cause.__context__
    if cause is not None:
        return CertificateUntrusted(
            f"{where} shows a certificate that the cluster's authority does not vouch for: {cause.verify_message}.",
            do="Find out what answers at the cluster's endpoint; the authority is the one that EKS tells.",
        )
    if isinstance(broken, httpx.ConnectError | httpx.TimeoutException):
        return KubernetesUnreachable(
            f"{where} does not answer ({doing}): {type(broken).__name__}: {broken}.",
            do="Check that the control plane's security groups let KubernetesFunctionsSecurityGroup in on port 443,"
            " that the VPC has DNS support and host names, and that the endpoint is private.",
        )
    return Throttled(f"{where} broke off ({doing}): {type(broken).__name__}: {broken}.", do=_LATER)


def _causes(refused: httpx.HTTPStatusError) -> list[tuple[str, str, str]]:
    """(reason, field, message) of each cause in Status.details."""
    if not isinstance(refused, ApiError) or not refused.status.details:
        return []
    return [(c.reason or "", c.field or "", c.message or "") for c in refused.status.details.causes or []]


def _owned_fields(refused: httpx.HTTPStatusError) -> str:
    # apimachinery fieldmanager/structuredmerge.go: the manager stands in the cause's message.
    return "; ".join(
        f"{field} ({message})"
        for reason, field, message in _causes(refused)
        if reason == "FieldManagerConflict"
    )


def _namespace_ends(refused: httpx.HTTPStatusError) -> bool:
    # 403, though rights are not the matter: the namespace is still being deleted (core/v1 NamespaceTerminatingCause).
    return any(reason == "NamespaceTerminating" for reason, _, _ in _causes(refused))


def _principal() -> str:
    return os.environ["PRINCIPAL_ARN"]
