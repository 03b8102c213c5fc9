import pytest

from brokerage.clients.rules.screening_csv import HEADER, Kind, MalformedList, parse

GOOD = "UN-1,sanction,Example Person,Other Spelling;其他,1960-05-01,KP;IR,UN 1718"


def content(*lines: str) -> bytes:
    return "\n".join([HEADER, *lines]).encode()


def test_a_list_is_read_whole():
    (entry,) = parse(b"\xef\xbb\xbf" + content(GOOD))
    assert entry.names == ("Example Person", "Other Spelling", "其他")
    assert (entry.kind, entry.born, entry.countries) == (Kind.SANCTION, 1960, {"KP", "IR"})


def test_every_bad_line_is_named_and_nothing_is_taken():
    bad = content(
        GOOD, "UN-1,sanction,Twice,,,,", "UN-2,friend,X,,,,", "UN-3,pep,,,,,", "UN-4,pep,X,,May,,", "a,b"
    )
    with pytest.raises(MalformedList) as refusal:
        parse(bad)
    assert [line for line, _ in refusal.value.evidence["problems"]] == [3, 4, 5, 6, 7]


@pytest.mark.parametrize(
    "bad", [b"", b"name\nX", content(), b"\xff\xfe", content(GOOD) + b"\x00", content('UN-9,pep,"X')]
)
def test_a_file_that_is_no_list_is_refused(bad):
    with pytest.raises(MalformedList):
        parse(bad)


def test_an_entrys_digest_changes_with_what_it_says():
    (before,), (after,) = parse(content(GOOD)), parse(content(GOOD.replace("1960", "1961")))
    assert before.digest != after.digest
