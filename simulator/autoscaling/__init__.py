"""EC2 Auto Scaling with a store of its own: moto's launches instances behind EC2's back."""

from simulator.autoscaling.api import operations

__all__ = ["operations"]
