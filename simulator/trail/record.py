"""One CloudTrail record, and the EventBridge event around it.

CloudTrail User Guide, "CloudTrail record contents for management, data, and network activity events" and
"CloudTrail userIdentity element".
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from moto.core.utils import get_service_model

from simulator.call import Answer, AwsError, Call, Caller
from simulator.trail.management import endpoint_prefix, event_name
from simulator.trail.spelling import of_ec2_answer, of_ec2_request, of_json


def record(
    call: Call, outcome: Answer | AwsError, at: datetime, event_id: str, role_id: str | None
) -> dict[str, Any]:
    """at: when the call was made, aware; role_id: the unique id (AROA...) of the caller's role, if it has one."""
    made: dict[str, Any] = {
        "eventVersion": "1.11",
        "userIdentity": user_identity(call.caller, role_id),
        "eventTime": timestamp(at),
        "eventSource": f"{endpoint_prefix(call.service)}.amazonaws.com",
        "eventName": event_name(call),
        "awsRegion": call.region,
        # "sourceIPAddress": a service's call shows the service's DNS name. The other address is a made-up one.
        "sourceIPAddress": call.caller.service or "192.0.2.1",
        "userAgent": call.caller.service or call.user_agent,
    }
    if isinstance(outcome, AwsError):
        made["errorCode"] = error_code(call, outcome)
        made["errorMessage"] = outcome.message
    return made | {
        "requestParameters": _request(call),
        "responseElements": None if isinstance(outcome, AwsError) else _answer(call, outcome),
        "requestID": call.request_id,
        "eventID": event_id,
        "readOnly": False,
        "eventType": "AwsApiCall",
        "managementEvent": True,
        "recipientAccountId": call.caller.account,
        "eventCategory": "Management",
    }


def api_call_event(detail: Mapping[str, Any], event_id: str) -> dict[str, Any]:
    """The event that EventBridge makes of a record ("AWS service events delivered via AWS CloudTrail")."""
    return {
        "version": "0",
        "id": event_id,
        "detail-type": "AWS API Call via CloudTrail",
        "source": f"aws.{str(detail['eventSource']).partition('.')[0]}",
        "account": detail["recipientAccountId"],
        "time": detail["eventTime"],
        "region": detail["awsRegion"],
        "resources": [],
        "detail": dict(detail),
    }


def error_code(call: Call, error: AwsError) -> str:
    """EC2's codes are recorded with the side at fault: ``Client.UnauthorizedOperation`` (CloudTrail User Guide,
    example queries; EC2 API Reference, "Error codes", for client and server errors)."""
    if call.service != "ec2":
        return error.code
    # RequestLimitExceeded comes with 503 (botocore's data/_retry.json), and is the client's fault none the less
    # (``Client.RequestLimitExceeded`` in public logs and Karpenter's documentation).
    at_fault = "Server" if error.status >= 500 and error.code != "RequestLimitExceeded" else "Client"
    return f"{at_fault}.{error.code}"


def user_identity(caller: Caller, role_id: str | None) -> dict[str, Any]:
    """userIdentity; accessKeyId is optional and left out."""
    if caller.role_arn is None and caller.service:
        return {"type": "AWSService", "invokedBy": caller.service}
    name = caller.arn.rpartition("/")[2]
    if caller.role_arn is None:
        # Assumed: the administrator's unique id.
        return {
            "type": "IAMUser",
            "principalId": "AIDAADMINISTRATOR0001",
            "arn": caller.arn,
            "accountId": caller.account,
            "userName": name,
        }
    issuer = {
        "type": "Role",
        "principalId": role_id,
        "arn": caller.role_arn,
        "accountId": caller.account,
        "userName": caller.role_arn.rpartition("/")[2],
    }
    identity = {
        "type": "AssumedRole",
        "principalId": f"{role_id}:{name}",
        "arn": caller.arn,
        "accountId": caller.account,
        "sessionContext": {"sessionIssuer": issuer, "attributes": {"mfaAuthenticated": "false"}},
    }
    return identity | ({"invokedBy": caller.service} if caller.service else {})


def timestamp(at: datetime) -> str:
    """``2026-11-23T06:00:00Z``."""
    return at.strftime("%Y-%m-%dT%H:%M:%SZ")


def _request(call: Call) -> Any:
    if call.service == "ec2":
        return of_ec2_request(call.operation, call.params)
    shape = get_service_model(call.service).operation_model(call.operation).input_shape
    return of_json(call.params, shape) if shape and call.params else None


def _answer(call: Call, answer: Answer) -> Any:
    shape = get_service_model(call.service).operation_model(call.operation).output_shape
    if call.service == "ec2":
        return of_ec2_answer(answer, shape, call.request_id)
    return of_json(answer, shape) if shape and answer else None
