"""The environment variables of a function's process: what Lambda gives, and nothing of ours."""

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from simulator.call import REGION

if TYPE_CHECKING:
    from simulator.iam.credentials import Credentials


def variables(
    name: str,
    settings: Mapping[str, Any],
    credentials: "Credentials",
    *,
    endpoint_url: str,
    runtime_api: str,
    log_stream: str,
    task_root: str,
    opt: Path | None,
    runtime_dir: str,
) -> dict[str, str]:
    """Lambda guide, "Defined runtime environment variables", and the function's own.

    opt: the folder with the function's layers, if it has any. PYTHONPATH names it alone (the interpreter's
    environment holds the runtime's libraries), so that modules are found as on Lambda: the task root first, then the
    layers, then what the runtime brings (Lambda guide, "Working with .zip file archives for Python Lambda functions",
    dependency search path).
    Left out: LD_LIBRARY_PATH (directories of Amazon Linux), the X-Ray daemon's address (there is none) and the
    metadata endpoint's.
    _X_AMZN_TRACE_ID is set by awslambdaric at each invocation.
    """
    logging = settings["LoggingConfig"]
    # Lambda guide, "Configuring JSON and plain text log formats"; awslambdaric's bootstrap reads both.
    json_logging = (
        {"AWS_LAMBDA_LOG_FORMAT": "JSON", "AWS_LAMBDA_LOG_LEVEL": logging["ApplicationLogLevel"]}
        if logging["LogFormat"] == "JSON"
        else {}
    )
    unreserved = {"LANG": "en_US.UTF-8", "PATH": "/usr/local/bin:/usr/bin/:/bin:/opt/bin", "TZ": ":UTC"}
    version = settings["Runtime"]
    layers = (
        {"PYTHONPATH": f"{opt}/python/lib/{version}/site-packages:{opt}/python"} if opt is not None else {}
    )
    own: Mapping[str, str] = settings.get("Environment", {}).get("Variables", {})
    return {
        **unreserved,
        **layers,
        **own,
        **json_logging,
        "_HANDLER": settings["Handler"],
        "AWS_ACCESS_KEY_ID": credentials.access_key_id,
        "AWS_SECRET_ACCESS_KEY": credentials.secret_access_key,
        "AWS_SESSION_TOKEN": credentials.session_token,
        "AWS_REGION": REGION,
        "AWS_DEFAULT_REGION": REGION,
        "AWS_EXECUTION_ENV": f"AWS_Lambda_{settings['Runtime']}",
        "AWS_LAMBDA_FUNCTION_NAME": name,
        "AWS_LAMBDA_FUNCTION_VERSION": "$LATEST",
        "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": str(settings["MemorySize"]),
        "AWS_LAMBDA_INITIALIZATION_TYPE": "on-demand",
        "AWS_LAMBDA_LOG_GROUP_NAME": logging["LogGroup"],
        "AWS_LAMBDA_LOG_STREAM_NAME": log_stream,
        "AWS_LAMBDA_RUNTIME_API": runtime_api,
        "LAMBDA_TASK_ROOT": task_root,
        "LAMBDA_RUNTIME_DIR": runtime_dir,
        # The one addition: botocore's own standard variable, so that the function's boto3 reaches this simulator
        # instead of AWS; and no credentials from an instance metadata service, which Lambda does not have either.
        "AWS_ENDPOINT_URL": endpoint_url,
        "AWS_EC2_METADATA_DISABLED": "true",
    }
