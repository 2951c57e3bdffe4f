"""Which services work in every account and Region, and which in every account. All others live in one place."""

from simulator.call import ACCOUNT, REGION, Call, NotModelled

# IAM is global and signed for us-east-1 (IAM guide, "Service endpoints").
_EVERYWHERE = frozenset(
    {"cloudtrail", "ec2", "events", "iam", "outposts", "ram", "route53resolver", "sqs", "sts"}
)
# In the application's Region.
_IN_EVERY_ACCOUNT = frozenset({"cloudformation", "cloudwatch", "lambda", "logs", "s3", "scheduler"})


def refuse_elsewhere(call: Call) -> None:
    """Refuse what works only in the application's Region, or account too, when it is asked anywhere else."""
    if call.service in _EVERYWHERE:
        return
    if call.region != REGION or (call.account != ACCOUNT and call.service not in _IN_EVERY_ACCOUNT):
        raise NotModelled(f"{call.service} in account {call.account} and {call.region}")
