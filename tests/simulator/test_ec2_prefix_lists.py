"""Prefix lists: entries, and the refusal of one that is not there."""

from tests.simulator.edge_account import EdgeAccount, Refusal


def test_the_entries_of_a_list() -> None:
    account = EdgeAccount()
    made = account.ec2.create_managed_prefix_list(
        PrefixListName="offices",
        AddressFamily="IPv4",
        MaxEntries=5,
        Entries=[{"Cidr": "203.0.113.0/24", "Description": "one"}],
    )["PrefixList"]["PrefixListId"]
    entries = account.ec2.get_managed_prefix_list_entries(PrefixListId=made)["Entries"]
    assert [entry["Cidr"] for entry in entries] == ["203.0.113.0/24"]
    with Refusal("InvalidPrefixListID.NotFound", "pl-0a1b2c3d"):
        account.ec2.get_managed_prefix_list_entries(PrefixListId="pl-0a1b2c3d")
