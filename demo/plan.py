"""The plan for the terminal, before anything is made."""

from typing import Any


def tell(plan: dict[str, Any]) -> str:
    """Every decision with its reason, the warnings, and how long it should take."""
    lines = ["", f"plan        about {plan['expectedMinutes']} minute(s)"]
    for decision in plan["decisions"]:
        lines += [f"{decision['action']:<11} {decision['resource']}", f"{'':<11}   {decision['reason']}"]
    lines += [f"warning     {warning}" for warning in plan["warnings"]]
    return "\n".join([*lines, ""])
