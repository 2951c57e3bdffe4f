"""Functions that die by a rule, and invocations that take longer."""

import threading
from collections.abc import Iterator

import pytest
from werkzeug.serving import make_server

from simulator.cloud import Cloud
from simulator.faults import calls, crashes
from tests.simulator.lambda_cloud import create, error_of, lambda_cloud

SENDS_TWO = """
import boto3
sqs = boto3.client("sqs")
def handler(event, context):
    for body in ("one", "two"):
        sqs.send_message(QueueUrl=event["queue"], MessageBody=body)
    return "done"
"""


@pytest.fixture(scope="module")
def served() -> Iterator[Cloud]:
    """With a function that sends two messages, and an endpoint that its process can reach."""
    with lambda_cloud() as cloud:
        cloud.wrap(crashes.layer(cloud))
        cloud.wrap(cloud.audit.layer())
        cloud.wrap(calls.layer(cloud))
        server = make_server("127.0.0.1", 0, cloud.gateway, threaded=True)
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        cloud.url = f"http://127.0.0.1:{server.server_port}"
        create(cloud, SENDS_TWO, name="app-Sender-1", Timeout=30)
        yield cloud
        server.shutdown()
        thread.join()
        server.server_close()


@pytest.fixture
def cloud(served: Cloud) -> Iterator[Cloud]:
    yield served
    served.faults.clear()


def invoke(cloud: Cloud) -> tuple[str, list[str]]:
    """How the invocation ended, and the messages that it has sent."""
    sqs = cloud.client("sqs")
    url = sqs.create_queue(QueueName="q")["QueueUrl"]
    ended = cloud.functions.invoke("app-Sender-1", f'{{"queue": "{url}"}}'.encode())
    found = sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10).get("Messages", [])
    sqs.delete_queue(QueueUrl=url)
    how = "done"
    if ended.error:
        error = error_of(ended.payload)
        assert error["errorMessage"] == (
            f"RequestId: {ended.request_id} Error: Runtime exited with error: signal: killed"
        )
        how = error["errorType"]
    return how, [message["Body"] for message in found]


@pytest.mark.parametrize(
    ("rule", "sent"),
    [
        ({"at": "start", "nth": 1}, []),
        ({"at": "before", "service": "sqs", "operation": "SendMessage", "nth": 1}, []),
        ({"at": "after", "service": "sqs", "operation": "SendMessage", "nth": 1}, ["one"]),
        ({"at": "before", "nth": 2}, ["one"]),
        ({"at": "after", "nth": 2}, ["one", "two"]),
        ({"at": "end", "nth": 1}, ["one", "two"]),
    ],
)
def test_a_function_dies_where_the_rule_says(
    cloud: Cloud, rule: dict[str, str | int], sent: list[str]
) -> None:
    cloud.faults.add([{"kind": "crash", "function": "Sender", **rule}])
    mark = len(cloud.audit.entries)
    how, messages = invoke(cloud)
    assert (how, sorted(messages)) == ("Runtime.ExitError", sent)
    assert [each["struck"] for each in cloud.faults.report()] == [1]
    # A call that the process died before was never made.
    made = [entry for entry in cloud.audit.entries[mark:] if entry.name == "sqs.SendMessage"]
    assert [entry.error for entry in made] == [None] * len(sent)
    # The next invocation has a new process.
    assert invoke(cloud)[0] == "done"


def test_other_functions_live(cloud: Cloud) -> None:
    cloud.faults.add(
        [{"kind": "crash", "function": "Guard", "at": at, "every": 1} for at in ("start", "before")]
    )
    assert invoke(cloud)[0] == "done"
    assert [each["matched"] for each in cloud.faults.report()] == [0, 0]


def test_a_function_that_raised_has_finished_too(cloud: Cloud) -> None:
    create(cloud, "def handler(event, context): raise ValueError('no')", name="sad")
    cloud.faults.add([{"kind": "crash", "function": "sad", "at": "end", "nth": 2}])
    types = [error_of(cloud.functions.invoke("sad", b"{}").payload)["errorType"] for _ in range(3)]
    assert types == ["ValueError", "Runtime.ExitError", "ValueError"]


def test_a_function_that_died_by_itself_has_not_finished(cloud: Cloud) -> None:
    create(cloud, "import os\ndef handler(event, context): os._exit(3)", name="gone")
    cloud.faults.add([{"kind": "crash", "function": "gone", "at": "end", "every": 1}])
    error = error_of(cloud.functions.invoke("gone", b"{}").payload)
    assert error["errorMessage"].endswith("exit status 3")
    assert cloud.faults.report()[0]["matched"] == 0


@pytest.mark.parametrize(("seconds", "how"), [(10, "done"), (31, "Sandbox.Timedout")])
def test_a_delayed_call_makes_its_invocation_longer(cloud: Cloud, seconds: int, how: str) -> None:
    rule = {"kind": "delay", "service": "sqs", "operation": "SendMessage", "seconds": seconds, "nth": 1}
    cloud.faults.add([rule])
    sqs = cloud.client("sqs")
    url = sqs.create_queue(QueueName="q")["QueueUrl"]
    before = cloud.clock.time()
    ended = cloud.functions.invoke("app-Sender-1", f'{{"queue": "{url}"}}'.encode())
    took = cloud.clock.time() - before
    sqs.delete_queue(QueueUrl=url)
    if how == "done":
        assert ended.error is None
        assert 10 < took < 13
    else:
        assert error_of(ended.payload)["errorType"] == how
        assert 30 <= took < 33
    # Paid once.
    before = cloud.clock.time()
    invoke(cloud)
    assert cloud.clock.time() - before < 3
