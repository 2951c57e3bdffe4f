"""The Rules section: assertions about parameters, evaluated before anything is made. Pure.

CloudFormation user guide, "CloudFormation template Rules syntax" and "Rule functions": of the functions that only
rules know (Fn::Contains, Fn::EachMemberIn, Fn::RefAll, ...) none is modelled.
"""

from collections.abc import Iterator, Mapping
from typing import Any

from simulator.call import AwsError, NotModelled
from simulator.deploy.intrinsics import Scope, references, truth

_MEMBERS = {"Assertions", "RuleCondition"}
_ASSERTION_MEMBERS = {"Assert", "AssertDescription"}
_MODELLED = {"Fn::And", "Fn::Equals", "Fn::Not", "Fn::Or", "Ref"}


def check_rules(rules: Mapping[str, Any], parameters: Mapping[str, Any]) -> None:
    """AwsError for the first assertion that the parameters break, with its description (assumed wording)."""
    for name, rule in rules.items():
        if not isinstance(rule, dict) or set(rule) - _MEMBERS or not rule.get("Assertions"):
            raise _malformed(name)
        for assertion in rule["Assertions"]:
            if set(assertion) - _ASSERTION_MEMBERS or "Assert" not in assertion:
                raise _malformed(name)
            _check(name, assertion["Assert"], parameters)
        scope = Scope(parameters=parameters)
        if "RuleCondition" in rule:
            _check(name, rule["RuleCondition"], parameters)
            if not truth(rule["RuleCondition"], scope):
                continue
        for assertion in rule["Assertions"]:
            if not truth(assertion["Assert"], scope):
                said = assertion.get("AssertDescription", "an assertion failed")
                raise AwsError("ValidationError", f"Rule {name}: {said}")


def _check(name: str, condition: Any, parameters: Mapping[str, Any]) -> None:
    """Only modelled functions, and references to parameters alone: a rule is judged before resources exist."""
    for function in _functions(condition):
        if function not in _MODELLED:
            raise NotModelled(f"{function} in the rule {name}")
    for unknown in set(references(condition)) - set(parameters):
        raise AwsError("ValidationError", f"Template format error: Rule {name} refers to {unknown}")


def _functions(value: Any) -> Iterator[str]:
    if isinstance(value, dict):
        yield from value
    for item in value.values() if isinstance(value, dict) else value if isinstance(value, list) else ():
        yield from _functions(item)


def _malformed(name: str) -> AwsError:
    return AwsError("ValidationError", f"Template format error: malformed rule {name}")
