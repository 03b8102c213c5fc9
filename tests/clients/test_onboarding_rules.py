"""The pure rules of onboarding, each with its figures: no database, no clock."""

import unicodedata
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

import pytest

from brokerage.access.rules import BadAddress
from brokerage.clients.rules.agreements import NotConfirmed, check_confirmed
from brokerage.clients.rules.classification import (
    BelowThreshold,
    ConsentMissing,
    EvidenceMissing,
    Investor,
    WrongInvestor,
    check_investor,
    investor_on,
    review_due,
    suitability,
)
from brokerage.clients.rules.credit import BadLimit, Ground, GroundMissing, assess_credit
from brokerage.clients.rules.finances import BadFinances, Finances
from brokerage.clients.rules.knowledge import Answers, Basis, Experience, NoAnswers, assess
from brokerage.clients.rules.mandate import (
    BadMandate,
    Mandate,
    MandateNotMet,
    check_instructed,
    check_mandate,
)
from brokerage.clients.rules.names import BadText, checked_text, search_key
from brokerage.clients.rules.status import ClientType
from brokerage.clients.rules.tax import BadCertificate, Certificate, NoNumber, Residence, plausible
from brokerage.clients.rules.terms import terms
from brokerage.clients.rules.transfers import (
    BankAccount,
    TransferAhead,
    TransferForeign,
    TransferTooSmall,
    check_first_transfer,
)
from tests.onboarding import PersonFactory

TODAY = date(2026, 11, 22)
NOW = datetime(2026, 11, 22, 4, tzinfo=UTC)
TERMS = terms(TODAY)
ANN, BEN, EVE = (UUID(int=number) for number in (1, 2, 3))


def finances(**figures: int) -> Finances:
    return Finances(evidence_dated=TODAY, **{name: Decimal(figure) for name, figure in figures.items()})


def may(investor: Investor, form: ClientType, worth: Finances, *, dated: date | None = TODAY) -> None:
    check_investor(investor, form, worth, today=TODAY, terms=TERMS, evidence_dated=dated)


@pytest.mark.rule("CLI-1")
class TestProfessional:
    @pytest.mark.parametrize(
        ("investor", "form", "enough"),
        [
            (Investor.INDIVIDUAL, ClientType.INDIVIDUAL, {"cash": 3_000_000, "securities": 5_000_000}),
            (Investor.INDIVIDUAL, ClientType.JOINT, {"funds": 8_000_000}),
            (Investor.CORPORATE, ClientType.CORPORATE, {"cash": 8_000_000}),
            (Investor.CORPORATE, ClientType.PARTNERSHIP, {"real_estate": 40_000_000}),
            (Investor.CORPORATE, ClientType.TRUST, {"real_estate": 39_000_000, "cash": 1_000_000}),
        ],
    )
    def test_reaches_the_threshold_exactly_and_a_dollar_less_is_retail(self, investor, form, enough) -> None:
        may(investor, form, finances(**enough))
        short = enough | {(last := list(enough)[-1]): enough[last] - 1}
        with pytest.raises(BelowThreshold):
            may(investor, form, finances(**short))

    def test_is_not_made_by_virtual_assets(self) -> None:
        with pytest.raises(BelowThreshold):
            may(
                Investor.INDIVIDUAL,
                ClientType.INDIVIDUAL,
                finances(cash=7_999_999, virtual_assets=900_000_000),
            )
        with pytest.raises(BelowThreshold):
            may(Investor.CORPORATE, ClientType.CORPORATE, finances(virtual_assets=900_000_000))

    def test_trust_needs_assets_where_a_company_needs_a_portfolio(self) -> None:
        may(Investor.CORPORATE, ClientType.CORPORATE, finances(cash=9_000_000))
        with pytest.raises(BelowThreshold):
            may(Investor.CORPORATE, ClientType.TRUST, finances(cash=9_000_000))

    def test_shows_evidence_not_older_than_a_year(self) -> None:
        worth = finances(cash=9_000_000)
        may(Investor.INDIVIDUAL, ClientType.INDIVIDUAL, worth, dated=TODAY - timedelta(days=365))
        for dated in (None, TODAY - timedelta(days=366), TODAY + timedelta(days=1)):
            with pytest.raises(EvidenceMissing):
                may(Investor.INDIVIDUAL, ClientType.INDIVIDUAL, worth, dated=dated)

    def test_is_of_the_kind_its_legal_form_allows(self) -> None:
        with pytest.raises(WrongInvestor):
            may(Investor.CORPORATE, ClientType.INDIVIDUAL, finances(cash=90_000_000))
        with pytest.raises(WrongInvestor):
            may(Investor.INDIVIDUAL, ClientType.TRUST, finances(cash=90_000_000))

    def test_counts_as_retail_when_its_yearly_review_is_overdue(self) -> None:
        due = review_due(TODAY, TERMS)
        assert due == date(2027, 11, 22)
        assert investor_on(Investor.INDIVIDUAL, due, due) is Investor.INDIVIDUAL
        assert investor_on(Investor.INDIVIDUAL, due, due + timedelta(days=1)) is Investor.RETAIL


