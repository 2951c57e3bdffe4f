"""One virtual clock for everything that the simulator does."""
