"""Why a resource could not be made, changed or deleted."""

from botocore.exceptions import ClientError, ParamValidationError

from simulator.call import AwsError

# What a resource handler may be refused by: the service, botocore's model of its input, or the simulator.
REFUSALS = (AwsError, ClientError, ParamValidationError)


def reason_of(refusal: Exception) -> str:
    """The refusal as CloudFormation words it in ResourceStatusReason."""
    if not isinstance(refusal, ClientError):
        return refusal.message if isinstance(refusal, AwsError) else str(refusal)
    error, metadata = refusal.response["Error"], refusal.response["ResponseMetadata"]
    code, text = error["Code"], error["Message"]
    handler_code = next(
        (name for name in ("AccessDenied", "AlreadyExists", "NotFound") if name in code),
        "GeneralServiceException",
    )
    return (
        f'Resource handler returned message: "{text} ({refusal.operation_name}: {code}, '
        f'Status Code: {metadata["HTTPStatusCode"]})" (HandlerErrorCode: {handler_code})'
    )
