"""``make run``: the whole story on the simulator, told as it happens."""
