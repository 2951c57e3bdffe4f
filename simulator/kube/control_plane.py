"""One cluster's control plane: its objects, its API on loopback over TLS, its controllers."""

import ssl
import tempfile
import threading
from typing import TYPE_CHECKING, Any

from simulator.eks.offer import offer
from simulator.kube import certificate
from simulator.kube.api import Api
from simulator.kube.controllers.loop import Controllers
from simulator.kube.objects import How, Objects
from simulator.kube.resources import CLUSTER_ROLE_BINDINGS, CLUSTER_ROLES, NAMESPACES, SERVICES, Resource
from simulator.kube.server import HOST, Server
from simulator.kube.store import Store

if TYPE_CHECKING:
    from simulator.cloud import Cloud
    from simulator.eks.records import Cluster

type Json = dict[str, Any]


class ControlPlane:
    """Up from the moment EKS calls the cluster ACTIVE until it is gone. Use ``lock`` around all that it holds."""

    def __init__(self, cloud: "Cloud", cluster: "Cluster") -> None:
        self.cloud, self.cluster = cloud, cluster
        self.lock = threading.RLock()
        self.objects = Objects(Store(f"{cloud.seed}/{cluster.identifier}", cloud.clock.now), cluster.version)
        self.version = _version(cluster)
        self._controllers = Controllers(self)
        self._begin()
        self._server = self._serve()
        self.endpoint = f"https://{HOST}:{self._server.server_port}"

    def settle(self) -> None:
        """Let the controllers do what is due."""
        with self.lock:
            self._controllers.run()

    def close(self) -> None:
        """End the API."""
        self._controllers.close()
        threading.Thread(target=self._shut_down, daemon=True).start()

    def _shut_down(self) -> None:
        self._server.shutdown()
        self._server.server_close()

    def _serve(self) -> Server:
        chain, key = certificate.serving(self.cluster, HOST)
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        with tempfile.NamedTemporaryFile() as file:  # the ssl module reads a key from files alone
            file.write(chain + key)
            file.flush()
            context.load_cert_chain(file.name)
        server = Server(self.cloud, self.cluster, Api(self), context)
        threading.Thread(target=server.serve_forever, name=f"kube {self.cluster.name}", daemon=True).start()
        return server

    def _begin(self) -> None:
        """What every new cluster has."""
        for name in ("default", "kube-node-lease", "kube-public", "kube-system"):
            self._make(NAMESPACES, {"metadata": {"name": name}})
        rules = [
            {"apiGroups": ["*"], "resources": ["*"], "verbs": ["*"]},
            {"nonResourceURLs": ["*"], "verbs": ["*"]},
        ]
        self._make(CLUSTER_ROLES, {"metadata": {"name": "cluster-admin"}, "rules": rules})
        group = {"apiGroup": "rbac.authorization.k8s.io", "kind": "Group", "name": "system:masters"}
        role = {"apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole", "name": "cluster-admin"}
        binding = {"metadata": {"name": "cluster-admin"}, "subjects": [group], "roleRef": role}
        self._make(CLUSTER_ROLE_BINDINGS, binding)
        ports = [{"name": "https", "port": 443, "targetPort": 443}]
        first = self.cluster.settings["kubernetesNetworkConfig"]["serviceIpv4Cidr"].rpartition(".")[0]
        spec = {"clusterIP": f"{first}.1", "ports": ports}
        self._make(SERVICES, {"metadata": {"name": "kubernetes", "namespace": "default"}, "spec": spec})

    def _make(self, resource: Resource, obj: Json) -> None:
        namespace = obj["metadata"].get("namespace", "")
        self.objects.create(resource, namespace, obj, How("kube-apiserver"))


def _version(cluster: "Cluster") -> Json:
    """GET /version. EKS's suffix is that of live clusters; its commit is left out."""
    found = next(one for one in offer()["versions"] if one["version"] == cluster.version)
    major, minor = cluster.version.split(".")
    return {
        "major": major,
        "minor": minor,
        "gitVersion": f"v{found['patch']}-eks-simulator",
        "gitTreeState": "clean",
        "platform": "linux/amd64",
    }
