"""The one shell script that this guest understands: it finds a MAC address and writes networkd's files.

No shell runs here. The script is taken apart by its exact text; whatever differs is a fault, so that no change
to it passes without a look at what it would do on an instance.
"""

import re
from dataclasses import dataclass

from simulator.guest.fault import BootFault

_FIND_MAC = """\
#!/bin/bash
set -euo pipefail
index=(INDEX)
imds=http://169.254.169.254/latest
ask() { curl -fsS --max-time 5 -H "X-aws-ec2-metadata-token: $token" "$imds/meta-data/$1"; }
mac_at_index() {
  local found number
  token=$(curl -fsS --max-time 5 -X PUT -H "X-aws-ec2-metadata-token-ttl-seconds: 300" "$imds/api/token") || return 1
  for found in $(ask network/interfaces/macs/); do
    number=$(ask "network/interfaces/macs/${found}device-number") || continue
    if [ "$number" = "$index" ]; then echo "${found%/}"; return 0; fi
  done
  return 1
}
for _ in $(seq 60); do
  if mac=$(mac_at_index); then break; fi
  sleep 2
done
if [ -z "${mac:-}" ]; then
  echo "lni: no interface at device index $index in the instance metadata" > /dev/console
  exit 1
fi
"""
_RELOAD = "networkctl reload"
_HEAD = re.compile(re.escape(_FIND_MAC).replace(re.escape("(INDEX)"), r"(?P<index>\d+)"))
_FILE = re.compile(r"cat > (?P<path>/\S+) <<LNI\n(?P<content>(?:(?!LNI\n).*\n)*)LNI\n")


@dataclass(frozen=True, slots=True)
class Written:
    """index: of the interface whose MAC address ``$mac`` is; files: path -> content, ``$mac`` still in it."""

    index: int
    files: dict[str, str]


def read(script: str) -> Written:
    """What the script writes; BootFault unless it is exactly of the known form."""
    head = _HEAD.match(script)
    if head is None:
        raise BootFault("the user data's script is not one that this simulator understands")
    files: dict[str, str] = {}
    place = head.end()
    while found := _FILE.match(script, place):
        if set(re.findall(r"[$`\\]\w*", found["content"])) - {"$mac"}:
            raise BootFault(f"the shell would change more than $mac in {found['path']}")
        files[found["path"]] = found["content"]
        place = found.end()
    if script[place:].strip() != _RELOAD:
        raise BootFault(f"the script goes on in an unknown way: {script[place:].strip()[:80]!r}")
    return Written(int(head["index"]), files)
