"""A reason why a guest does not do what it should."""


class BootFault(Exception):
    """One sentence, as a boot log would have it."""