@pytest.mark.rule("CLI-2")
class TestSuitability:
    def test_stays_with_retail_and_individual_professionals_whatever_they_sign(self) -> None:
        for investor in (Investor.RETAIL, Investor.INDIVIDUAL):
            assert suitability(investor, assessed=True, consented=True, waive=False)
            with pytest.raises(ConsentMissing):
                suitability(investor, assessed=True, consented=True, waive=True)

    def test_is_waived_by_a_company_only_if_assessed_and_agreed(self) -> None:
        assert not suitability(Investor.CORPORATE, assessed=True, consented=True, waive=True)
        for assessed, consented in ((True, False), (False, True)):
            with pytest.raises(ConsentMissing):
                suitability(Investor.CORPORATE, assessed=assessed, consented=consented, waive=True)

    def test_does_not_bind_towards_institutions(self) -> None:
        assert not suitability(Investor.INSTITUTIONAL, assessed=False, consented=False, waive=False)


def answers(va: Experience, derivatives: Experience, *, risks_read: bool = True) -> Answers:
    return Answers(virtual_assets=va, derivatives=derivatives, risks_read=risks_read)


NOTHING = Experience(trades=4)


@pytest.mark.rule("CLI-3")
class TestKnowledgeOfVirtualAssets:
    @pytest.mark.parametrize(
        ("experience", "shown"),
        [
            (Experience(training=True), (Basis.TRAINING,)),
            (Experience(work=True), (Basis.WORK,)),
            (Experience(trades=5), (Basis.TRADES,)),
            (Experience(trades=4), ()),
        ],
    )
    def test_comes_from_training_work_or_five_trades(self, experience, shown) -> None:
        found = assess(answers(experience, NOTHING), Investor.RETAIL, suitability=True, terms=TERMS)
        assert found.virtual_assets == shown

    def test_is_asked_of_everybody_but_institutions_and_qualified_companies(self) -> None:
        for investor, kept in (
            (Investor.RETAIL, True),
            (Investor.INDIVIDUAL, True),
            (Investor.CORPORATE, True),
        ):
            with pytest.raises(NoAnswers):
                assess(None, investor, suitability=kept, terms=TERMS)
        for investor in (Investor.INSTITUTIONAL, Investor.CORPORATE):
            assert assess(None, investor, suitability=False, terms=TERMS).virtual_assets == (Basis.EXEMPT,)


@pytest.mark.rule("PERP-8")
class TestKnowledgeOfDerivatives:
    def test_needs_experience_and_the_risks_read(self) -> None:
        skilled = Experience(work=True)
        read, unread = answers(NOTHING, skilled), answers(NOTHING, skilled, risks_read=False)
        assert assess(read, Investor.RETAIL, suitability=True, terms=TERMS).derivatives == (Basis.WORK,)
        assert assess(unread, Investor.RETAIL, suitability=True, terms=TERMS).derivatives == ()

    def test_is_waived_for_nobody(self) -> None:
        assert assess(None, Investor.INSTITUTIONAL, suitability=False, terms=TERMS).derivatives == ()


def credit(worth: Finances, investor: Investor = Investor.RETAIL, requested: int = 10**9, **changes):
    known = {"present": Decimal(0), "grounds": (Ground.NET_WORTH,), "terms": TERMS}
    return assess_credit(worth, investor, requested=Decimal(requested), **(known | changes))


