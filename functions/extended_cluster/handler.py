"""The wiring every state's handler has: structured logs, correlation id, AWS errors told by name."""

import functools
from collections.abc import Callable, Mapping
from typing import Any

from aws_lambda_powertools import Logger

from extended_cluster.errors import NotReadyYet, from_aws_code

logger = Logger()

type Event = Mapping[str, Any]
type Result = dict[str, Any]
type LambdaHandler = Callable[[dict[str, Any], Any], Result]


def state(step: Callable[[Event], Result]) -> LambdaHandler:
    """Make the Lambda handler of one state from a function of its event.

    The execution's ARN (``executionId``) becomes the log lines' correlation id. Named errors pass through;
    a botocore ``ClientError`` that the step did not handle becomes the named error of its code.
    """

    @functools.wraps(step)
    def handler(event: dict[str, Any], context: Any) -> Result:
        logger.set_correlation_id(event["executionId"])
        logger.append_keys(function_request_id=context.aws_request_id)
        try:
            result = step(event)
        except NotReadyYet as waiting:
            logger.info("not ready yet", extra={"reason": str(waiting)})
            raise
        except Exception as failure:  # re-raised in every case: here it is only given its name
            logger.exception("failed")
            error = getattr(failure, "response", {}).get(
                "Error"
            )  # botocore.exceptions.ClientError, not imported
            if not error:
                raise
            operation = getattr(failure, "operation_name", "an AWS call")
            raise from_aws_code(operation, error["Code"], error["Message"]) from failure
        logger.info("done")  # the result is in the execution's history; logs get no cluster's certificate
        return result

    return handler
