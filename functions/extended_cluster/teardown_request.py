"""The teardown request: the cluster's name, said twice, because what is deleted does not come back."""

import json
import re
from typing import Any, Final

from extended_cluster.errors import InvalidRequest
from extended_cluster.request_schema import SCHEMA

_FIELDS: Final = ("clusterName", "confirm")
_ACCEPTED: Final = 'the cluster\'s name twice, for example {"clusterName": "edge-1", "confirm": "edge-1"}'


def complete(request: Any) -> dict[str, Any]:
    """{clusterName} of a valid request; InvalidRequest names the field, its value and the accepted form."""
    if not isinstance(request, dict):
        raise _invalid(f"The request is {json.dumps(request)}.")
    if unknown := sorted(set(request) - set(_FIELDS)):
        raise _invalid(f"{', '.join(f'`{name}`' for name in unknown)}: no such field.")
    if missing := [name for name in _FIELDS if name not in request]:
        raise _invalid(f"The request lacks {' and '.join(f'`{name}`' for name in missing)}.")
    name, confirm = request["clusterName"], request["confirm"]
    schema = SCHEMA["properties"]["clusterName"]
    if not isinstance(name, str) or not re.search(schema["pattern"], name):
        raise _invalid(f"`clusterName` is {json.dumps(name)}: it must be {schema['description']}.")
    if confirm != name:
        raise _invalid(f"`confirm` is {json.dumps(confirm)}, and `clusterName` is {json.dumps(name)}.")
    return {"clusterName": name}


def _invalid(what: str) -> InvalidRequest:
    return InvalidRequest(f"{what} Accepted: {_ACCEPTED}.", do="Correct the request and start it again.")
