"""The Kubernetes API of a cluster, for functions inside its VPC: who we are, whom we trust, what went wrong."""
