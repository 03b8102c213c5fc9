"""Clients as the events leave them, and beside them the label a screen shows."""

from typing import TYPE_CHECKING, Any

from django.core.exceptions import ValidationError
from django.db import models
from simple_history.models import HistoricalRecords

from ..rules.names import LONGEST, BadText, checked_text, search_key

if TYPE_CHECKING:  # generic for the type checker only
    TextField = models.TextField[str, str]
else:
    TextField = models.TextField


class Client(models.Model):
    """One client. Written by the projection only.

    `base` is the status but for the `holds` that freeze it: a hold's id -> its ground and reference.
    """

    id = models.UUIDField(primary_key=True)
    reference = models.TextField(unique=True)
    type = models.TextField()
    classification = models.TextField()
    status = models.TextField()
    base = models.TextField()
    holds = models.JSONField()
    opened_at = models.DateTimeField()
    status_at = models.DateTimeField()

    class Meta:
        ordering = ["reference"]

    def __str__(self) -> str:
        return self.reference


class Authority(models.Model):
    """A person who acts, or acted, for a client. Written by the projection only."""

    id = models.UUIDField(primary_key=True)
    client = models.UUIDField(db_index=True)
    person = models.UUIDField(db_index=True)
    capacity = models.TextField()
    granted_at = models.DateTimeField()
    until = models.DateField(null=True)
    ended_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ["granted_at", "id"]
        verbose_name_plural = "authorities"

    def __str__(self) -> str:
        return f"{self.capacity} of {self.client}"


def sound_text(text: str) -> None:
    """Validator of a form: `rules.names.checked_text` in Django's words."""
    try:
        checked_text(text)
    except BadText as refusal:
        raise ValidationError(refusal.message, code=refusal.code) from refusal


class SearchKey(TextField):
    """What a search compares of the row's `name`; filled whenever the row is saved."""

    def pre_save(self, model_instance: Any, add: bool) -> str:
        """The key of the name as it is now."""
        model_instance.search = search_key(model_instance.name)
        return str(model_instance.search)


class ClientLabel(models.Model):
    """The name staff see. No rule reads it, so it is no event; django-simple-history keeps its trail."""

    client = models.UUIDField(primary_key=True, help_text="The client's id.")
    name = models.CharField(max_length=LONGEST, validators=[sound_text])
    search = SearchKey(editable=False, default="")
    history = HistoricalRecords(excluded_fields=["search"])

    def __str__(self) -> str:
        return self.name
