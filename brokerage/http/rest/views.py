"""The three kinds of route: a command, a list, a detail. Nobody reaches one that does not say who may."""

import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any, ClassVar
from uuid import UUID

from django.db.models import QuerySet
from django.http import Http404, HttpResponseBase
from django.utils.translation import gettext as _
from rest_framework.exceptions import NotAuthenticated, ValidationError
from rest_framework.renderers import JSONRenderer
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from brokerage.access import step_up
from brokerage.access.commands import Proposed, submit
from brokerage.access.rules import ConfirmationNeeded, Kind, NotEntitled, Perm, Principal
from brokerage.ledger import numbering, registry
from brokerage.ledger import queries as ledger
from brokerage.ledger.commands import Command, Receipt
from brokerage.ledger.entry import Context
from brokerage.ledger.refusal import Refused
from brokerage.ledger.registry import Audience

from ..principal import audiences, context, is_key, principal
from . import limits, paging, replies
from .authentication import AUTHENTICATION
from .body import StrictJSON
from .errors import REFUSED, handle, status_of
from .fields import Inputs, Out, Parameters
from .parameters import Paged, checked
from .schema import ProposedOut, RestSchema

ETAG = r'"(0|[1-9][0-9]{0,8})"'


class RestView(APIView):
    """What all routes share. `permission` is what staff and machines must hold, None for nobody.

    `for_clients` opens the route to clients as well, each within their own affairs.
    """

    permission: ClassVar[Perm | None] = None
    for_clients: ClassVar[bool] = False
    parameters: ClassVar[type[Parameters]] = Parameters
    item: ClassVar[type[Out]] = Out
    paged: ClassVar[bool] = False
    asker: Principal
    asked: dict[str, Any]

    authentication_classes = AUTHENTICATION
    permission_classes = ()
    renderer_classes: Any = (JSONRenderer,)
    parser_classes = (StrictJSON,)
    metadata_class = None
    schema = RestSchema()

    def check_permissions(self, request: Request) -> None:
        """Who asks, whether too often, whether they may, and for what; each before the route's own work."""
        if not request.user.is_authenticated:
            raise NotAuthenticated()
        self.asker = principal(request)
        limits.check(request._request, self.asker.actor)
        if not self.entitled():
            raise NotEntitled("Your role does not allow this.", permission=self.permission)
        self.asked = checked(self.parameters, request)
        if "known_at" in self.asked and Audience.RESTRICTED not in audiences(self.asker):
            self.asked["known_at"] = numbering.position(self.asked["known_at"])

    def entitled(self) -> bool:
        """Whether staff or a machine holds the permission, or a client comes for his own.

        A client's machine needs both: the route open to clients, and the permission among its scopes.
        """
        if self.asker.clients is not None and not self.for_clients:
            return False
        person = self.asker.kind is Kind.CLIENT
        return person or (self.permission is not None and self.asker.may(self.permission))

    def get_exception_handler(self) -> Any:
        """Problem details, for every exception."""
        return handle

    def find(self, *args: Any, **path: Any) -> Any:
        """The object that the path names, if it exists for the asker; raises Http404 otherwise.

        In whatever state it is: a command's key that comes again finds it as the command left it.
        """
        return None

    def covered(self, client: UUID) -> None:
        """Pass if the client's objects exist for the asker; raises Http404."""
        if not self.asker.covers(client):
            raise Http404

    def found(self) -> Any:
        """`find` with the path of this request; what the queries do not know is a 404."""
        try:
            return self.find(**self.kwargs)
        except Refused as refusal:
            if ".unknown-" in refusal.code and status_of(refusal) == REFUSED:
                raise Http404 from refusal
            raise

    def stream(self, found: Any) -> UUID | None:
        """The stream whose version is the object's, and that its commands lock; None if it has none."""
        return getattr(found, "id", None)

    def versioned(self, read: Callable[[], Any]) -> tuple[Any, int | None]:
        """What `read` finds, with the version of its stream; None without one.

        The version is no newer than the object: it is taken before the object is read for good. So
        If-Match never passes over what its sender has not seen.
        """
        found = read()
        stream = self.stream(found)
        if stream is None:
            return found, None
        version = ledger.version(stream)
        return read(), version

    def shown(self, found: Any) -> dict[str, Any]:
        """The object as it is sent."""
        return dict(self.item(found, context={"asker": self.asker}).data)


class DetailView(RestView):
    """GET of one object: `find` it, show it as `item`, with the version of its stream as ETag.

    What it was in the past has no version.
    """

    def get(self, request: Request, **path: Any) -> HttpResponseBase:
        """The object, and its ETag."""
        past = not self.asked.keys().isdisjoint(("as_of", "known_at"))
        found, version = (self.found(), None) if past else self.versioned(self.found)
        return Response({"data": self.shown(found)}, headers=_etag(version))


