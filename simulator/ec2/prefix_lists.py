"""Managed prefix lists are moto's, except that one that does not exist is refused."""

from simulator.call import Answer, AwsError, Call, Operation, Proceed
from simulator.ec2 import moto_state


def operations() -> dict[str, Operation]:
    """moto answers an unknown id with no entries."""

    def entries(call: Call, proceed: Proceed) -> Answer:
        prefix_list = call.params["PrefixListId"]
        if prefix_list not in moto_state.backend(call).managed_prefix_lists:
            # Code: EC2 API, "Error codes"; wording assumed.
            message = f"The prefix list ID '{prefix_list}' does not exist."
            raise AwsError("InvalidPrefixListID.NotFound", message)
        return proceed(call)

    return {"ec2.GetManagedPrefixListEntries": entries}
