"""The installation's keys are replaced, and nothing that was sealed under the old ones is lost."""

import pytest
from allauth.mfa.models import Authenticator
from allauth.mfa.recovery_codes.internal.auth import RecoveryCodes
from django.core.management import CommandError, call_command
from django.db import DatabaseError

from brokerage.access import envelope, factors, notices, resealing
from brokerage.access.models import SignUp
from brokerage.clients import queries, sealed, vault
from brokerage.clients.models import SealedText
from brokerage.http.commands import add_webhook, secret_of
from brokerage.ledger import seams
from tests import desk
from tests.clients.test_vault import recorded
from tests.factories import context

pytestmark = pytest.mark.django_db(transaction=True)
NEW = f"fresh:{'q' * 43}="
SECRETS = {
    "addresses to confirm": 1,
    "cases and complaints": 1,
    "personal data": 1,
    "second factors": 2,
    "webhooks": 1,
}


@pytest.fixture
def kept():
    """One of each thing that is kept sealed; the answer reads all of them in the clear."""
    user, about, person = desk.member("operations"), seams.new_id(), recorded()
    text = sealed.keep(about, b"a note").id
    two = context(maker=user.person, checker=seams.new_id())
    hook = add_webhook(two, url="https://hooks.example/in", kinds=["custody.deposited"]).value
    secret = factors.sealed_secret(factors.new_secret())
    Authenticator.objects.update_or_create(user=user, type="totp", defaults={"data": {"secret": secret}})
    RecoveryCodes.activate(user)
    address = envelope.seal(notices.PURPOSE, b"ann@example.com")
    link = SignUp.objects.create(
        id=seams.new_id(), person=person, sealed=address, asked_at=seams.now(), expires_at=seams.now()
    )

    def read():
        app = Authenticator.objects.get(user=user, type="totp").data["secret"]
        return (
            sealed.opened(about, text),
            vault.known(queries.person(person).version),
            factors.opened_secret(app),
            factors.codes(user),
            secret_of(hook),
            notices.opened_bytes(SignUp.objects.get(pk=link.pk).sealed),
        )

    return read


def counts():
    return {name: len(found) for name, found in resealing.waiting().items()}


def test_everything_is_read_with_the_new_key_alone(kept, settings, capsys):
    before, settings.PRAYA_KEYS = kept(), f"{NEW},{settings.PRAYA_KEYS}"
    assert counts() == SECRETS
    call_command("keys", "reseal", verbosity=0)
    said = capsys.readouterr().out
    assert all(
        any(line.split() == [*name.split(), str(SECRETS[name])] for line in said.splitlines())
        for name in SECRETS
    )
    assert counts() == dict.fromkeys(SECRETS, 0)
    settings.PRAYA_KEYS = NEW
    assert kept() == before


def test_an_interrupted_run_goes_on_and_a_second_one_finds_nothing(kept, settings, capsys):
    settings.PRAYA_KEYS = f"{NEW},{settings.PRAYA_KEYS}"
    run = resealing.reseal(resealing.waiting())
    assert [next(run), next(run)] == ["addresses to confirm", "cases and complaints"]
    run.close()
    assert sum(counts().values()) == sum(SECRETS.values()) - 2
    call_command("keys", "reseal", verbosity=0)
    capsys.readouterr()
    call_command("keys", "reseal", verbosity=0)
    assert {line.split()[-1] for line in capsys.readouterr().out.splitlines()[:-1]} == {"0"}


def test_without_the_old_key_it_says_which_one_is_missing(kept, settings):
    old, settings.PRAYA_KEYS = envelope.newest_key(), NEW
    with pytest.raises(CommandError, match=f"no key {old} .*Put that key back"):
        call_command("keys", "reseal", verbosity=0)


def test_a_texts_own_bytes_never_change(kept):
    row = SealedText.objects.get()
    row.wrapped = b"other"
    row.save(update_fields=["wrapped"])
    row.body = b"other"
    with pytest.raises(DatabaseError, match="refused"):
        row.save(update_fields=["body"])
