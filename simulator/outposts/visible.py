"""Who sees and uses an Outpost: its owner, and the accounts it is shared with, in its Region."""

from simulator.call import Place
from simulator.outposts.world import Outpost
from simulator.ram import is_shared


def is_visible(outpost: Outpost, place: Place) -> bool:
    """Outposts server user guide, "Share your Outposts resources"."""
    if outpost.region != place.region:
        return False
    return outpost.owner == place.account or is_shared(outpost.arn, place)
