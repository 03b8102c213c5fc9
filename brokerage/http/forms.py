"""What is filled in about a webhook."""

from typing import Any, cast

from django import forms
from django.utils.translation import gettext_lazy as _

from . import commands
from .outward import LONGEST_URL


class NewWebhook(forms.Form):
    """Where to, and which kinds of event."""

    url = forms.CharField(label=_("Address, https on port 443"), max_length=LONGEST_URL)
    kinds = forms.MultipleChoiceField(
        label=_("Kinds of event; several with Ctrl"), widget=forms.SelectMultiple(attrs={"size": 10})
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        cast(forms.MultipleChoiceField, self.fields["kinds"]).choices = [
            (kind, kind) for kind in commands.sendable()
        ]


class Replay(forms.Form):
    """From where on everything is sent again."""

    after = forms.IntegerField(
        label=_("Send again everything after this position"), min_value=0, max_value=2**62
    )
