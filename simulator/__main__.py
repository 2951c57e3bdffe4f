"""``python -m simulator``: serve the embedded AWS on loopback until interrupted."""

import argparse
import contextlib
import fcntl
import logging
import os
import shutil
import signal
import sys
import threading
import warnings
from collections.abc import Iterator
from pathlib import Path

from moto.moto_server.werkzeug_app import MotoRequestHandler
from werkzeug.serving import make_server

from simulator.assemble import assemble
from simulator.call import REGION
from simulator.cloud import Cloud
from simulator.control import PREFIX, Control
from simulator.outposts.world import load

HOST = "127.0.0.1"


class _QuietHandler(MotoRequestHandler):
    """moto's request handler without a line on the terminal for each request."""

    def log_request(self, code: int | str = "-", size: int | str = "-") -> None:
        """Say nothing."""


def exports(url: str) -> dict[str, str]:
    """The environment variables with which any AWS tool talks to the simulator."""
    return {
        "AWS_ENDPOINT_URL": url,
        "AWS_REGION": REGION,
        "AWS_DEFAULT_REGION": REGION,
        "AWS_ACCESS_KEY_ID": "ADMINISTRATOR",
        "AWS_SECRET_ACCESS_KEY": "not-checked",
        "AWS_EC2_METADATA_DISABLED": "true",
    }


def _serve(cloud: Cloud, port: int, state: Path) -> None:
    control = Control(cloud)

    def endpoint(environ: dict[str, object], start_response: object) -> object:
        ours = str(environ.get("PATH_INFO", "")).startswith(f"{PREFIX}/")
        return (control if ours else cloud.gateway)(environ, start_response)

    server = make_server(HOST, port, endpoint, threaded=True, request_handler=_QuietHandler)  # type: ignore[arg-type]
    cloud.url = f"http://{HOST}:{server.server_port}"
    (state / "pid").write_text(str(os.getpid()))
    (state / "url").write_text(cloud.url)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    print(f"# The simulator listens at {cloud.url}. Export these, then use sam, aws and boto3 as always:")
    for name, value in exports(cloud.url).items():
        print(f"export {name}={value}")
    sys.stdout.flush()
    try:
        server.serve_forever()
    except KeyboardInterrupt:
        print("stopped", file=sys.stderr)
    finally:
        logging.disable()  # what was under way when it ended may complain, and nobody is there to care
        cloud.clock.hold()
        cloud.functions.close()


@contextlib.contextmanager
def _claimed(state: Path) -> Iterator[None]:
    """The state folder is ours alone while we live; what a killed simulator left there is taken over."""
    state.mkdir(parents=True, exist_ok=True)
    with (state / "lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            url = (
                (state / "url").read_text() if (state / "url").exists() else "an address it has not told yet"
            )
            sys.exit(f"A simulator runs here already, at {url}. Use that one, or end it with `make stop`.")
        try:
            yield
        finally:
            shutil.rmtree(state)


def _end_with_stdin() -> None:
    while os.read(0, 1024):  # not sys.stdin: the interpreter could not end while a thread reads from it
        pass
    os.kill(os.getpid(), signal.SIGTERM)


def main() -> None:
    """Parse the command line and serve."""
    parser = argparse.ArgumentParser(prog="simulator", description=__doc__)
    parser.add_argument("--port", type=int, default=0, help="0 takes a free one")
    parser.add_argument("--seed", type=int, default=1, help="latencies and ids follow from it")
    parser.add_argument(
        "--state", type=Path, default=Path(".simulator/served"), help="where pid and url are written"
    )
    parser.add_argument(
        "--until-stdin-closes", action="store_true", help="end with the process that started this"
    )
    parser.add_argument(
        "--runtime", type=Path, default=Path(".lambda-runtime/bin/python"), help="Lambda's interpreter"
    )
    parser.add_argument("--world", type=Path, help="another world than simulator/data/world.yaml")
    options = parser.parse_args()
    # moto remarks on error codes that a service's model lacks; the tests heed that, a reader need not.
    warnings.filterwarnings("ignore", message=r"Exception\(\w+\) with code")
    # moto's interpreter logs every failed state with its whole definition; the history tells it better.
    logging.getLogger("moto").setLevel(logging.CRITICAL)
    logging.basicConfig(level=logging.WARNING, format="%(asctime)s %(name)s %(levelname)s %(message)s")
    if options.until_stdin_closes:
        threading.Thread(target=_end_with_stdin, daemon=True).start()
    with _claimed(options.state):
        world = load(options.world) if options.world else None
        cloud = assemble(options.seed, runtime=options.runtime.absolute(), world=world)
        _serve(cloud, options.port, options.state)


if __name__ == "__main__":
    main()
