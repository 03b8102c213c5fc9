"""A retail client, from the first page of the application to the account that may be funded."""

import pytest

from brokerage.clients import queries
from brokerage.clients.rules.classification import Investor
from brokerage.clients.rules.mandate import MandateNotMet, check_instructed
from brokerage.ledger import integrity, rebuild, seals, seams
from brokerage.ledger import queries as ledger
from brokerage.market.rules.calendars import hong_kong_date
from tests.onboarding import NewcomerFactory, OnboardedClientFactory

pytestmark = pytest.mark.django_db(transaction=True)


def test_a_retail_client_is_taken_on_and_nothing_personal_is_in_the_book():
    newcomer = NewcomerFactory()
    holder = newcomer.people[0]
    client = OnboardedClientFactory(newcomer=newcomer, reference="R-1")
    opened = queries.client(client)
    assert (opened.type, opened.classification, opened.status) == ("individual", "retail", "active")
    assert queries.in_the_hands_of(holder.id) == {client}
    judged = queries.standing(client)
    assert (judged.suitability, judged.credit_limit, judged.va_exposure) == (True, 500_000, 250_000)
    assert judged.va_knowledge == ["trades"]
    assert queries.investor(client, hong_kong_date(seams.now())) is Investor.RETAIL
    assert holder.details.given_names in queries.labels([client])[client]
    mandate = queries.mandate(client)
    check_instructed(mandate, [holder.id])
    with pytest.raises(MandateNotMet):
        check_instructed(mandate, [])
    application = queries.applications_of(holder.id)[0]
    told = " ".join(
        str(each.event) for stream in (client, application.id, holder.id) for each in ledger.events(stream)
    )
    for secret in (holder.details.given_names, holder.details.id_number, "Harbour Road", "012-1", "1000000"):
        assert secret not in told
    while seals.seal():
        continue
    assert integrity.verify() == []
    assert rebuild.rebuild(check=True).differences == {}
