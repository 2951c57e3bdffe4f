"""What a cluster does by itself: see loop.py."""
