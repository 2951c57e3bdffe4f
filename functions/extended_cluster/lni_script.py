"""The shell script that writes the LNI's files at the first boot. Pure.

cloud-init runs it before nodeadm-run and kubelet (amazon-eks-ami, nodeadm-run.service: after cloud-final), once;
what it writes stays. It asks the instance metadata service which MAC address the interface at the device index
has. There is no race with the interface: the launch template creates it, so it is there before the guest boots;
metadata may lag a little, hence the loop; and the file matches by address whenever the link appears.
"""

from collections.abc import Mapping

from extended_cluster.lni_guest import FOLDER

_FIND_MAC = """\
#!/bin/bash
set -euo pipefail
index={index}
imds=http://169.254.169.254/latest
ask() {{ curl -fsS --max-time 5 -H "X-aws-ec2-metadata-token: $token" "$imds/meta-data/$1"; }}
mac_at_index() {{
  local found number
  token=$(curl -fsS --max-time 5 -X PUT -H "X-aws-ec2-metadata-token-ttl-seconds: 300" "$imds/api/token") || return 1
  for found in $(ask network/interfaces/macs/); do
    number=$(ask "network/interfaces/macs/${{found}}device-number") || continue
    if [ "$number" = "$index" ]; then echo "${{found%/}}"; return 0; fi
  done
  return 1
}}
for _ in $(seq 60); do
  if mac=$(mac_at_index); then break; fi
  sleep 2
done
if [ -z "${{mac:-}}" ]; then
  echo "lni: no interface at device index $index in the instance metadata" > /dev/console
  exit 1
fi
"""
# Of networkctl: it reads files anew, makes VLAN interfaces and sets up again every link whose file changed.
_RELOAD = "networkctl reload\n"


def script(device_index: int, files: Mapping[str, str]) -> str:
    """A bash script that writes the files with the MAC address of the interface at the device index.

    files: name -> content, with ``$mac`` in it and nothing else that a shell would expand.
    """
    written = [f"cat > {FOLDER}/{name} <<LNI\n{content}LNI\n" for name, content in files.items()]
    return "".join([_FIND_MAC.format(index=device_index), *written, _RELOAD])
