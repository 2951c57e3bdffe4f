"""What a step may ask of the Kubernetes API; objects are plain JSON, as the API writes them."""

from typing import Any, Final, Protocol

type Json = dict[str, Any]

# Who owns the fields that we apply (server-side apply).
FIELD_MANAGER: Final = "eks-outposts-servers"


class Kubernetes(Protocol):
    """One cluster's API. Every verb may raise the named errors of ``failures``.

    namespace: of namespaced kinds only; kinds: those of the table in ``kinds``, any other is a KeyError.
    """

    def get(self, api_version: str, kind: str, name: str, namespace: str = "") -> Json | None:
        """The object; None: neither it nor, perhaps, its kind is there."""

    def list(self, api_version: str, kind: str, namespace: str = "", labels: str = "") -> list[Json]:
        """The objects of one namespace, or of all of them.

        labels: pairs ``key=value`` and bare keys with commas between them. A kind that is not there has none.
        """

    def apply(self, obj: Json, *, force: bool = False) -> Json:
        """Server-side apply: the object as it is afterwards. FieldConflict unless force takes the fields."""

    def delete(self, api_version: str, kind: str, name: str, namespace: str = "") -> bool:
        """Start deletion, dependents in the background; False: it was not there."""
