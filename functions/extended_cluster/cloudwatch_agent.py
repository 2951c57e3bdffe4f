"""The CloudWatch agent on the nodes: its configuration, and the script that has it installed. Pure.

cloud-init runs the script before nodeadm (amazon-eks-ami, nodeadm-run.service: after cloud-final), so the script
only writes files and starts nothing that it waits for. A systemd unit does the rest once the node has been made:
it installs the package from Amazon Linux's own repository, again after a minute if that failed, and gives the
agent its configuration at every boot.
"""

import json
from typing import Any

# The permissions of the nodes' role name it too (template.yaml, NodeAgentPolicy).
NAMESPACE = "EksOutpostsServers/Nodes"
# What makes an instance a node, in the order of a boot, and the agent's own installation.
UNITS = [
    "cloud-final",
    "systemd-networkd",
    "nodeadm-config",
    "nodeadm-run",
    "containerd",
    "kubelet",
    "node-cloudwatch-agent",
]

# Restart of a oneshot: systemd.service(5), since version 244. No start limit: a link that is down for hours must
# not end the attempts. fetch-config with -s replaces the configuration, enables the agent and restarts it
# (CloudWatch guide, "Start the CloudWatch agent"; amazon-cloudwatch-agent-ctl).
_SCRIPT = """\
#!/bin/bash
set -euo pipefail
mkdir -p /etc/eks-outposts-servers
cat > /etc/eks-outposts-servers/cloudwatch-agent.json <<'FILE'
{configuration}
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
systemctl enable --now --no-block node-cloudwatch-agent.service
"""


def script(outpost_id: str, log_group: str) -> str:
    """The shell script; its quoted here-documents let the shell change nothing."""
    return _SCRIPT.format(configuration=json.dumps(configuration(outpost_id, log_group), indent=1))


def configuration(outpost_id: str, log_group: str) -> dict[str, Any]:
    """The agent's configuration (CloudWatch guide, "Manually create or edit the agent configuration file").

    Ten metrics for each node, by instance and Outpost. Interfaces by pattern: ens5 and ens6 are the primary one
    and the LNI, eni* are the pods' (facts: LNI; VPC CNI), and each of theirs would be metrics to pay for. The
    journal, because AL2023 writes no syslog file; the agent reads it since 2026 (amazon-cloudwatch-agent #2121).
    No retention and no name of a new group: the stack makes the group.
    """
    outpost = {"append_dimensions": {"Outpost": outpost_id}}
    return {
        "agent": {"metrics_collection_interval": 60},
        "metrics": {
            "namespace": NAMESPACE,
            # InstanceId comes from instance metadata; a group's name would take ec2:DescribeTags.
            "append_dimensions": {"InstanceId": "${aws:InstanceId}"},
            "metrics_collected": {
                "mem": {"measurement": ["used_percent"], **outpost},
                "disk": {"measurement": ["used_percent"], "resources": ["/"], **outpost},
                "net": {
                    "measurement": ["bytes_recv", "bytes_sent", "drop_in", "drop_out"],
                    "resources": ["ens*"],
                    **outpost,
                },
            },
        },
        "logs": {
            "logs_collected": {
                "journald": {
                    "collect_list": [
                        {"log_group_name": log_group, "log_stream_name": "{instance_id}", "units": UNITS}
                    ]
                }
            }
        },
    }
