"""What people fill in to be let in, and to change how."""

from collections.abc import Sequence
from typing import Any, cast

from django import forms
from django.contrib.auth.forms import AuthenticationForm
from django.utils.translation import gettext_lazy as _

from .models import User
from .rules import Perm
from .scopes import LONGEST


class _Login(AuthenticationForm):
    """User name and password; every refusal reads the same, whoever the login belongs to."""

    for_staff: bool

    def confirm_login_allowed(self, user: User) -> None:
        """Refuse a login of the other kind with the words of a wrong password."""
        super().confirm_login_allowed(user)
        if user.is_staff != self.for_staff:
            raise self.get_invalid_login_error()


class StaffLogin(_Login):
    """The way in for staff."""

    for_staff = True


class ClientLogin(_Login):
    """The way in for clients."""

    for_staff = False

    def clean_username(self) -> str:
        """The name as logins keep it: who signed up is called by an address, in small letters."""
        name: str = self.cleaned_data["username"]
        return name.lower() if "@" in name else name


class SignUpAddress(forms.Form):
    """The address that a login is opened for, and is then named after."""

    address = forms.EmailField(
        label=_("E-mail address"), widget=forms.EmailInput(attrs={"autocomplete": "email"})
    )


class Code(forms.Form):
    """Six digits from an app, or eight of a recovery code; spaces do no harm."""

    code = forms.CharField(
        label=_("Code"),
        max_length=20,
        widget=forms.TextInput(attrs={"autocomplete": "one-time-code", "inputmode": "numeric"}),
    )


class Password(forms.Form):
    """The password again."""

    password = forms.CharField(
        label=_("Password"),
        strip=False,
        max_length=200,
        widget=forms.PasswordInput(attrs={"autocomplete": "current-password"}),
    )


class Contact(forms.Form):
    """Where notices about the login go."""

    address = forms.EmailField(label=_("E-mail address for notices"))


class PasskeyName(forms.Form):
    """What the browser made, and what its owner calls it."""

    name = forms.CharField(label=_("Name of this passkey"), max_length=40, initial=_("My device"))
    credential = forms.JSONField(widget=forms.HiddenInput)


class FirmKey(forms.Form):
    """A key for a machine. `scopes` are those that may be chosen."""

    name = forms.CharField(label=_("What it is for"), max_length=80)
    scopes = forms.MultipleChoiceField(label=_("What it may do"), widget=forms.CheckboxSelectMultiple)
    networks = forms.CharField(
        label=_("Networks it is used from, one a line, such as 192.0.2.0/24"),
        widget=forms.Textarea(attrs={"rows": 3}),
    )
    days = forms.IntegerField(label=_("Days it lasts"), min_value=1, max_value=LONGEST.days, initial=90)

    def __init__(self, *args: Any, scopes: Sequence[Perm], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        choices = [(perm.value, perm.value.partition(".")[2].replace("_", " ")) for perm in scopes]
        cast(forms.MultipleChoiceField, self.fields["scopes"]).choices = choices

    def inputs(self) -> dict[str, Any]:
        """What the command takes, of a valid form."""
        return {
            "name": self.cleaned_data["name"],
            "scopes": [Perm(scope) for scope in self.cleaned_data["scopes"]],
            "networks": self.cleaned_data["networks"].splitlines(),
            "days": self.cleaned_data["days"],
        }

    def trouble(self) -> str:
        """The first thing that is wrong, in words."""
        field, errors = next(iter(self.errors.items()))
        return f"{self.fields[field].label}: {errors[0]}"


class ClientKey(FirmKey):
    """A client's key, for one of the clients its person acts for; networks are optional."""

    client = forms.ChoiceField(label=_("For"))

    def __init__(self, *args: Any, clients: Sequence[tuple[str, str]], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        cast(forms.ChoiceField, self.fields["client"]).choices = list(clients)
        self.fields["networks"].required = False
