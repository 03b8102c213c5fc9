"""Logins. A person may hold several; dual control compares persons, never logins."""

from uuid import UUID, uuid5

from django.contrib.auth.models import AbstractUser
from django.db import models
from django.db.models import Q
from django.utils.functional import cached_property

from brokerage.ledger import seams

from .. import rules

LOGINS = UUID("5f0c8a34-3f0e-4f0b-9a39-6a1f0d0f7c52")
"""The name space of the streams of logins."""


class User(AbstractUser):
    """One login of one person. Its groups name roles; rights come from `rules.ROLES` alone."""

    person = models.UUIDField(
        default=seams.new_id,
        help_text="The human being behind the login; shared by all logins of that human.",
    )
    reference = models.CharField(
        max_length=40,
        blank=True,
        default="",
        db_index=True,
        help_text="The firm's own number of a member of staff, by which logins of one human are known.",
    )
    another = models.BooleanField(
        default=False, help_text="Stated to be one more open login of a person who has one."
    )

    class Meta(AbstractUser.Meta):
        constraints = [
            models.CheckConstraint(condition=Q(is_superuser=False), name="access_no_superuser"),
            models.UniqueConstraint(
                fields=["person"],
                condition=Q(is_staff=True, is_active=True, another=False),
                name="access_one_staff_login",
            ),
        ]

    @cached_property
    def rights(self) -> frozenset[rules.Perm]:
        """What the login's roles allow, read once a request: a role taken away ends with the next one."""
        return rules.permissions(self.groups.values_list("name", flat=True))

    def has_perm(self, perm: str, obj: object = None) -> bool:
        """Whether the login is open and its roles allow this; nothing else gives a right."""
        return self.is_active and perm in self.rights

    @property
    def actor(self) -> str:
        """How entries name this login; a client's name, which he chose, stays out of the book."""
        return f"staff:{self.username}" if self.is_staff else f"client:{self.stream}"

    def called(self, *, personal: bool) -> str:
        """What a page calls the login: a client's by its stream unless its reader may see personal data."""
        return self.username if self.is_staff or personal else str(self.stream)

    @property
    def erased_name(self) -> str:
        """What the login is called once its person is erased."""
        return f"erased-{self.stream}"

    @property
    def stream(self) -> UUID:
        """The stream of what happened to this login; says nothing about whose it is."""
        return uuid5(LOGINS, str(self.pk))


class SignIn(models.Model):
    """One stay of a login in one browser. A session without an open one is worth nothing."""

    id = models.UUIDField(primary_key=True, default=seams.new_id)
    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="sign_ins")
    address = models.GenericIPAddressField(null=True)
    device = models.CharField(max_length=200)
    began_at = models.DateTimeField()
    seen_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ["-seen_at"]
        indexes = [models.Index(fields=["user", "ended_at"], name="access_signin_open")]
