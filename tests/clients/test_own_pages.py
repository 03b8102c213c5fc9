from datetime import timedelta
from uuid import UUID

import pytest
from django.test import Client as Browser
from django.urls import reverse

from brokerage.clients import queries
from brokerage.clients.commands.complaints import receive_complaint
from brokerage.clients.commands.standing_authorities import give_standing_authority
from brokerage.clients.models import Complaint, StandingAuthority
from brokerage.clients.rules.complaints import Channel, Subject
from brokerage.clients.rules.mandate import MandateNotMet
from brokerage.clients.rules.standing_authorities import Purpose
from brokerage.ledger import seams
from brokerage.ledger.entry import Source
from brokerage.market.rules.calendars import hong_kong_date
from tests import desk
from tests.factories import ClientFactory, context
from tests.onboarding import OnboardedClientFactory, company, entitled, signing

pytestmark = pytest.mark.django_db(transaction=True)


def holder_of(client: UUID) -> Browser:
    browser = Browser()
    user = desk.member(name="ada", staff=False)
    entitled(client, user.person)
    desk.proved(Browser.force_login)(browser, user)
    return browser


def in_a_year(days: int = -1):
    today = hong_kong_date(seams.now())
    return today.replace(year=today.year + 1) + timedelta(days=days)


@pytest.mark.rule("AST-2")
def test_a_client_gives_and_revokes_a_standing_authority():
    client = ClientFactory()
    browser = holder_of(client)
    wanted = {
        "client": client,
        "purpose": "repledge-securities",
        "ends": in_a_year(),
        "revocation_stated": "on",
    }
    browser.post(reverse("portal-authority-give"), wanted | {"ends": in_a_year(0)})
    assert not StandingAuthority.objects.exists()
    browser.post(reverse("portal-authority-give"), wanted)
    given = StandingAuthority.objects.get()
    page = browser.get(reverse("portal-authorities")).content.decode()
    assert "revoke" in page.lower()
    browser.post(reverse("portal-authority", args=[given.id]), {"act": "revoke"})
    assert StandingAuthority.objects.get().end == "revoked"


def test_a_client_neither_sees_nor_touches_anothers():
    mine, theirs = ClientFactory(), ClientFactory()
    authority = give_standing_authority(
        signing(theirs),
        client=theirs,
        purpose=Purpose.CLIENT_MONEY,
        ends=in_a_year(),
        revocation_stated=True,
    ).value
    receive_complaint(
        context(), client=theirs, subject=Subject.FEES, channel=Channel.MAIL, text="Not yours to read"
    )
    browser = holder_of(mine)
    assert str(authority) not in browser.get(reverse("portal-authorities")).content.decode()
    assert "Not yours" not in browser.get(reverse("portal-complaints")).content.decode()
    answer = browser.post(reverse("portal-authority", args=[authority]), {"act": "revoke"})
    assert answer.status_code == 404
    forged = {"client": theirs, "purpose": "lend-securities", "ends": in_a_year(), "revocation_stated": "on"}
    browser.post(reverse("portal-authority-give"), forged)
    browser.post(reverse("portal-complain"), {"client": theirs, "subject": "fees-and-interest", "text": "Hm"})
    assert StandingAuthority.objects.get().end == ""
    assert Complaint.objects.count() == 1


@pytest.mark.rule("CMP-1")
def test_a_client_complains_and_reads_the_complaint_again():
    client = ClientFactory()
    browser = holder_of(client)
    browser.post(reverse("portal-complain"), {"client": client, "subject": "service", "text": "Zu spät <b>"})
    page = browser.get(reverse("portal-complaints")).content.decode()
    assert "Zu spät &lt;b&gt;" in page
    assert Complaint.objects.get().channel == "portal"


@pytest.mark.rule("CLI-13")
def test_one_of_two_who_sign_together_gives_nothing_alone():
    client = OnboardedClientFactory(newcomer=company())
    assert queries.mandate(client).signatures == 2
    browser, user = Browser(), desk.member(name="ada", staff=False)
    user.person = min(queries.mandate(client).people)
    user.save()
    desk.proved(Browser.force_login)(browser, user)
    wanted = {"client": client, "purpose": "repledge-securities", "ends": in_a_year()}
    sent = wanted | {"revocation_stated": "on"}
    page = browser.post(reverse("portal-authority-give"), sent, follow=True).content.decode()
    assert not StandingAuthority.objects.exists()
    assert "signed by 2" in page
    asked = context(source=Source.PORTAL, maker=user.person)
    with pytest.raises(MandateNotMet):
        give_standing_authority(asked, **wanted, revocation_stated=True)
