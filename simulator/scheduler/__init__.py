"""EventBridge Scheduler: recurring schedules of Lambda functions, in virtual time."""

from typing import TYPE_CHECKING

import botocore.session

from simulator.call import Answer, Call, NotModelled, Operation, Proceed
from simulator.per_account import per_account
from simulator.scheduler.schedules import Schedules

if TYPE_CHECKING:
    from simulator.cloud import Cloud

# moto keeps the schedules, which these only read.
_OF_MOTO = ("GetSchedule", "ListSchedules")


def operations(cloud: "Cloud") -> dict[str, Operation]:
    """Every operation of scheduler, in every account; those not named here are refused."""
    return per_account(lambda _: _of_account(cloud))


def _of_account(cloud: "Cloud") -> dict[str, Operation]:
    schedules = Schedules(cloud)
    model = botocore.session.get_session().get_service_model("scheduler")
    refused = {f"scheduler.{name}": _refuse for name in model.operation_names if name not in _OF_MOTO}
    return {
        **refused,
        "scheduler.CreateSchedule": schedules.create,
        "scheduler.UpdateSchedule": schedules.update,
        "scheduler.DeleteSchedule": schedules.delete,
    }


def _refuse(call: Call, _: Proceed) -> Answer:
    raise NotModelled(call.name)
