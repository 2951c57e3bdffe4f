"""The agents beside Kubernetes in the user data: what their scripts write, run in bash."""

import json
import subprocess
from pathlib import Path

from extended_cluster import cloudwatch_agent
from tests.unit.cloudformation_yaml import resources
from tests.unit.server_plan import OUTPOST
from tests.unit.test_user_data import build, parts

GROUP = "/eks-outposts-servers/edge/nodes"


def test_session_manager_is_masked_only_where_it_is_not_wanted() -> None:
    assert [part.get_payload().strip() for part in parts(build(session=False))[2:]] == [
        "#!/bin/bash\nsystemctl mask --now amazon-ssm-agent.service"
    ]


def agent_files(folder: Path) -> dict[str, str]:
    """What the CloudWatch agent's script writes, and how it calls systemctl, in bash."""
    *_, part = parts(build(log_group=GROUP))
    text = part.get_payload()
    for place in ("/etc/eks-outposts-servers", "/etc/systemd/system"):
        # Only where files are written: the unit names its configuration by the real path.
        text = text.replace(f"mkdir -p {place}", f"mkdir -p {folder}{place}").replace(
            f"> {place}", f"> {folder}{place}"
        )
    (folder / "etc/systemd/system").mkdir(parents=True)
    (folder / "systemctl").write_text(f'#!/bin/bash\necho "$@" >> {folder}/called\n')
    (folder / "systemctl").chmod(0o755)
    environment = {"PATH": f"{folder}:/usr/bin:/bin"}
    subprocess.run(["bash"], input=text, text=True, check=True, timeout=60, env=environment)
    written = (
        "etc/eks-outposts-servers/cloudwatch-agent.json",
        "etc/systemd/system/node-cloudwatch-agent.service",
    )
    return {name.rpartition("/")[2]: (folder / name).read_text() for name in (*written, "called")}


def test_the_agents_script_writes_what_survives_and_waits_for_nothing(tmp_path: Path) -> None:
    files = agent_files(tmp_path)
    assert json.loads(files["cloudwatch-agent.json"]) == cloudwatch_agent.configuration(OUTPOST, GROUP)
    unit = files["node-cloudwatch-agent.service"].splitlines()
    # Joining comes first; a failed download is tried again without end; and a reboot starts it anew.
    assert "After=network-online.target nodeadm-run.service" in unit
    assert {
        "StartLimitIntervalSec=0",
        "Restart=on-failure",
        "RestartSec=60",
        "WantedBy=multi-user.target",
    } <= set(unit)
    assert [line for line in unit if "dnf" in line] == [
        "ExecStart=/bin/sh -c 'rpm -q amazon-cloudwatch-agent || exec dnf -y install amazon-cloudwatch-agent'"
    ]
    # Nothing of cloud-init's own run goes to the network.
    assert files["called"] == "daemon-reload\nenable --now --no-block node-cloudwatch-agent.service\n"


def test_the_agents_configuration_names_the_stacks_log_group_and_namespace() -> None:
    made = cloudwatch_agent.configuration(OUTPOST, GROUP)
    (journal,) = made["logs"]["logs_collected"]["journald"]["collect_list"]
    assert journal["log_group_name"] == GROUP
    assert {"kubelet", "nodeadm-run", "node-cloudwatch-agent"} <= set(journal["units"])
    # The stack's group has a retention; the agent may set none.
    assert "retention_in_days" not in journal
    (statement,) = [
        each
        for each in resources("AWS::IAM::Policy")["NodeAgentPolicy"]["PolicyDocument"]["Statement"]
        if each["Action"] == "cloudwatch:PutMetricData"
    ]
    assert statement["Condition"] == {"StringEquals": {"cloudwatch:namespace": made["metrics"]["namespace"]}}
