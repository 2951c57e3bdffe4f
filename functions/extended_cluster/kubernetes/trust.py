"""Whom we trust: the cluster's own certificate authority, and nobody else."""

import base64
import binascii
import ssl

from extended_cluster.errors import CertificateUntrusted


def trust(cluster: str, certificate_authority: str) -> ssl.SSLContext:
    """A context that takes only certificates of that authority, made for the name that was asked for.

    certificate_authority: base64 of PEM, as EKS answers it. CertificateUntrusted when it is no such thing.
    """
    # Certificate and host name are checked by default. Not ssl.create_default_context: Python 3.13's demands RFC 5280's
    # Authority Key Identifier (VERIFY_X509_STRICT), which EKS's authorities often lack (kubernetes-client/python
    # #2394), and it falls back on the machine's authorities when it is given an empty one.
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    try:
        authority = base64.b64decode(certificate_authority, validate=True).decode("ascii")
        context.load_verify_locations(cadata=authority)
    except (binascii.Error, UnicodeDecodeError, ssl.SSLError, ValueError) as broken:
        raise CertificateUntrusted(
            f"The certificate authority of cluster {cluster} is not base64 of a PEM certificate: {broken}.",
            do="Compare it with 'aws eks describe-cluster --query cluster.certificateAuthority.data'.",
        ) from broken
    return context
