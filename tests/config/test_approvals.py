"""The approvals desk: each sees what waits for him, decides on others' proposals only, and one at a time."""

from decimal import Decimal
from uuid import UUID, uuid4

import pytest
from django.test import Client

from brokerage.access.commands import Proposed, submit, withdraw_proposal
from brokerage.access.models import Proposal, User
from brokerage.clients.commands import change_status
from brokerage.clients.models import Client as ClientRow
from brokerage.clients.rules.status import ClientStatus
from brokerage.config import approvals
from brokerage.ledger import seams
from brokerage.ledger.entry import Context, Source
from tests.desk import member
from tests.factories import ClientFactory
from tests.margin.firm import policy

pytestmark = pytest.mark.django_db
INBOX = "/staff/approvals/"


@pytest.fixture
def maker() -> User:
    return member("operations", name="mei")


@pytest.fixture
def checker() -> User:
    return member("operations-checker", name="ho")


def by(user: User) -> Context:
    """What a login asks now."""
    key, now = str(uuid4()), seams.now()
    return Context(actor=user.actor, source=Source.STAFF, key=key, effective_at=now, maker=user.person)


def freeze(maker: User, client: UUID | None = None, reason: str = "CASE-7") -> Proposed:
    """The proposal of a member of staff to freeze a client."""
    client = client or ClientFactory()
    proposed = submit(by(maker), change_status, client=client, status=ClientStatus.FROZEN, reason=reason)
    assert isinstance(proposed, Proposed)
    return proposed


def read(browser: Client, user: User, path: str) -> str:
    """What a page says to this member of staff."""
    browser.force_login(user)
    answer = browser.get(path)
    assert answer.status_code == 200
    return answer.content.decode()


@pytest.mark.parametrize("key", ["k" * 129, "short", "a\x00-key-no-text", "with a space"])
@pytest.mark.parametrize(
    "path", [f"{INBOX}approve/", f"{INBOX}{UUID(int=7)}/decide/", "/staff/webhooks/new/"]
)
def test_a_key_that_is_none_is_refused_like_any_damaged_form(
    path: str, key: str, client: Client, maker: User
) -> None:
    client.force_login(maker)
    if "decide" in path:
        path = path.replace(str(UUID(int=7)), str(freeze(maker).proposal))
    form = {"key": key, "act": "withdraw", "url": "https://hooks.example/in", "kinds": "custody.deposited"}
    assert client.post(path, form).status_code == 400


def decide(browser: Client, user: User, proposed: Proposed, act: str, **more: str) -> str:
    """What the page says after a decision."""
    browser.force_login(user)
    given = {"act": act, "digest": proposed.digest, "key": str(uuid4())} | more
    answer = browser.post(f"{INBOX}{proposed.proposal}/decide/", given, follow=True)
    assert answer.status_code == 200
    return answer.content.decode()


def state(proposed: Proposed) -> str:
    return Proposal.objects.get(pk=proposed.proposal).state


class TestTheInbox:
    def test_says_what_it_is_for_when_empty(self, client: Client, checker: User) -> None:
        assert "Nothing waits for you" in read(client, checker, INBOX)
        assert "You proposed nothing" in read(client, checker, f"{INBOX}?show=mine")
        assert "No proposals" in read(client, checker, f"{INBOX}?show=all")

    def test_shows_to_each_what_is_his(self, client: Client, maker: User, checker: User) -> None:
        target = ClientFactory(reference="C-900")
        proposed = freeze(maker, target)
        link = f"{INBOX}{proposed.proposal}/"
        assert link in read(client, checker, INBOX)
        assert link not in read(client, checker, f"{INBOX}?show=mine")
        assert link not in read(client, maker, INBOX)
        assert link in read(client, maker, f"{INBOX}?show=mine")
        seen = read(client, member("auditor", name="audit"), f"{INBOX}?show=all")
        assert link in seen
        assert "C-900" in seen
        assert "Approve the chosen" not in seen

    def test_is_narrowed_by_kind_and_state(self, client: Client, maker: User, checker: User) -> None:
        proposed = freeze(maker)
        link = f"{INBOX}{proposed.proposal}/"
        for query, shown in (
            ("show=all&state=open", True),
            ("show=all&state=expired", False),
            ("kind=clients.change-status", True),
            ("kind=margin.set-limit", False),
        ):
            assert (link in read(client, checker, f"{INBOX}?{query}")) is shown
        client.force_login(checker)
        assert client.get(f"{INBOX}?show=theirs").status_code == 400

    def test_is_counted_in_the_navigation_and_on_the_first_page(
        self, client: Client, maker: User, checker: User
    ) -> None:
        freeze(maker)
        assert "proposal waits for you" in read(client, checker, "/staff/")
        assert "wait for you" in read(client, checker, "/staff/ledger/")
        assert "wait for you" not in read(client, maker, "/staff/ledger/")

    def test_approves_several_and_says_what_came_of_each(
        self, client: Client, maker: User, checker: User
    ) -> None:
        checker.groups.add(*maker.groups.all())  # who may make it as well
        good, own = freeze(maker), freeze(checker)
        client.force_login(checker)
        chosen = [f"{each.proposal}:{each.digest}" for each in (good, own)]
        answer = client.post(f"{INBOX}approve/", {"chosen": chosen, "key": "key-00001"}, follow=True)
        said = answer.content.decode()
        assert "1 approved and done." in said
        assert "Change status: You made this proposal yourself" in said
        assert (state(good), state(own)) == ("approved", "open")
        assert client.post(f"{INBOX}approve/", {"chosen": ["x"]}).status_code == 400


