"""The sweep's schedule, so that a test sees its own sweeps alone."""

from tests.workflow.conftest import Deployed

# GetSchedule's answer that UpdateSchedule takes.
_SETTINGS = ("Description", "FlexibleTimeWindow", "ScheduleExpression", "Target")


def switch(deployed: Deployed, state: str) -> None:
    """ENABLED or DISABLED."""
    scheduler = deployed.client("scheduler")
    (listed,) = scheduler.list_schedules()["Schedules"]
    found = scheduler.get_schedule(Name=listed["Name"])
    scheduler.update_schedule(Name=listed["Name"], State=state, **{name: found[name] for name in _SETTINGS})
