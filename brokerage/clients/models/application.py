"""Applications, and what the firm judged of applicants and clients. Written by projections only."""

from django.db import models


class Application(models.Model):
    """One application. `identified` maps a person to the version of the details that a paper proved."""

    id = models.UUIDField(primary_key=True)
    applicant = models.UUIDField(db_index=True)
    form = models.TextField()
    signatures = models.IntegerField()
    margin = models.BooleanField()
    state = models.TextField(db_index=True)
    started_at = models.DateTimeField()
    moved_at = models.DateTimeField(help_text="When anything last happened to it.")
    submitted_at = models.DateTimeField(null=True, help_text="When it was last handed in.")
    decided_at = models.DateTimeField(null=True)
    reason = models.TextField(default="")
    amends = models.UUIDField(null=True, db_index=True, help_text="The client that is to change.")
    client = models.UUIDField(null=True, db_index=True)
    finances = models.UUIDField(null=True)
    answers = models.UUIDField(null=True)
    transfer = models.UUIDField(null=True, help_text="The account that the first transfer came from.")
    transfer_amount = models.DecimalField(max_digits=38, decimal_places=18, null=True)
    transfer_currency = models.TextField(default="")
    identified = models.JSONField(default=dict)

    class Meta:
        ordering = ["started_at", "id"]

    def __str__(self) -> str:
        return str(self.id)


class Party(models.Model):
    """A person's role in an application."""

    id = models.UUIDField(primary_key=True)
    application = models.UUIDField(db_index=True)
    person = models.UUIDField(db_index=True)
    role = models.TextField()
    control = models.TextField(default="")
    named_at = models.DateTimeField()
    removed_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ["named_at", "id"]

    def __str__(self) -> str:
        return f"{self.role} in {self.application}"


class Standing(models.Model):
    """How the firm judged an applicant or a client: the id is the application's or the client's."""

    id = models.UUIDField(primary_key=True)
    investor = models.TextField(default="")
    assessment = models.UUIDField(null=True)
    evidence_dated = models.DateField(null=True)
    review_due = models.DateField(null=True)
    suitability = models.BooleanField(default=True)
    assessed = models.JSONField(default=list, help_text="Which of knowledge and credit were assessed.")
    va_knowledge = models.JSONField(default=list)
    derivatives_knowledge = models.JSONField(default=list)
    credit_limit = models.DecimalField(max_digits=38, decimal_places=18, null=True)
    va_exposure = models.DecimalField(max_digits=38, decimal_places=18, null=True)
    signatures = models.IntegerField(default=1)
    account = models.UUIDField(null=True)

    def __str__(self) -> str:
        return str(self.id)


class Agreement(models.Model):
    """One version of one agreement."""

    id = models.UUIDField(primary_key=True)
    kind = models.TextField()
    version = models.IntegerField()
    digest = models.TextField()
    published_at = models.DateTimeField()

    class Meta:
        ordering = ["kind", "-version"]

    def __str__(self) -> str:
        return f"{self.kind} {self.version}"


class AgreementText(models.Model):
    """The words of an agreement under their SHA-256. The database refuses to change or remove them."""

    digest = models.TextField(primary_key=True)
    text = models.TextField()

    def __str__(self) -> str:
        return self.digest


class Signature(models.Model):
    """A person's signature under a version of an agreement, in an application or as a client."""

    id = models.UUIDField(primary_key=True)
    stream = models.UUIDField(db_index=True)
    person = models.UUIDField()
    agreement = models.UUIDField()
    digest = models.TextField()
    signed_at = models.DateTimeField()

    class Meta:
        ordering = ["signed_at", "id"]

    def __str__(self) -> str:
        return f"{self.person} under {self.agreement}"


class TaxStatus(models.Model):
    """A person's newest self-certification, and when what it was checked against first changed since.

    The id is the person's, `version` the record of the person's details at that time. Who is asked for a
    first one has no record yet.
    """

    id = models.UUIDField(primary_key=True)
    record = models.UUIDField(null=True)
    version = models.UUIDField(null=True)
    entity = models.TextField(default="")
    signed_on = models.DateField(null=True)
    certified_at = models.DateTimeField(null=True)
    changed_at = models.DateTimeField(null=True, db_index=True)

    def __str__(self) -> str:
        return str(self.id)
