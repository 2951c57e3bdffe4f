"""Client tokens: a request repeated with its token is done once (EC2 guide, "Ensuring idempotency")."""

from collections.abc import Callable
from copy import deepcopy
from typing import Any

from simulator.call import Answer, AwsError, Call


class ClientTokens:
    """Remembers what was asked and answered under each token."""

    def __init__(self) -> None:
        self._answers: dict[tuple[str, ...], tuple[dict[str, Any], Answer]] = {}

    def once(self, call: Call, act: Callable[[], Answer]) -> Answer:
        """Act, or give the former answer of the same token. A failed act leaves the token unused."""
        token = call.params.get("ClientToken")
        if not token:
            return act()
        asked = {name: value for name, value in call.params.items() if name != "ClientToken"}
        key = (call.account, call.region, call.name, token)
        if key in self._answers:
            formerly_asked, answer = self._answers[key]
            if formerly_asked != asked:
                raise AwsError(
                    "IdempotentParameterMismatch",
                    "Arguments on this idempotent request are inconsistent with arguments used in previous request(s).",
                )
            return deepcopy(answer)
        answer = act()
        self._answers[key] = (deepcopy(asked), deepcopy(answer))
        return answer
