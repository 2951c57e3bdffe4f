"""Which services work in every account and Region. All others live in one place, where the application does."""

from simulator.call import ACCOUNT, REGION, Call, NotModelled

# IAM is global and signed for us-east-1 (IAM guide, "Service endpoints"); S3's buckets stay in one account.
_EVERYWHERE = frozenset(
    {"cloudtrail", "ec2", "events", "iam", "outposts", "ram", "route53resolver", "sqs", "sts"}
)


def refuse_elsewhere(call: Call) -> None:
    """Refuse what works only in the application's account and Region when it is asked anywhere else."""
    if (call.account, call.region) != (ACCOUNT, REGION) and call.service not in _EVERYWHERE:
        raise NotModelled(f"{call.service} in account {call.account} and {call.region}")
