"""What holds of the simulator's layer and of a real API server alike: errors, selectors, status, deletion."""

from tests.kubernetes.conftest import Answer, Kubernetes


def config_map(name: str, **more: object) -> dict[str, object]:
    return {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": name}, **more}


def told(answer: Answer, code: int, reason: str) -> str:
    """The message of a Status that must have this code and reason."""
    assert (answer.code, answer.body["kind"], answer.body["code"]) == (code, "Status", code), answer.body
    assert answer.body["reason"] == reason
    return str(answer.body["message"])


def test_health_and_version(kubernetes: Kubernetes) -> None:
    assert kubernetes.ask("GET", "/version").body["major"] == "1"
    groups = kubernetes.ask("GET", "/apis").body["groups"]
    assert {"apps", "rbac.authorization.k8s.io", "coordination.k8s.io"} <= {group["name"] for group in groups}


def test_a_token_that_is_none(kubernetes: Kubernetes) -> None:
    answer = kubernetes.ask("GET", "/api/v1/nodes", bearer="k8s-aws-v1.bm8")
    assert told(answer, 401, "Unauthorized") == "Unauthorized"


def test_somebody_without_rights(kubernetes: Kubernetes) -> None:
    path = kubernetes.namespace("rights")
    one = told(kubernetes.ask("GET", f"{path}/secrets/a", bearer=kubernetes.nobody), 403, "Forbidden")
    assert one.startswith('secrets "a" is forbidden: User "')
    assert one.endswith('cannot get resource "secrets" in API group "" in the namespace "rights"')
    many = told(
        kubernetes.ask("GET", "/apis/apps/v1/deployments", bearer=kubernetes.nobody), 403, "Forbidden"
    )
    assert many.endswith('cannot list resource "deployments" in API group "apps" at the cluster scope')


def test_what_is_not_there_or_there_already(kubernetes: Kubernetes) -> None:
    path = kubernetes.namespace("there")
    missing = kubernetes.ask("GET", f"{path}/configmaps/a")
    assert told(missing, 404, "NotFound") == 'configmaps "a" not found'
    assert missing.body["details"] == {"name": "a", "kind": "configmaps"}
    nowhere = kubernetes.ask("POST", "/api/v1/namespaces/nowhere/configmaps", config_map("a"))
    assert told(nowhere, 404, "NotFound") == 'namespaces "nowhere" not found'
    assert kubernetes.ask("POST", f"{path}/configmaps", config_map("a")).code == 201
    again = kubernetes.ask("POST", f"{path}/configmaps", config_map("a"))
    assert told(again, 409, "AlreadyExists") == 'configmaps "a" already exists'


def test_an_update_of_an_old_version(kubernetes: Kubernetes) -> None:
    path = kubernetes.namespace("versions")
    old = kubernetes.ask("POST", f"{path}/configmaps", config_map("a")).body
    new = kubernetes.ask("PUT", f"{path}/configmaps/a", {**old, "data": {"a": "1"}})
    assert new.code == 200
    assert new.body["metadata"]["resourceVersion"] != old["metadata"]["resourceVersion"]
    late = kubernetes.ask("PUT", f"{path}/configmaps/a", {**old, "data": {"a": "2"}})
    assert "the object has been modified" in told(late, 409, "Conflict")


def test_an_invalid_object(kubernetes: Kubernetes) -> None:
    path = kubernetes.namespace("invalid")
    answer = kubernetes.ask("POST", f"{path}/configmaps", config_map("Not_A_Name"))
    message = told(answer, 422, "Invalid")
    assert message.startswith('ConfigMap "Not_A_Name" is invalid: metadata.name: Invalid value: "Not_A_Name"')
    (cause,) = answer.body["details"]["causes"]
    assert (cause["reason"], cause["field"]) == ("FieldValueInvalid", "metadata.name")
    assert kubernetes.ask("POST", f"{path}/configmaps", config_map("a", data={"a": 1})).code == 400


def test_labels_select(kubernetes: Kubernetes) -> None:
    path = kubernetes.namespace("labels")
    for name, labels in {"a": {"x": "1"}, "b": {"x": "2", "y": "1"}, "c": {"y": "1"}}.items():
        body = {"metadata": {"name": name, "labels": labels}}
        assert kubernetes.ask("POST", f"{path}/secrets", body).code == 201
    wanted = {"x=1": "a", "x!=1": "bc", "x in (1,2)": "ab", "!x": "c", "x,y": "b", "y==1,x notin (2)": "c"}
    for selector, names in wanted.items():
        query = f"labelSelector={selector.replace(' ', '%20')}"
        found = kubernetes.ask("GET", f"{path}/secrets?{query}").body
        assert (found["kind"], "".join(s["metadata"]["name"] for s in found["items"])) == (
            "SecretList",
            names,
        )
    named = kubernetes.ask("GET", f"{path}/secrets?fieldSelector=metadata.name=b").body["items"]
    assert [secret["metadata"]["name"] for secret in named] == ["b"]


def test_status_is_written_by_itself(kubernetes: Kubernetes) -> None:
    path = "/api/v1/nodes"
    made = kubernetes.ask("POST", path, {"metadata": {"name": "n1"}, "spec": {"unschedulable": True}}).body
    conditions = [{"type": "X", "status": "True"}]
    kubernetes.ask("PUT", f"{path}/n1", {**made, "status": {"conditions": conditions}})
    assert "X" not in str(kubernetes.ask("GET", f"{path}/n1").body.get("status", {}).get("conditions"))
    now = kubernetes.ask("GET", f"{path}/n1").body
    changed = {**now, "spec": {}, "status": {**now.get("status", {}), "conditions": conditions}}
    assert kubernetes.ask("PUT", f"{path}/n1/status", changed).code == 200
    after = kubernetes.ask("GET", f"{path}/n1").body
    assert after["status"]["conditions"][0]["type"] == "X"
    assert after["spec"]["unschedulable"] is True
    assert kubernetes.ask("DELETE", f"{path}/n1").body["status"] == "Success"


def test_a_namespace_takes_time_to_go_and_takes_all_in_it_along(kubernetes: Kubernetes) -> None:
    path = kubernetes.namespace("going")
    assert kubernetes.ask("POST", f"{path}/configmaps", {"metadata": {"name": "a"}}).code == 201
    asked = kubernetes.ask("DELETE", path)
    assert (asked.code, asked.body["status"]["phase"]) == (200, "Terminating")
    late = kubernetes.ask("POST", f"{path}/configmaps", {"metadata": {"name": "b"}})
    assert "because it is being terminated" in told(late, 403, "Forbidden")
    for _ in range(10):
        kubernetes.server.pass_time(10)
        if kubernetes.ask("GET", path).code == 404:
            break
    assert kubernetes.ask("GET", path).code == 404
    assert kubernetes.ask("GET", f"{path}/configmaps").body["items"] == []
