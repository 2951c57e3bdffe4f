"""The shell script that has the CloudWatch agent installed, and the agent's configuration in it.

No shell runs here: as with the LNI's script, the text must be the known one. Of the agent's configuration only the
members below are modelled (amazon-cloudwatch-agent, translator/config/schema.json, whose sections refuse others).
"""

import json
import re
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import Any

from simulator.guest.fault import BootFault

_TEXT = """\
#!/bin/bash
set -euo pipefail
mkdir -p /etc/eks-outposts-servers
cat > /etc/eks-outposts-servers/cloudwatch-agent.json <<'FILE'
(CONFIGURATION)
FILE
cat > /etc/systemd/system/node-cloudwatch-agent.service <<'FILE'
[Unit]
Description=Install and configure the CloudWatch agent
Wants=network-online.target
After=network-online.target nodeadm-run.service
StartLimitIntervalSec=0

[Service]
Type=oneshot
RemainAfterExit=yes
ExecStart=/bin/sh -c 'rpm -q amazon-cloudwatch-agent || exec dnf -y install amazon-cloudwatch-agent'
ExecStart=/opt/aws/amazon-cloudwatch-agent/bin/amazon-cloudwatch-agent-ctl -a fetch-config -m ec2 -s -c \
file:/etc/eks-outposts-servers/cloudwatch-agent.json
TimeoutStartSec=900
Restart=on-failure
RestartSec=60

[Install]
WantedBy=multi-user.target
FILE
systemctl daemon-reload
systemctl enable --now --no-block node-cloudwatch-agent.service"""
_SCRIPT = re.compile(
    re.escape(_TEXT).replace(re.escape("(CONFIGURATION)"), r"(?P<configuration>\{.*?\n\})"), re.DOTALL
)
_PACKAGE = "amazon-cloudwatch-agent"

_MEASURED = {"append_dimensions": {"Outpost": str}, "measurement": list}
_FIELDS: dict[str, Any] = {
    "agent": {"metrics_collection_interval": int},
    "metrics": {
        "namespace": str,
        "append_dimensions": {"InstanceId": str},
        "metrics_collected": {
            "mem": _MEASURED,
            "disk": {**_MEASURED, "resources": list},
            "net": {**_MEASURED, "resources": list},
        },
    },
    "logs": {"logs_collected": {"journald": {"collect_list": list}}},
}
_JOURNAL: dict[str, Any] = {"log_group_name": str, "log_stream_name": str, "units": list}


@dataclass(frozen=True, slots=True)
class Agent:
    """Where the agent sends metrics and the journal."""

    namespace: str
    log_groups: tuple[str, ...]


def is_one(script: str) -> bool:
    """Whether a script is about the CloudWatch agent at all."""
    return _PACKAGE in script


def read(script: str) -> Agent:
    """BootFault unless the script is the known one and its configuration is one that the agent takes."""
    found = _SCRIPT.fullmatch(script.strip())
    if found is None:
        raise BootFault("the CloudWatch agent's script is not one that this simulator understands")
    try:
        config = json.loads(found["configuration"])
    except ValueError as wrong:
        raise BootFault(f"the CloudWatch agent's configuration is no JSON: {wrong}") from wrong
    _check(config, _FIELDS, "")
    journals = config["logs"]["logs_collected"]["journald"]["collect_list"]
    for place, journal in enumerate(journals):
        _check(journal, _JOURNAL, f"journald.collect_list[{place}]")
    # Each pod's interface would be four metrics to pay for (names: amazon-vpc-cni-k8s, eni*; facts.md section 2).
    interfaces = config["metrics"]["metrics_collected"]["net"]["resources"]
    for name, wanted in (("ens5", True), ("ens6", True), ("eni0123456789a", False)):
        if any(fnmatchcase(name, pattern) for pattern in interfaces) is not wanted:
            raise BootFault(
                f"the CloudWatch agent measures {'not ' if wanted else ''}{name} with {interfaces}"
            )
    return Agent(config["metrics"]["namespace"], tuple(journal["log_group_name"] for journal in journals))


def _check(value: Any, fields: Any, path: str) -> None:
    if not isinstance(fields, dict):
        if not isinstance(value, fields):
            raise BootFault(f"the CloudWatch agent's configuration: {path} is no {fields.__name__}")
        return
    if not isinstance(value, dict) or set(value) != set(fields):
        raise BootFault(
            f"the CloudWatch agent's configuration: {path or 'it'} has not the modelled members {sorted(fields)}"
        )
    for name, member in value.items():
        _check(member, fields[name], f"{path}.{name}" if path else name)
