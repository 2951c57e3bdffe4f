"""Pages of a describe operation (EC2 API Reference, "Pagination")."""

from base64 import urlsafe_b64decode, urlsafe_b64encode
from binascii import Error
from collections.abc import Callable

from simulator.call import AwsError, Call

# API model, DescribeSubnetsMaxResults and DescribeNetworkInterfacesMaxResults.
_LEAST, _MOST = 5, 1000


def page[T](call: Call, items: list[T], name: Callable[[T], str]) -> tuple[list[T], dict[str, str]]:
    """The items of one page, and the rest of the answer: NextToken while there are more.

    name: an item's id. A paged listing is sorted by it and a token tells the last id, so that what exists all
    along is listed once whatever comes and goes meanwhile (assumed: AWS promises no more, and no order).
    """
    token, size = call.params.get("NextToken"), call.params.get("MaxResults")
    if token is None and size is None:
        return items, {}
    size = _MOST if size is None else size
    if not _LEAST <= size <= _MOST:
        # Wording from public reports.
        message = f"Value ( {size} ) for parameter maxResults is invalid. Expecting a value between"
        raise AwsError("InvalidParameterValue", f"{message} {_LEAST} and {_MOST}.")
    last = _last(token) if token is not None else ""
    rest = sorted((item for item in items if name(item) > last), key=name)
    more = {"NextToken": _token(name(rest[size - 1]))} if len(rest) > size else {}
    return rest[:size], more


def _token(last: str) -> str:
    return urlsafe_b64encode(f"after {last}".encode()).decode()


def _last(token: str) -> str:
    try:
        decoded = urlsafe_b64decode(token).decode()
    except (Error, UnicodeDecodeError):
        decoded = ""
    word, _, last = decoded.partition(" ")
    if word != "after":
        # EC2 API Reference, "Error codes"; wording assumed.
        raise AwsError("InvalidPaginationToken", "The pagination token is invalid or has expired.")
    return last