class TestCredit:
    @pytest.mark.rule("VAF-7")
    def test_is_never_raised_because_virtual_assets_are_financed(self) -> None:
        worth = finances(cash=2_000_000)
        with pytest.raises(GroundMissing):
            credit(worth, grounds=(Ground.VA_FINANCING,))
        with pytest.raises(GroundMissing):
            credit(worth, grounds=())
        assert credit(worth, grounds=(Ground.VA_FINANCING,), present=Decimal(1_000_000)).limit == 1_000_000
        assert credit(worth, grounds=(Ground.VA_FINANCING, Ground.INCOME)).limit == 1_000_000

    @pytest.mark.rule("VAF-7")
    def test_rests_on_a_net_worth_whose_prices_have_fallen(self) -> None:
        """1,000,000 cash + 60 % of 500,000 + 20 % of 1,000,000 - 100,000 owed = 1,400,000, halved."""
        worth = finances(cash=1_000_000, securities=500_000, virtual_assets=1_000_000, liabilities=100_000)
        assert worth.stressed(TERMS) == 1_400_000
        assert credit(worth).limit == 700_000
        assert credit(worth, requested=250_500).limit == 250_000
        assert credit(finances(cash=1, liabilities=9)).limit == 0

    @pytest.mark.rule("CLI-4")
    def test_bounds_a_retail_clients_virtual_assets_by_net_worth(self) -> None:
        worth = finances(cash=1_000_000, virtual_assets=1_000_000, liabilities=500_000)
        assert credit(worth).va_exposure == 150_000
        assert credit(worth, Investor.INDIVIDUAL).va_exposure is None
        assert credit(finances(liabilities=5)).va_exposure == 0

    def test_tells_nobody_the_net_worth_behind_the_bound(self) -> None:
        """10 % of 1,999,999 is 199,999.90; the bound says 190,000, as of everything from 1,900,000."""
        assert credit(finances(cash=1_999_999)).va_exposure == 190_000
        assert credit(finances(cash=1_900_000)).va_exposure == 190_000

    def test_is_zero_or_more(self) -> None:
        with pytest.raises(BadLimit):
            credit(finances(), requested=-1)
        with pytest.raises(BadFinances):
            finances(cash=-1).checked(TODAY)


@pytest.mark.rule("CLI-5")
class TestOnlineOpening:
    def account(self, country: str = "HK") -> BankAccount:
        return BankAccount(bank="Harbour Bank", holder="Chan", number="1", country=country)

    def check(self, amount: Decimal = Decimal(10_000), **changes: Any) -> None:
        known = {"account": self.account(), "own": True, "received_on": TODAY, "today": TODAY, "terms": TERMS}
        check_first_transfer(amount, **(known | changes))

    def test_takes_ten_thousand_dollars(self) -> None:
        self.check(Decimal(10_000))
        with pytest.raises(TransferTooSmall):
            self.check(Decimal("9999.99"))

    def test_takes_it_from_the_clients_own_hong_kong_account_only(self) -> None:
        for account, own in ((self.account("SG"), True), (self.account(), False)):
            with pytest.raises(TransferForeign):
                self.check(account=account, own=own)

    def test_takes_it_once_it_has_come_in(self) -> None:
        self.check(received_on=TODAY)
        with pytest.raises(TransferAhead):
            self.check(received_on=TODAY + timedelta(days=1))

    def test_takes_a_signature_with_a_second_factor_just_shown(self) -> None:
        check_confirmed(NOW - timedelta(minutes=15), NOW, TERMS)
        for shown in (None, NOW - timedelta(minutes=16), NOW + timedelta(minutes=1)):
            with pytest.raises(NotConfirmed):
                check_confirmed(shown, NOW, TERMS)


@pytest.mark.rule("CLI-13")
class TestMandate:
    def test_of_two_is_met_by_two_different_people_of_it(self) -> None:
        both = Mandate(signatures=2, people=frozenset({ANN, BEN}))
        check_instructed(both, [ANN, BEN])
        for by in ([ANN], [ANN, ANN], [ANN, EVE], []):
            with pytest.raises(MandateNotMet):
                check_instructed(both, by)

    def test_can_be_fulfilled_by_the_people_named(self) -> None:
        check_mandate(ClientType.CORPORATE, 2, [ANN, BEN])
        for form, signatures, people in (
            (ClientType.CORPORATE, 2, [ANN]),
            (ClientType.INDIVIDUAL, 2, [ANN, BEN]),
            (ClientType.JOINT, 0, [ANN]),
        ):
            with pytest.raises(BadMandate):
                check_mandate(form, signatures, people)


