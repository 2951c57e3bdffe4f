"""Physical names and ids that CloudFormation makes up. The same stack and logical id give the same name."""

import hashlib
import string

_ALPHABET = string.ascii_uppercase + string.digits


def suffix(seed: str, length: int = 12) -> str:
    """Upper-case letters and digits, as CloudFormation's random suffixes, but drawn from the seed."""
    number = int.from_bytes(hashlib.sha256(seed.encode()).digest())
    letters = []
    for _ in range(length):
        number, index = divmod(number, len(_ALPHABET))
        letters.append(_ALPHABET[index])
    return "".join(letters)


def generated_name(stack_name: str, stack_id: str, logical_id: str, limit: int) -> str:
    """``<stack>-<logical id>-<suffix>``, the first two shortened when too long (observed on AWS; assumed here
    to shorten the logical id to 24 and the stack name to what is left)."""
    tail = suffix(f"{stack_id}/{logical_id}")
    room = limit - len(tail) - 2
    logical = logical_id[: min(len(logical_id), max(24, room - len(stack_name)))]
    return f"{stack_name[: room - len(logical)]}-{logical}-{tail}"


def uuid_of(seed: str) -> str:
    """A UUID-shaped id drawn from the seed."""
    digest = hashlib.sha256(seed.encode()).hexdigest()
    return f"{digest[:8]}-{digest[8:12]}-{digest[12:16]}-{digest[16:20]}-{digest[20:32]}"
