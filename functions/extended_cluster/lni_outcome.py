"""What the LNI guard came to about one thing, as a value; ``lni_tell.py`` tells it."""

from dataclasses import dataclass
from typing import Final, Literal

from botocore.exceptions import BotoCoreError, ClientError

from extended_cluster.errors import AwsCallFailed, ProvisioningError, from_aws_code
from extended_cluster.lni_subnet import Judged

# What an outcome is made of; any other exception is a defect of ours, and not caught.
NAMED: Final = (ProvisioningError, ClientError, BotoCoreError)
# No failure: the message comes back, or the next sweep looks again; and what has an alarm of its own.
_NO_FAILURE: Final = frozenset({"NotReadyYet", "Throttled", "LimitExceeded", "NoTrail"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """outcome: an action in lower case (``lni.Action``, ``lni_orphans.Action``), or the name of an error.

    account, region: where the subnet or interface is; origin: what made the guard look.
    """

    outcome: str
    reason: str
    account: str
    region: str
    origin: Literal["event", "sweep"]
    dry_run: bool
    subnet_id: str | None = None
    outpost_arn: str | None = None
    vpc_id: str | None = None
    device_index: int | None = None
    network_interface_id: str | None = None

    @property
    def is_error(self) -> bool:
        """Whether it is the name of an error and not of an action."""
        return self.outcome[0].isupper()

    @property
    def failed(self) -> bool:
        """Whether an error that does not pass by itself kept the guard from its work."""
        return self.is_error and self.outcome not in _NO_FAILURE


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where the guard looks, and why: what all outcomes of one look share."""

    account: str
    region: str
    origin: Literal["event", "sweep"]
    dry_run: bool

    def decided(self, judged: Judged) -> Outcome:
        """The outcome of a decision that was carried out (or, in a dry run, would have been)."""
        facts, decision = judged
        return self._of(
            decision.action.value,
            decision.reason,
            subnet_id=facts.subnet_id,
            outpost_arn=facts.outpost_arn,
            vpc_id=facts.vpc_id,
            device_index=decision.device_index,
        )

    def failed(self, raised: Exception, subnet_id: str | None = None) -> Outcome:
        """The outcome of an error, by its name."""
        error = named(raised)
        return self._of(type(error).__name__, str(error), subnet_id=subnet_id)

    def of_interface(self, outcome: str, reason: str, interface_id: str, subnet_id: str) -> Outcome:
        """What was decided about an orphaned interface."""
        return self._of(outcome, reason, subnet_id=subnet_id, network_interface_id=interface_id)

    def _of(
        self,
        outcome: str,
        reason: str,
        *,
        subnet_id: str | None = None,
        outpost_arn: str | None = None,
        vpc_id: str | None = None,
        device_index: int | None = None,
        network_interface_id: str | None = None,
    ) -> Outcome:
        return Outcome(
            outcome=outcome,
            reason=reason,
            account=self.account,
            region=self.region,
            origin=self.origin,
            dry_run=self.dry_run,
            subnet_id=subnet_id,
            outpost_arn=outpost_arn,
            vpc_id=vpc_id,
            device_index=device_index,
            network_interface_id=network_interface_id,
        )


def named(raised: Exception) -> ProvisioningError:
    """The named error of one of ``NAMED``."""
    if isinstance(raised, ProvisioningError):
        return raised
    if isinstance(raised, ClientError):
        error = raised.response["Error"]
        return from_aws_code(raised.operation_name, error["Code"], error["Message"])
    # No answer at all: an unknown Region, no way to the endpoint, no answer in time.
    return AwsCallFailed(f"{raised}", do="Look at the network, or at the name of the Region.")