class TestTax:
    def certificate(self, *residences: Residence) -> Certificate:
        return Certificate(residences=residences, signed_on=TODAY)

    def test_names_every_residence_once_with_its_number_or_why_there_is_none(self) -> None:
        fine = self.certificate(
            Residence(country="gb", number="1955839661"),
            Residence(country="HK", missing=NoNumber.APPLIED_FOR),
        )
        assert fine.checked(TODAY, is_entity=False).countries == ("GB", "HK")
        for bad in (
            self.certificate(),
            self.certificate(Residence(country="HK")),
            self.certificate(Residence(country="HK", number="1", missing=NoNumber.NOT_ISSUED)),
            self.certificate(Residence(country="HK", number="1"), Residence(country="hk", number="2")),
            Certificate(
                residences=(Residence(country="HK", number="1"),), signed_on=TODAY + timedelta(days=1)
            ),
        ):
            with pytest.raises(BadCertificate):
                bad.checked(TODAY, is_entity=False)

    def test_says_of_an_entity_what_it_is(self) -> None:
        with pytest.raises(BadCertificate):
            self.certificate(Residence(country="HK", number="1")).checked(TODAY, is_entity=True)

    @pytest.mark.parametrize(
        ("country", "number", "fits"),
        [
            ("US", "536-90-4399", True),
            ("US", "000-12-3456", False),
            ("GB", "1955839661", True),
            ("GB", "1955839662", False),
            ("HK", "anything", True),
        ],
    )
    def test_knows_check_digits_where_a_library_does(self, country, number, fits) -> None:
        assert plausible(country, number, is_entity=False) is fits


NAMES = [
    "陳大文",
    "𠮷野家 𠀀",
    "محمد بن سلمان",
    "Nguyễn Thị Ánh",
    "q\u0323\u0307",
    "\N{WOMAN}\N{ZERO WIDTH JOINER}\N{PERSONAL COMPUTER}",
    "<b>Bobby</b> {{ 7*7 }}",
    "O'Brien",
]
BAD = ["a\u202eb", "a\x00b", "a\nb", "\u2066a", "a\ud800", "\ufeffa"]


class TestText:
    @pytest.mark.parametrize("name", NAMES)
    def test_in_any_script_is_kept_as_it_is(self, name: str) -> None:
        assert checked_text(name) == unicodedata.normalize("NFC", name)

    @pytest.mark.parametrize("bad", [*BAD, "", "  ", "x" * 201])
    def test_that_deceives_or_says_nothing_is_refused(self, bad: str) -> None:
        with pytest.raises(BadText):
            checked_text(bad)

    def test_is_found_whatever_its_form_case_or_hidden_marks(self) -> None:
        assert search_key("ＣＨＡＮ  Tai") == search_key("chan tai")
        assert search_key("Am\u00e9lie") == search_key("AME\u0301LIE")
        assert search_key("Stra\u00dfe") == search_key("STRASSE")
        assert search_key("Ch\u200ban") == search_key("Chan")


@pytest.mark.parametrize(
    ("typed", "kept"),
    [
        ("", ""),
        (" Ann.Lee+desk@Mail.Example.com ", "Ann.Lee+desk@Mail.Example.com"),
        ("o'dee@bücher.example", "o'dee@bücher.example"),
        *((each, None) for each in ("ann", "ann@example", "@example.com", "a b@example.com", "a@-b.com")),
        *((each, None) for each in ("a@b..com", ".a@b.com", "a@b.com\nx", "a@b.1", f"{'a' * 250}@b.com")),
    ],
)
def test_an_e_mail_address_on_record_looks_like_one(typed: str, kept: str | None) -> None:
    details = PersonFactory(email=typed)
    if kept is not None:
        assert details.checked(TODAY).email == kept
        return
    with pytest.raises(BadAddress):
        details.checked(TODAY)
