"""What runs on every node during the verification, on the host's network: it looks at the LAN through the LNI alone.

Not imported: it travels in a ConfigMap and runs by itself, with the standard library of Python 3.13. Every few seconds
it writes its report into the ConfigMap probe-<node>; docs/verification.md has the report's shape. Sockets are
bound to the LNI's device (SO_BINDTODEVICE, socket(7)), so that no path through the VPC can pass for one on the LAN.
"""
