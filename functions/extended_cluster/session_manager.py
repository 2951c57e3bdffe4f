"""Session Manager on the nodes. Pure.

EKS's AL2023 images carry the agent, and it runs unless told otherwise (amazon-eks-ami, templates/al2023
install-worker.sh; its unit is amazon-ssm-agent.service). The nodes' role lets it register.
"""

# Masked, not only stopped: neither a reboot nor an update of the package starts it again.
OFF = "#!/bin/bash\nsystemctl mask --now amazon-ssm-agent.service\n"
