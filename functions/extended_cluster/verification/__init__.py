"""What proves that a cluster works: objects that are put into it for a while, and what is read from them."""
