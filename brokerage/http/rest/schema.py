"""The OpenAPI document, from the same declarations that check requests and shape replies."""

from typing import Any

from drf_spectacular.openapi import AutoSchema
from drf_spectacular.utils import OpenApiParameter, OpenApiResponse, inline_serializer
from rest_framework import serializers

from ..principal import KEY
from .fields import Id, Instant, Out, Whole

FORM = "application/problem+json"
COMMON = (400, 401, 403, 404, 405, 406, 429, 500)
COMMANDS = (409, 412, 413, 415, 422)
_LIMITS = {
    name: {"schema": {"type": "string"}, "description": "What is left of the quota."}
    for name in ("RateLimit", "RateLimit-Policy")
}


class ProblemError(Out):
    """One thing to correct, and where it stands."""

    pointer = serializers.CharField()
    code = serializers.CharField()
    detail = serializers.CharField()


class Problem(Out):
    """RFC 9457: what went wrong and what to do."""

    type = serializers.CharField()
    title = serializers.CharField()
    status = Whole()
    detail = serializers.CharField()
    code = serializers.CharField()
    request_id = serializers.CharField()
    errors = ProblemError(many=True, required=False)  # type: ignore[assignment]


class ProposedOut(Out):
    """A command that waits for a second person, who must hold the permission and quote the digest."""

    id = Id(source="proposal")
    digest = serializers.CharField()
    permission = serializers.CharField()
    expires_at = Instant()


class ProposedReply(Out):
    """What a command is answered that waits for a second person."""

    data = ProposedOut()  # type: ignore[assignment]


class RestSchema(AutoSchema):
    """Reads `inputs`, `parameters`, `item` and the kind of view; nothing is written twice."""

    view: Any

    def get_operation_id(self) -> str:
        """The name of the view's class."""
        return type(self.view).__name__

    def get_tags(self) -> list[str]:
        """The room."""
        return [type(self.view).__module__.split(".")[-2]]

    def get_summary(self) -> str:
        """The first line of the view's docstring."""
        return (type(self.view).__doc__ or "").strip().splitlines()[0]

    def get_description(self) -> str:  # type: ignore[override]
        """The rest of the docstring."""
        return "\n".join((type(self.view).__doc__ or "").strip().splitlines()[1:]).strip()

    def get_request_serializer(self) -> Any:
        """The body of a command."""
        return self.view.inputs if self._is_command else None

    @property
    def _is_command(self) -> bool:
        return self.method == "POST"

    def get_override_parameters(self) -> list[Any]:
        """The declared parameters, and the headers of commands."""
        if not self._is_command:
            return [self.view.parameters] if self.view.parameters().fields else []
        key = {"type": "string", "pattern": f"^{KEY}$", "minLength": 8, "maxLength": 128}
        etag = {"type": "string", "pattern": '^"(0|[1-9][0-9]{0,8})"$'}
        wanted = [OpenApiParameter("Idempotency-Key", key, OpenApiParameter.HEADER, required=True)]
        if self.view.changes and "{" in self.path:  # without an object in the path none has a version
            wanted.append(OpenApiParameter("If-Match", etag, OpenApiParameter.HEADER, required=False))
        return wanted

    def get_response_serializers(self) -> Any:
        """The reply by status, problems included."""
        problems = COMMON + (COMMANDS if self._is_command else ())
        refused = {(str(status), FORM): OpenApiResponse(Problem) for status in problems}
        good = {(self._success, "application/json"): OpenApiResponse(self._reply())}
        if self._is_command:
            good["202", "application/json"] = OpenApiResponse(ProposedReply)
        return good | refused

    @property
    def _success(self) -> str:
        return "201" if getattr(self.view, "creates", False) and self._is_command else "200"

    def _reply(self) -> Any:
        item = self.view.item
        name = type(self.view).__name__
        if self._is_command:
            members = {
                "data": item(),
                "events": serializers.ListField(child=serializers.CharField()),
                "version": Whole(allow_null=True),
            }
        elif self.view.paged:
            members = {
                "data": item(many=True),
                "next_cursor": serializers.CharField(allow_null=True),
                "has_more": serializers.BooleanField(),
            }
        else:
            members = {"data": item()}
        return inline_serializer(f"{name}Reply", members)


class StreamSchema(RestSchema):
    """The feed as well: its stream of server-sent events, where that resumes, and when there is none."""

    def get_override_parameters(self) -> list[Any]:
        """The declared parameters, and the header a browser sends when it connects again."""
        seen = {"type": "string", "pattern": "^[0-9]{1,18}$"}
        return [
            *super().get_override_parameters(),
            OpenApiParameter("Last-Event-ID", seen, OpenApiParameter.HEADER, required=False),
        ]

    def get_response_serializers(self) -> Any:
        """The pages, the stream, and what is said in its place."""
        return super().get_response_serializers() | {
            ("200", "text/event-stream"): OpenApiResponse(str, "Events as they are sealed."),
            "204": OpenApiResponse(None, "A stream in whose reach nothing can happen."),
            ("503", FORM): OpenApiResponse(Problem, "No place to stream from; connect again."),
        }


def closed(result: dict[str, Any], **_: Any) -> dict[str, Any]:
    """Postprocessing: objects have the declared members only; every reply carries its limits."""
    for component in result["components"]["schemas"].values():
        if component.get("type") == "object":
            component["additionalProperties"] = False
    for operations in result["paths"].values():
        for operation in operations.values():
            for reply in operation["responses"].values():
                reply.setdefault("headers", {}).update(_LIMITS)
    return result
