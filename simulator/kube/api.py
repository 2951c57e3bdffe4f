"""One cluster's Kubernetes API: HTTP requests become verbs on objects, answers become JSON."""

import json
import logging
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import yaml
from werkzeug.wrappers import Request, Response

from simulator.call import AwsError
from simulator.kube import authorization, discovery, status
from simulator.kube.authentication import ANONYMOUS, User, user_of
from simulator.kube.authorization import Attributes
from simulator.kube.objects import How, Objects
from simulator.kube.path import Target, target_of
from simulator.kube.resources import NOT_MODELLED, Resource

if TYPE_CHECKING:
    from simulator.kube.control_plane import ControlPlane

log = logging.getLogger(__name__)

type Json = dict[str, Any]

_APPLY = "application/apply-patch+yaml"
_MERGE = "application/merge-patch+json"
_ROLES = {"roles", "clusterroles"}


class Api:
    """A WSGI application. One request at a time, between the controllers' turns."""

    def __init__(self, plane: "ControlPlane") -> None:
        self._plane = plane

    def __call__(self, environ: dict[str, Any], start_response: Any) -> Any:
        request = Request(environ)
        try:
            with self._plane.lock:
                response = self._answer(request)
        except status.Refusal as refused:
            response = _json(refused.body(), refused.code)
        except AwsError as refused:  # a layer below does not model what a controller needed
            response = _json(status.not_modelled(str(refused)).body(), 501)
        except Exception as broken:
            log.exception("%s %s broke the simulator", request.method, request.path)
            body = status.internal_error(f"the simulator broke: {broken!r}").body()
            response = _json(body, 500)
        return response(environ, start_response)

    def _answer(self, request: Request) -> Response:
        plane = self._plane
        if plane.cloud.clock.broken:
            raise status.internal_error(f"the simulator broke before: {plane.cloud.clock.broken[0]!r}")
        user = user_of(plane.cloud, plane.cluster, request.headers.get("Authorization"))
        plane.settle()
        target = target_of(request.method, request.path, request.args)
        if user is ANONYMOUS and target.path not in authorization.HEALTH:
            # EKS user guide, release notes of 1.32: anonymous requests reach health checks alone.
            raise status.unauthorized()
        authorization.check(plane.objects.store, user, target.attributes())
        plane.objects.warnings.clear()
        if target.resource:
            body, code = self._on_resource(request, target, user)
        else:
            told = discovery.answer(request.path, plane.objects.resources(), plane.version)
            if isinstance(told, str):
                return Response(told, mimetype="text/plain")
            body, code = told, 200
        response = _json(body, code)
        for warning in dict.fromkeys(plane.objects.warnings):
            response.headers.add("Warning", f'299 - "{warning.replace(chr(34), chr(92) + chr(34))}"')
        if request.method not in {"GET", "HEAD"}:
            plane.settle()
        return response

    def _on_resource(self, request: Request, target: Target, user: User) -> tuple[Json, int]:
        objects = self._plane.objects
        resource = objects.resource(target.group, target.version, target.resource)
        if resource is None:
            if target.group in NOT_MODELLED:
                raise status.not_modelled(f"{target.resource} of {target.group}/{target.version}")
            raise status.no_such_resource()
        if resource.namespaced and not target.namespace and target.verb not in {"list", "watch"}:
            raise status.no_such_resource()
        self._check_subresource(target, resource)
        answers: dict[str, Callable[[], tuple[Json, int]]] = {
            "get": lambda: (objects.get(resource, target.namespace, target.name), 200),
            "list": lambda: (self._list(request, target, resource), 200),
            "create": lambda: (
                objects.create(
                    resource, target.namespace, self._body(request, target, user), self._how(request)
                ),
                201,
            ),
            "update": lambda: (
                objects.update(
                    resource,
                    target.namespace,
                    target.name,
                    self._body(request, target, user),
                    self._how(request),
                    target.subresource,
                ),
                200,
            ),
            "patch": lambda: self._patch(request, target, resource, user),
            "delete": lambda: self._delete(request, target, resource),
            "deletecollection": lambda: self._delete_all(request, target, resource),
        }
        if target.verb not in answers:
            raise status.not_modelled(f"the verb {target.verb}")
        return answers[target.verb]()

    @staticmethod
    def _check_subresource(target: Target, resource: Resource) -> None:
        if target.subresource in {"", "status"}:
            if target.subresource and not resource.status:
                raise status.no_such_resource()
            return
        raise status.not_modelled(f"{target.resource}/{target.subresource}")

    def _list(self, request: Request, target: Target, resource: Resource) -> Json:
        for part in ("continue", "resourceVersionMatch"):
            if request.args.get(part):
                raise status.not_modelled(f"lists with {part}")
        if target.name:
            raise status.not_modelled("lists of one name")
        args = request.args
        found = self._plane.objects.list(
            resource, target.namespace, args.get("labelSelector", ""), args.get("fieldSelector", "")
        )
        # `limit` is answered whole: "Servers ... may choose not to support the limit argument" (ListOptions).
        return {
            "kind": resource.list_kind or f"{resource.kind}List",
            "apiVersion": resource.api_version,
            "metadata": {"resourceVersion": str(self._plane.objects.store.version)},
            "items": found,
        }

    def _patch(self, request: Request, target: Target, resource: Resource, user: User) -> tuple[Json, int]:
        objects, kind = self._plane.objects, request.mimetype
        if kind not in {_APPLY, _MERGE}:
            if kind in {"application/json-patch+json", "application/strategic-merge-patch+json"}:
                raise status.not_modelled(f"patches of type {kind}")
            raise status.unsupported_media_type(["application/json-patch+json", _MERGE, _APPLY])
        where = (resource, target.namespace, target.name, self._body(request, target, user))
        if kind == _MERGE:
            return objects.merge_patch(*where, self._how(request), target.subresource), 200
        if not request.args.get("fieldManager"):
            cause = status.required("fieldManager", "is required for apply patch")
            raise status.invalid("PatchOptions", "meta.k8s.io", "", [cause])
        there = objects.store.get(resource, target.namespace, target.name)
        made = objects.apply(*where, self._how(request), target.subresource)
        return made, 200 if there else 201

    def _delete(self, request: Request, target: Target, resource: Resource) -> tuple[Json, int]:
        options = _parsed(request) if request.get_data() else {}
        uid = options.get("preconditions", {}).get("uid", "")
        policy = request.args.get("propagationPolicy") or options.get("propagationPolicy", "")
        how = self._how(request)
        obj, gone = self._plane.objects.delete(resource, target.namespace, target.name, how, policy, uid)
        if not gone:
            return obj, 200
        details = {"name": target.name, "kind": resource.plural, "uid": obj["metadata"]["uid"]}
        if resource.group:
            details["group"] = resource.group
        return {
            "kind": "Status",
            "apiVersion": "v1",
            "metadata": {},
            "status": "Success",
            "details": details,
        }, 200

    def _delete_all(self, request: Request, target: Target, resource: Resource) -> tuple[Json, int]:
        listed = self._list(request, target, resource)
        for obj in listed["items"]:
            meta = obj["metadata"]
            self._plane.objects.delete(resource, meta.get("namespace", ""), meta["name"], self._how(request))
        return listed, 200

    def _body(self, request: Request, target: Target, user: User) -> Json:
        body = _parsed(request)
        if target.group == "rbac.authorization.k8s.io" and target.resource in _ROLES:
            role = {**body, "metadata": {"name": target.name, **(body.get("metadata") or {})}}
            store = self._plane.objects.store
            authorization.check_grant(store, user, target.resource, role, target.namespace)
        elif target.group == "rbac.authorization.k8s.io":
            self._check_binding(body, target, user)
        return body

    def _check_binding(self, body: Json, target: Target, user: User) -> None:
        """A binding gives its role's rights away: the same rule, but that `bind` on the role will do."""
        reference = body.get("roleRef") or {}
        plural = "clusterroles" if reference.get("kind") == "ClusterRole" else "roles"
        store, name = self._plane.objects.store, reference.get("name", "")
        bind = Attributes("bind", target.group, plural, target.namespace, name)
        if authorization.allowed(store, user, bind):
            return
        resource = self._plane.objects.resource(target.group, "v1", plural)
        role = store.get(resource, target.namespace, name) if resource else None
        if role:
            authorization.check_grant(store, user, plural, role, target.namespace)

    @staticmethod
    def _how(request: Request) -> How:
        args = request.args
        if args.get("dryRun", "All") != "All":
            raise status.bad_request(f"dryRun: Unsupported value: {args['dryRun']!r}")
        # ObjectMeta, managedFields: without fieldManager it is the prefix of the User-Agent.
        agent = (request.headers.get("User-Agent") or "unknown").partition("/")[0]
        return How(
            manager=args.get("fieldManager") or agent,
            validation=args.get("fieldValidation") or "Warn",
            force=args.get("force") == "true",
            dry_run="dryRun" in args,
        )


def _parsed(request: Request) -> Json:
    text = request.get_data(as_text=True)
    try:
        found = json.loads(
            text
        )  # JSON is YAML too, and clients send it: PyYAML takes a hundred times as long
    except json.JSONDecodeError as wrong:
        if not request.mimetype.endswith("yaml"):
            raise status.bad_request(f"error decoding the body: {wrong}") from wrong
        found = _yaml(text)
    if not isinstance(found, dict):
        raise status.bad_request("the body is no object")
    return found


def _yaml(text: str) -> Any:
    try:
        return yaml.safe_load(text)
    except yaml.YAMLError as wrong:
        raise status.bad_request(f"error decoding the body: {wrong}") from wrong


def _json(body: Json, code: int) -> Response:
    return Response(json.dumps(body), status=code, mimetype="application/json")


__all__ = ["Api", "Objects"]