class ListView(RestView):
    """GET of many: `rows` within the asker's scope, in `order`, a page at a time.

    `order` names columns that together are unique, "-" for descending.
    """

    paged = True
    parameters: ClassVar[type[Parameters]] = Paged
    order: ClassVar[Sequence[str]] = ("id",)

    def filters(self, *names: str) -> dict[str, Any]:
        """Those of the parameters that were given, as the queries take them."""
        return {name: self.asked[name] for name in names if name in self.asked}

    def rows(self) -> QuerySet[Any] | Sequence[Any]:
        """All rows that exist for the asker and fit the filters in `asked`."""
        raise NotImplementedError

    def get(self, request: Request, **path: Any) -> HttpResponseBase:
        """One page, and the cursor of the next."""
        self.found()
        asked = dict(self.asked)
        cursor, limit = asked.pop("cursor", None), asked.pop("limit")
        about = f"{type(self).__name__}:{path}:{sorted((name, str(value)) for name, value in asked.items())}"
        page, following = paging.page(self.rows(), self.order, about, cursor, limit)
        shown = self.item(self.dressed(page), many=True, context={"asker": self.asker}).data
        return Response({"data": shown, "next_cursor": following, "has_more": following is not None})

    def dressed(self, page: list[Any]) -> list[Any]:
        """The rows of a page with what they lack, read for all of them at once."""
        return page


class CommandView(RestView):
    """POST of a command: checked `inputs`, one command, the new state of the object as `item`.

    `creates` answers 201. One that `changes` nothing of the object found has no version. Clients' sessions
    show a second factor again first, and those of staff where it is `fresh`, as on the page of the same
    command.
    """

    command: ClassVar[Command[Any, Any]]
    inputs: ClassVar[type[Inputs]] = Inputs
    creates: ClassVar[bool] = False
    changes: ClassVar[bool] = True
    fresh: ClassVar[bool] = False

    def stream(self, found: Any) -> UUID | None:
        """That of the object, where the command changes it."""
        return super().stream(found) if self.changes else None

    def arguments(self, found: Any, asked: dict[str, Any]) -> Mapping[str, Any]:
        """The command's inputs: by default the path's values and the body's members, by their names."""
        return {**self.kwargs, **asked}

    def run(self, asked: Context, inputs: Mapping[str, Any]) -> Receipt[Any] | Proposed:
        """Run the command, or propose it where it takes a second person."""
        return submit(asked, self.command, **inputs)

    def state(self, value: Any) -> Any:
        """The object after the command, which returned `value`: by default found again."""
        return self.found()

    def post(self, request: Request, **path: Any) -> HttpResponseBase:
        """The new state, the events written and the version, or a proposal; the same for the same key."""
        confirms = self.asker.kind is Kind.CLIENT or (self.fresh and self.asker.kind is Kind.STAFF)
        if confirms and not step_up.is_fresh(request._request):
            raise ConfirmationNeeded("Show your second factor again, then send this once more.")
        found = self.found()
        given = self.inputs(data=request.data)
        given.is_valid(raise_exception=True)
        asked = context(self.asker, _key(request), expects=self._expected(request, found))
        receipt = self.run(asked, self.arguments(found, dict(given.validated_data)))
        if isinstance(receipt, Proposed):
            return _waiting(receipt)
        answer = replies.given(asked.key) if receipt.replayed else None
        answer = answer or replies.keep(asked.key, self._answer(receipt.entry, receipt.value))
        headers = _etag(answer.body["version"])
        if receipt.replayed:
            headers["Idempotency-Replayed"] = "true"
        return Response(answer.body, status=answer.status, headers=headers)

    def _answer(self, entry: UUID, value: Any) -> replies.Answer:
        state, version = self.versioned(lambda: self.state(value))
        written, visible = ledger.references(entry), registry.open_to(audiences(self.asker))
        body = {
            "data": self.shown(state),
            "events": [reference for reference, kind in written if kind in visible],
            "version": version,
        }
        return replies.Answer(201 if self.creates else 200, body)

    def _expected(self, request: Request, found: Any) -> tuple[UUID, int] | None:
        """The version the caller has seen, from If-Match; None without it. Raises ValidationError."""
        text = request.headers.get("If-Match")
        if text is None:
            return None
        stream = self.stream(found)
        if stream is None:
            raise ValidationError({"If-Match": [_("Leave it out: nothing with a version is changed here.")]})
        seen = re.fullmatch(ETAG, text, re.ASCII)
        if seen is None:
            raise ValidationError({"If-Match": [_("Send the ETag of the object as you read it.")]})
        return stream, int(seen[1])


def _etag(version: int | None) -> dict[str, str]:
    return {} if version is None else {"ETag": f'"{version}"'}


def _waiting(made: Proposed) -> Response:
    """202: the command waits for a second person, under approvals/<id>."""
    headers = {"Idempotency-Replayed": "true"} if made.replayed else {}
    return Response({"data": ProposedOut(made).data}, status=202, headers=headers)


def _key(request: Request) -> str:
    key = request.headers.get("Idempotency-Key", "")
    if not is_key(key):
        raise ValidationError(
            {"Idempotency-Key": [_("Send 8 to 128 printable ASCII characters, the same again for a retry.")]}
        )
    return key
