"""Golden values: what is stored today must verify for ever, so these constants never change."""

import hashlib
from datetime import UTC, datetime
from decimal import Decimal
from uuid import UUID

import pytest

from brokerage.ledger import hashing
from brokerage.ledger.blocks import Epoch, Seal
from brokerage.ledger.chart import Account, Posting, Role
from brokerage.ledger.store import EntryFields

AT = datetime(2026, 1, 5, 4, 0, 0, 123456, tzinfo=UTC)
ONE, TWO = UUID(int=1), UUID(int=2)
ENTRY = EntryFields(
    id=ONE,
    key="golden",
    fingerprint=bytes(range(32)),
    command="custody.deposit",
    actor="staff:1",
    source="staff",
    maker=TWO,
    checker=None,
    proposal=None,
    effective_at=AT,
    recorded_at=AT,
    result={"amount": "1.000000000000000000"},
    correlation=None,
    causation=None,
)
POSTINGS = [
    Posting(Account(TWO, Role.CASH, "HKD"), Decimal("1.5")),
    Posting(Account(ONE, Role.BANK_CLIENT, "HKD"), Decimal("-1.5")),
]


def event_hash(**changed: object) -> str:
    """The hash of one fixed event, with some of its inputs changed."""
    given = {
        "previous": hashing.GENESIS,
        "entry": ENTRY.digest(),
        "stream": TWO,
        "version": 1,
        "kind": "custody.deposited",
        "schema": 1,
        "data": '{"amount":"1.500000000000000000"}',
        "owner": TWO,
        "effective_at": AT,
        "postings": hashing.postings_text(POSTINGS),
    }
    return hashing.event_hash(**given | changed).hex()  # type: ignore[arg-type]


def test_postings_have_one_text_whatever_their_order() -> None:
    text = hashing.postings_text(POSTINGS)
    assert text == hashing.postings_text(POSTINGS[::-1])
    assert text == (
        '[["00000000-0000-0000-0000-000000000001","bank-client","HKD","-1.500000000000000000"],'
        '["00000000-0000-0000-0000-000000000002","cash","HKD","1.500000000000000000"]]'
    )


def test_golden_values_of_entries_events_seals_and_epochs() -> None:
    epoch = Epoch(1, "7000000000000000000", 0, 0, AT)
    seal = Seal(
        first_position=1,
        count=1,
        epoch=1,
        xid_from=0,
        xid_until=10,
        seq_from=1,
        seq_until=1,
        open_seq=None,
        root=bytes(32),
        previous=hashing.GENESIS,
        digest=b"",
        signature=b"",
        key_id="0123456789abcdef",
        sealed_at=AT,
    )
    digests = (ENTRY.digest(), epoch.digest(), seal.expected_digest(epoch))
    assert (event_hash(), *(digest.hex() for digest in digests)) == GOLDEN


GOLDEN = (
    "b0a7879908a5d82e8fe0e7ef4674d2d9b3b82c717ae83d166a81594cd62acc63",
    "d2f459a6edecf2842104c93876cd07b48997565da845108295fb3ed977cbc57f",
    "3e449948659b974e4a426cab616fe30e0c14b69815ecdcf897d10c07dbc0291d",
    "52a82301fb5b81b9ceebbaf54789c7e309064569764cc1e57016d5605eb5b1eb",
)


@pytest.mark.parametrize(
    "changed",
    [
        {"previous": bytes([1] * 32)},
        {"entry": bytes(32)},
        {"stream": ONE},
        {"version": 2},
        {"kind": "custody.withdrawn"},
        {"schema": 2},
        {"data": "{}"},
        {"owner": None},
        {"effective_at": AT.replace(microsecond=123457)},
        {"postings": "[]"},
    ],
    ids=lambda changed: next(iter(changed)),
)
def test_every_input_of_an_event_is_covered(changed: dict[str, object]) -> None:
    assert event_hash(**changed) != event_hash()


class TestMerkleRoot:
    """RFC 6962 section 2.1, on leaf hashes."""

    def node(self, left: bytes, right: bytes) -> bytes:
        return hashlib.sha256(b"\x01" + left + right).digest()

    def rfc(self, leaves: list[bytes]) -> bytes:
        """The RFC's own recursion: split at the largest power of two below the size."""
        if len(leaves) == 1:
            return leaves[0]
        split = 1 << (len(leaves) - 1).bit_length() - 1
        return self.node(self.rfc(leaves[:split]), self.rfc(leaves[split:]))

    @pytest.mark.parametrize("size", [1, 2, 3, 4, 5, 7, 8, 9, 31, 100, 257])
    def test_is_the_roots_of_the_rfc(self, size: int) -> None:
        leaves = [hashing.leaf(event=bytes(32), seq=number, xid=7) for number in range(size)]
        assert hashing.merkle_root(leaves) == self.rfc(leaves)

    def test_leaves_cover_hash_seq_and_xid(self) -> None:
        leaf = hashing.leaf(event=bytes(32), seq=1, xid=2)
        assert (
            leaf == hashlib.sha256(b"\x00" + bytes(32) + bytes([0] * 7 + [1]) + bytes([0] * 7 + [2])).digest()
        )
        assert leaf != hashing.leaf(event=bytes(32), seq=2, xid=1)
