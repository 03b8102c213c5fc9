"""What is left of a person's logins when the person is erased: that they existed, and what they did."""

from uuid import UUID

from allauth.mfa.models import Authenticator
from axes.models import AccessAttempt
from django.contrib.auth.hashers import make_password

from brokerage.ledger.entry import Entry

from ..events.logins import Ending, LoginClosed, LoginErased
from ..lockout import CODE
from ..models import ApiKey, SignIn, SignUp, User
from .api_keys import revoke_each
from .stays import ended, open_stays


def erase_logins(entry: Entry, *, person: UUID) -> None:
    """Close a person's logins as a client and blank what they say of the owner, within the entry that erases.

    Names, addresses, second factors, where from people came and links go. Clients' keys are revoked, then
    their names and networks go: one without networks is good from anywhere. The rows stay, because the book
    tells of them by number. A login of staff stands on its own ground and stays.
    """
    SignUp.objects.filter(person=person).delete()
    _blank_keys(entry, person)
    for user in User.objects.filter(person=person, is_staff=False).order_by("pk"):
        entry.lock(user.stream)
        _close(entry, user)
        Authenticator.objects.filter(user=user).delete()
        SignIn.objects.filter(user=user).delete()
        AccessAttempt.objects.filter(username__in=(user.username, user.username + CODE)).delete()
        user.username, user.password = user.erased_name, make_password(None)
        user.email = user.first_name = user.last_name = ""
        user.save()
        entry.record(user.stream, LoginErased())


def _blank_keys(entry: Entry, person: UUID) -> None:
    rows = ApiKey.objects.filter(person=person, client__isnull=False)
    keys = list(rows.values_list("pk", flat=True))
    entry.lock(*keys)
    revoke_each(entry, keys)
    rows.filter(pk__in=keys).update(name="", networks=[])


def _close(entry: Entry, user: User) -> None:
    if not user.is_active:
        return
    user.is_active = False
    entry.record(user.stream, LoginClosed())
    stays = open_stays(user)
    if stays.exists():
        ended(entry, user, stays, Ending.CLOSED)
