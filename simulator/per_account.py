"""A service that knows nothing of accounts, once for each of them."""

import functools
from collections.abc import Callable

from simulator.call import ACCOUNT, Answer, Call, Operation, Proceed


def per_account(make: Callable[[str], dict[str, Operation]]) -> dict[str, Operation]:
    """The same operations, each answered by those of the call's account.

    make: the operations of one account, by its number; called once for each account, at the first call in it.
    """
    of = functools.cache(make)

    def operation(name: str) -> Operation:
        def answer(call: Call, proceed: Proceed) -> Answer:
            return of(call.account)[name](call, proceed)

        return answer

    return {name: operation(name) for name in of(ACCOUNT)}