class TestAProposalsPage:
    def test_shows_the_inputs_the_maker_and_who_may_approve(
        self, client: Client, maker: User, checker: User
    ) -> None:
        proposed = freeze(maker, reason="CASE-7")
        page = read(client, checker, f"{INBOX}{proposed.proposal}/")
        for words in ("Change status", "frozen", "CASE-7", "mei", proposed.digest, "operations-checker"):
            assert words in page

    def test_names_a_client_to_whoever_may_see_personal_data_only(self, client: Client) -> None:
        owner = member("client", name="canary@example.com", staff=False)
        proposed = freeze(owner)
        withdraw_proposal(by(owner), proposal=proposed.proposal)
        member("auditor", name="audit")
        member("credit", name="credit")
        for page in (f"{INBOX}?show=all", f"{INBOX}{proposed.proposal}/"):
            assert "canary" not in read(client, User.objects.get(username="audit"), page)
            assert "canary" in read(client, User.objects.get(username="credit"), page)

    def test_of_nothing_is_not_found(self, client: Client, checker: User) -> None:
        client.force_login(checker)
        assert client.get(f"{INBOX}{uuid4()}/").status_code == 404
        assert client.post(f"{INBOX}{uuid4()}/decide/", {"act": "approve"}).status_code == 404

    def test_approves_under_both_names(self, client: Client, maker: User, checker: User) -> None:
        target = ClientFactory()
        assert "Approved and done." in decide(client, checker, freeze(maker, target), "approve")
        assert ClientRow.objects.get(pk=target).status == "frozen"

    def test_sent_twice_is_approved_once(self, client: Client, maker: User, checker: User) -> None:
        proposed = freeze(maker)
        for _twice in range(2):
            assert "Approved and done." in decide(client, checker, proposed, "approve", key="the-same")

    def test_lets_nobody_approve_his_own(self, client: Client, maker: User) -> None:
        proposed = freeze(maker)
        assert "another person approves it" in read(client, maker, f"{INBOX}{proposed.proposal}/")
        assert "You made this proposal yourself" in decide(client, maker, proposed, "approve")
        assert state(proposed) == "open"

    @pytest.mark.parametrize("role", ["operations", "credit", "auditor"])
    def test_lets_nobody_approve_without_the_right(self, client: Client, maker: User, role: str) -> None:
        other = member(role, name="other")
        proposed = freeze(maker)
        assert "Your role does not approve" in read(client, other, f"{INBOX}{proposed.proposal}/")
        assert "Your role does not allow this" in decide(client, other, proposed, "approve")
        assert "Your role does not allow this" in decide(client, other, proposed, "reject", reason="no")
        assert state(proposed) == "open"

    def test_approves_only_what_was_shown(self, client: Client, maker: User, checker: User) -> None:
        proposed = freeze(maker)
        assert "not what was proposed" in decide(client, checker, proposed, "approve", digest="0" * 64)

    def test_rejects_with_a_reason_and_withdraws(self, client: Client, maker: User, checker: User) -> None:
        refused, withdrawn = freeze(maker), freeze(maker)
        assert "Say why" in decide(client, checker, refused, "reject")
        assert "wrong client" in decide(client, checker, refused, "reject", reason="wrong client")
        assert "Only whoever made" in decide(client, checker, withdrawn, "withdraw")
        assert "Withdrawn." in decide(client, maker, withdrawn, "withdraw")
        assert (state(refused), state(withdrawn)) == ("rejected", "withdrawn")

    def test_keeps_open_what_the_command_refuses_now(
        self, client: Client, maker: User, checker: User
    ) -> None:
        target = ClientFactory()
        first, second = freeze(maker, target), freeze(maker, target)
        decide(client, checker, first, "approve")
        assert "cannot become frozen" in decide(client, checker, second, "approve")
        assert state(second) == "open"


def test_inputs_of_a_policy_read_line_by_line() -> None:
    lines = dict(approvals.flat({"policy": policy()}))
    assert lines["policy · assets · BTC · kind"] == "va"
    assert lines["policy · interest · 1 · up to"] == "1,000,000"
    assert all(not isinstance(value, Decimal) for value in lines.values())
