"""The shell scripts of the user data: each is one of three known ones, and none comes twice.

cloud-init runs them all, whatever becomes of each (cloud-init, runparts).
"""

from dataclasses import dataclass

from simulator.guest import agent_script, lni_script, mime
from simulator.guest.agent_script import Agent
from simulator.guest.fault import BootFault
from simulator.guest.lni_script import Written

# systemctl(1): a masked unit cannot be started; amazon-ssm-agent.service is the unit of EKS's AL2023 images
# (awslabs/amazon-eks-ami, templates/al2023/runtime/rootfs).
_SESSION_MANAGER_OFF = "#!/bin/bash\nsystemctl mask --now amazon-ssm-agent.service"


@dataclass(frozen=True, slots=True)
class Scripts:
    """What the instance does at its first boot; agent: the CloudWatch agent that it installs."""

    lni: Written
    session_manager: bool
    agent: Agent | None


def read(user_data: bytes) -> Scripts:
    """BootFault unless every script is known, and the one that sets up the LNI is there."""
    texts = [part.content for part in mime.parts(user_data) if part.content_type == mime.SHELL_SCRIPT]
    off = [text for text in texts if text.strip() == _SESSION_MANAGER_OFF]
    agents = [text for text in texts if agent_script.is_one(text)]
    rest = [text for text in texts if text not in (*off, *agents)]
    if len(rest) != 1 or len(off) > 1 or len(agents) > 1:
        raise BootFault(
            f"user data has {len(rest)} scripts for the LNI, {len(off)} and {len(agents)} for agents"
        )
    return Scripts(lni_script.read(rest[0]), not off, agent_script.read(agents[0]) if agents else None)
