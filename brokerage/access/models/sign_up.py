"""Links with which people come to a login. A link holds a signature, which nothing here could make."""

from django.db import models


class SignUp(models.Model):
    """One mailed link: whose login it may open until then, unless the person has one by then.

    The row goes when nobody needs to know any more. The address is sealed; `digest` finds it again for those
    who can guess it and hold the site's key.
    """

    id = models.UUIDField(primary_key=True)
    person = models.UUIDField(db_index=True)
    sealed = models.BinaryField()
    digest = models.CharField(max_length=64)
    network = models.CharField(max_length=50, default="", help_text="Where a stranger asked from.")
    invited_by = models.UUIDField(null=True, help_text="The person who asked for it; none for a stranger.")
    by_firm = models.BooleanField(default=False, help_text="Whether that person asked for the firm.")
    asked_at = models.DateTimeField()
    expires_at = models.DateTimeField()

    class Meta:
        ordering = ["-asked_at"]
        indexes = [
            models.Index(fields=["digest", "asked_at"], name="access_signup_address"),
            models.Index(fields=["network", "asked_at"], name="access_signup_network"),
        ]
