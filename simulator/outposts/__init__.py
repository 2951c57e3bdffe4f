"""AWS Outposts: what the account's Outposts are and what is free on them."""

from simulator.outposts.inventory import operations

__all__ = ["operations"]
