"""User data as nodeadm and cloud-init read it: a MIME document of several parts."""

import email
from dataclasses import dataclass

from simulator.guest.fault import BootFault

NODE_CONFIG = "application/node.eks.aws"
SHELL_SCRIPT = "text/x-shellscript"
# EC2 user guide, "Run commands when you launch an EC2 instance": before it is encoded.
_LIMIT = 16 * 1024


@dataclass(frozen=True, slots=True)
class Part:
    """content_type: without parameters."""

    content_type: str
    content: str


def parts(user_data: bytes) -> list[Part]:
    """The parts in their order. BootFault unless nodeadm can read them.

    nodeadm (configprovider/mime.go) reads on to the closing boundary, and takes what is no multipart document
    for a NodeConfig as a whole; that form is refused here, because cloud-init would not take it for a script.
    """
    if not user_data:
        raise BootFault("the instance has no user data")
    if len(user_data) > _LIMIT:
        raise BootFault(f"user data of {len(user_data)} bytes; EC2 takes {_LIMIT}")
    message = email.message_from_bytes(user_data)
    if not message.is_multipart() or message.get_content_maintype() != "multipart" or message.defects:
        what = ", ".join(type(defect).__name__ for defect in message.defects) or message.get_content_type()
        raise BootFault(f"user data is no MIME multipart document ({what})")
    return [Part(part.get_content_type(), str(part.get_payload())) for part in message.walk()][1:]


def only_part(found: list[Part], content_type: str) -> str:
    """The content of the one part of that type."""
    contents = [part.content for part in found if part.content_type == content_type]
    if len(contents) != 1:
        raise BootFault(f"user data has {len(contents)} parts of type {content_type}, one is modelled")
    return contents[0]
