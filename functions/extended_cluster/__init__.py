"""What the functions share: one concern a module, named for it."""
