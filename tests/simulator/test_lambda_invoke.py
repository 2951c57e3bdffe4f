"""What a function's process is given, and every way in which an invocation can end."""

import json
import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from simulator.call import Answer, AwsError, Call, Proceed
from simulator.cloud import Cloud
from tests.simulator.lambda_cloud import create, error_of, lambda_cloud, log_lines, reachable


@pytest.fixture
def cloud() -> Iterator[Cloud]:
    with lambda_cloud() as cloud:
        yield cloud


def test_result_comes_back_and_virtual_time_passes(cloud: Cloud) -> None:
    create(cloud, "def handler(event, context): return {'sum': event['a'] + 1}")
    before = cloud.clock.time()

    answer = cloud.client("lambda").invoke(FunctionName="f", Payload=b'{"a": 1}', LogType="Tail")

    assert answer["StatusCode"] == 200
    assert "FunctionError" not in answer
    assert json.loads(answer["Payload"].read()) == {"sum": 2}
    assert 0.3 < cloud.clock.time() - before < 3  # the drawn lambda.init and lambda.invoke


def test_environment_is_exactly_what_lambda_gives(cloud: Cloud, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SECRET_OF_THE_HOST", "1")
    monkeypatch.setenv("PYTHONPATH", str(Path.cwd()))
    cloud.url = "http://127.0.0.1:1"
    create(
        cloud,
        """
        import os, sys
        def handler(event, context):
            return {"env": dict(os.environ), "path": sys.path, "cwd": os.getcwd(), "arn": context.invoked_function_arn,
                    "left": context.get_remaining_time_in_millis()}
        """,
        Environment={"Variables": {"OWN": "value"}},
        MemorySize=256,
        Timeout=20,
    )
    seen = json.loads(cloud.functions.invoke("f", b"{}").payload)
    env = seen["env"]

    # Python adds LC_CTYPE by itself where the machine lacks the locale that LANG names (PEP 538).
    assert set(env) - {"LC_CTYPE"} == {
        "_HANDLER",
        "_X_AMZN_TRACE_ID",
        "AWS_ACCESS_KEY_ID",
        "AWS_DEFAULT_REGION",
        "AWS_EC2_METADATA_DISABLED",
        "AWS_ENDPOINT_URL",
        "AWS_EXECUTION_ENV",
        "AWS_LAMBDA_FUNCTION_MEMORY_SIZE",
        "AWS_LAMBDA_FUNCTION_NAME",
        "AWS_LAMBDA_FUNCTION_VERSION",
        "AWS_LAMBDA_INITIALIZATION_TYPE",
        "AWS_LAMBDA_LOG_GROUP_NAME",
        "AWS_LAMBDA_LOG_STREAM_NAME",
        "AWS_LAMBDA_RUNTIME_API",
        "AWS_REGION",
        "AWS_SECRET_ACCESS_KEY",
        "AWS_SESSION_TOKEN",
        "LAMBDA_RUNTIME_DIR",
        "LAMBDA_TASK_ROOT",
        "LANG",
        "OWN",
        "PATH",
        "TZ",
    }
    assert env["OWN"] == "value"
    assert env["AWS_EXECUTION_ENV"] == "AWS_Lambda_python3.13"
    assert env["AWS_LAMBDA_FUNCTION_MEMORY_SIZE"] == "256"
    assert env["AWS_ENDPOINT_URL"] == cloud.url
    assert env["AWS_LAMBDA_LOG_STREAM_NAME"].startswith("2026/11/23/[$LATEST]")
    assert seen["path"][0] == seen["cwd"] == env["LAMBDA_TASK_ROOT"]
    assert not [entry for entry in seen["path"] if Path(entry).is_relative_to(Path.cwd() / "simulator")]
    assert str(Path.cwd()) not in seen["path"]
    assert seen["arn"] == "arn:aws:lambda:us-west-2:123456789012:function:f"
    assert 10_000 < seen["left"] <= 20_000


@pytest.fixture
def served(cloud: Cloud) -> Iterator[Cloud]:
    """The cloud, reachable from the functions' processes."""
    with reachable(cloud):
        yield cloud


def test_function_calls_aws_as_its_role(served: Cloud) -> None:
    create(
        served,
        """
        import boto3
        def handler(event, context):
            return boto3.client("sqs").list_queues().get("QueueUrls", [])
        """,
        Timeout=30,
    )
    callers = []

    def note(call: Call, proceed: Proceed) -> Answer:
        callers.append(call.caller)
        return proceed(call)

    served.install({"sqs.ListQueues": note})
    served.client("sqs").create_queue(QueueName="one")

    invocation = served.functions.invoke("f", b"{}")

    assert invocation.error is None
    assert json.loads(invocation.payload)[0].endswith("/one")
    assert [caller.arn for caller in callers] == ["arn:aws:sts::123456789012:assumed-role/function/f"]


def test_function_that_invokes_a_function_is_refused_rather_than_hung(served: Cloud) -> None:
    create(
        served,
        """
        import boto3
        def handler(event, context):
            boto3.client("lambda").invoke(FunctionName="f", Payload=b"{}")
        """,
        Timeout=30,
    )

    refused = served.functions.invoke("f", b"{}")

    message = error_of(refused.payload)["errorMessage"]
    assert "The simulator does not model a function that invokes a function" in message


def test_exception_is_reported_by_the_runtime_and_keeps_the_process(cloud: Cloud) -> None:
    create(
        cloud,
        """
        import os
        class NotReadyYet(Exception): pass
        def handler(event, context):
            if event: raise NotReadyYet("pending")
            return os.getpid()
        """,
    )
    pid = cloud.functions.invoke("f", b"{}").payload
    failed = cloud.functions.invoke("f", b'{"fail": true}')

    assert failed.error == "Unhandled"
    document = error_of(failed.payload)
    assert set(document) == {"errorMessage", "errorType", "requestId", "stackTrace"}
    assert (document["errorType"], document["errorMessage"]) == ("NotReadyYet", "pending")
    assert document["requestId"] == failed.request_id
    assert cloud.functions.invoke("f", b"{}").payload == pid


def test_missing_dependency(cloud: Cloud) -> None:
    create(cloud, "import not_packaged\ndef handler(event, context): return 1")

    failed = cloud.functions.invoke("f", b"{}")

    assert failed.error == "Unhandled"
    assert error_of(failed.payload)["errorType"] == "Runtime.ImportModuleError"
    assert (
        error_of(failed.payload)["errorMessage"]
        == "Unable to import module 'app': No module named 'not_packaged'"
    )
    assert "Error Type: Runtime.ImportModuleError" in log_lines(cloud, "/aws/lambda/f")[-1]


def test_code_of_this_repository_is_out_of_reach(cloud: Cloud) -> None:
    create(cloud, "import simulator\ndef handler(event, context): return 1")

    document = error_of(cloud.functions.invoke("f", b"{}").payload)

    assert document["errorMessage"] == "Unable to import module 'app': No module named 'simulator'"


@pytest.mark.parametrize(
    ("end", "reason"),
    [
        ("os._exit(3)", "Runtime exited with error: exit status 3"),
        ("os._exit(0)", "Runtime exited without providing a reason"),
        ("os.kill(os.getpid(), 9)", "Runtime exited with error: signal: killed"),
    ],
)
def test_crash_ends_the_process_and_keeps_its_log(cloud: Cloud, end: str, reason: str) -> None:
    create(cloud, f"import os\ndef handler(event, context):\n    print('last words')\n    {end}")

    crashed = cloud.functions.invoke("f", b"{}")

    assert error_of(crashed.payload) == {
        "errorType": "Runtime.ExitError",
        "errorMessage": f"RequestId: {crashed.request_id} Error: {reason}",
    }
    logged = log_lines(cloud, "/aws/lambda/f")
    assert logged[:2] == [f"START RequestId: {crashed.request_id} Version: $LATEST", "last words"]
    assert logged[-2] == f"END RequestId: {crashed.request_id}"
    assert logged[-1].startswith(f"REPORT RequestId: {crashed.request_id}\tDuration: ")
    assert logged[-1].endswith("Status: error\tError Type: Runtime.ExitError")


def test_hang_is_killed_with_its_children_at_the_timeout(cloud: Cloud, tmp_path: Path) -> None:
    cloud.functions.patience = 1.0
    create(
        cloud,
        f"""
        import subprocess, time, pathlib, os
        def handler(event, context):
            child = subprocess.Popen(["sleep", "600"])
            pathlib.Path({str(tmp_path / "pids")!r}).write_text(f"{{os.getpid()}} {{child.pid}}")
            time.sleep(600)
        """,
        Timeout=1,
    )
    before = cloud.clock.time()
    hung = cloud.functions.invoke("f", b"{}")

    assert error_of(hung.payload) == {
        "errorType": "Sandbox.Timedout",
        "errorMessage": f"RequestId: {hung.request_id} Error: Task timed out after 1.00 seconds",
    }
    assert 1 < cloud.clock.time() - before < 4
    pids = [int(pid) for pid in (tmp_path / "pids").read_text().split()]
    assert len(pids) == 2
    assert not [pid for pid in pids if _runs(pid)]


def test_virtual_duration_over_the_timeout_is_a_timeout(
    cloud: Cloud, monkeypatch: pytest.MonkeyPatch
) -> None:
    create(cloud, "def handler(event, context): return 1", Timeout=2)
    monkeypatch.setattr(cloud, "latency", lambda name, _: 2.5 if name == "lambda.invoke" else 0.0)
    before = cloud.clock.time()

    late = cloud.functions.invoke("f", b"{}")

    assert error_of(late.payload)["errorType"] == "Sandbox.Timedout"
    assert cloud.clock.time() - before == pytest.approx(2.0)


def test_warm_environment_is_reused_until_the_function_changes(cloud: Cloud) -> None:
    create(
        cloud,
        "import os\ncalls = []\ndef handler(event, context): return [os.getpid(), calls.append(1) or len(calls)]",
    )

    first, second = (json.loads(cloud.functions.invoke("f", b"{}").payload) for _ in range(2))
    cloud.client("lambda").update_function_configuration(FunctionName="f", Timeout=9)
    third = json.loads(cloud.functions.invoke("f", b"{}").payload)

    assert first[0] == second[0]
    assert second[1] == 2
    assert third[0] != first[0]
    assert third[1] == 1
    assert not _runs(first[0])


def test_concurrent_invocations_get_an_environment_each(cloud: Cloud) -> None:
    create(cloud, "import os\ndef handler(event, context): return os.getpid()")
    pids: list[bytes] = []
    ended = cloud.clock.event()

    def one() -> None:
        pids.append(cloud.functions.invoke("f", b"{}").payload)
        if len(pids) == 3:
            ended.set()

    for number in range(3):
        cloud.clock.spawn(one, f"invoke {number}")
    assert ended.wait(60)

    assert len(set(pids)) == 3
    assert cloud.functions.invoke("f", b"{}").payload in pids


def test_close_leaves_no_process_and_no_file(cloud: Cloud) -> None:
    create(cloud, "import os\ndef handler(event, context): return [os.getpid(), os.getcwd()]")
    pid, task_root = json.loads(cloud.functions.invoke("f", b"{}").payload)
    assert _runs(pid)

    cloud.functions.close()

    assert not _runs(pid)
    assert not Path(task_root).exists()


def test_logs_go_to_the_configured_group_in_its_format(cloud: Cloud) -> None:
    create(
        cloud,
        "import sys\ndef handler(event, context):\n    print('out')\n    print('err', file=sys.stderr)",
        LoggingConfig={"LogGroup": "/ours", "LogFormat": "JSON"},
    )
    invocation = cloud.functions.invoke("f", b"{}")

    start, out, err, report = log_lines(cloud, "/ours")
    assert [out, err] == ["out", "err"]
    assert json.loads(start)["type"] == "platform.start"
    assert json.loads(report)["record"]["requestId"] == invocation.request_id
    assert json.loads(report)["record"]["status"] == "success"
    assert invocation.log_tail.decode().splitlines() == [start, out, err, report]


def test_payloads_that_lambda_refuses(cloud: Cloud) -> None:
    create(cloud, "def handler(event, context): return 'x' * 6_291_560")

    for payload, code in (
        (b"{not json", "InvalidRequestContentException"),
        (b'"' + b"x" * 6_291_456, "RequestTooLargeException"),
    ):
        with pytest.raises(AwsError) as refused:
            cloud.functions.invoke("f", payload)
        assert refused.value.code == code
    with pytest.raises(AwsError) as unknown:
        cloud.functions.invoke("g", b"{}")
    assert unknown.value.code == "ResourceNotFoundException"
    assert (
        error_of(cloud.functions.invoke("f", b"{}").payload)["errorType"] == "Function.ResponseSizeTooLarge"
    )


def _runs(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
