import csv
from datetime import date, timedelta
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from brokerage.market.rules.price_csv import HEADER, LARGEST_FILE, MalformedFile, content_hash, parse

LAST = date(2025, 6, 30)
GOOD = "2025-06-27,10.5,11.000001,10.0,10.25,1200"
SHIPPED = ["0700.HK", "1024.HK", "1810.HK", "3690.HK", "BTC-USD", "ETH-USD", "SOL-USD"]


def file(*lines: str) -> bytes:
    return "\n".join((HEADER, *lines, "")).encode()


def problems(content: bytes) -> dict[int, str]:
    with pytest.raises(MalformedFile) as refused:
        parse(content)
    return dict(refused.value.evidence["problems"])


class TestAGoodFile:
    def test_is_read_exactly(self):
        (price,) = parse(file("2025-06-30,59.5,60.0,57.5,59.950001,260498936"))
        assert (price.line, price.day, price.volume) == (2, LAST, 260498936)
        assert (price.open, price.high, price.low) == (Decimal("59.5"), Decimal("60.0"), Decimal("57.5"))
        assert str(price.close) == "59.950001"

    def test_may_use_windows_line_ends_or_lack_the_last_one(self):
        content = file(GOOD)
        assert parse(content) == parse(content.rstrip())
        assert parse(content) == parse(content.replace(b"\n", b"\r\n"))

    @pytest.mark.parametrize("name", SHIPPED)
    def test_every_shipped_file_is_one(self, price_folder, name):
        path = price_folder / f"{name}.csv"
        rows = list(csv.DictReader(path.open()))
        prices = parse(path.read_bytes())
        assert [str(price.close) for price in prices] == [row["Close"] for row in rows]
        assert [price.day.isoformat() for price in prices] == [row["Date"] for row in rows]

    @settings(max_examples=500)
    @given(st.lists(st.decimals("0.000001", "99999999", places=6), min_size=1, max_size=20))
    def test_comes_back_as_written(self, closes):
        days = [LAST - timedelta(days=len(closes) - n) for n in range(len(closes))]
        lines = [f"{day},{c:f},{c:f},{c:f},{c:f},0" for day, c in zip(days, closes, strict=True)]
        prices = parse(file(*lines))
        assert [(price.day, price.close) for price in prices] == list(zip(days, closes, strict=True))


class TestABadFile:
    @pytest.mark.parametrize(
        "cell",
        [
            *(
                "NaN",
                "nan",
                "Infinity",
                "null",
                "",
                "-1",
                "+1",
                "0",
                "0.0",
                ".5",
                "5.",
                "1,5",
                " 10.25",
                "10.25 ",
            ),
            *("1_000", "1e5", "1E-5", "1e400", "0x10", "10.25\x00", "\u0661\u0662", "\uff11\uff12"),
            *("10000000000000", "0.0000000000000001", "0.0000000000000000001"),
        ],
    )
    def test_names_the_line_of_a_bad_number(self, cell):
        bad = problems(file("2025-06-26,10,11,10,10,1", f"2025-06-27,10,11,10,{cell},1"))
        assert list(bad) == [3]

    @pytest.mark.parametrize(
        "day", ["27/06/2025", "2025-6-27", "2025-02-30", "20250627", "", "2025-06-27T00"]
    )
    def test_names_the_line_of_a_bad_date(self, day):
        assert list(problems(file(f"{day},10,11,10,10,1"))) == [2]

    @pytest.mark.parametrize("volume", ["-1", "1.5", "", "1e3", "x"])
    def test_names_the_line_of_a_bad_volume(self, volume):
        assert "Volume" in problems(file(f"2025-06-27,10,11,10,10,{volume}"))[2]

    def test_reports_every_bad_line_at_once(self):
        bad = problems(
            file("2025-06-25,1,1,1,1,1", "garbage", "2025-06-26,1,1,1,NaN,1", GOOD, "2025-06-30,1")
        )
        assert list(bad) == [3, 4, 6]

    def test_refuses_a_day_that_repeats_or_runs_backwards(self):
        assert "twice" in problems(file(GOOD, GOOD))[3]
        assert "oldest day" in problems(file(GOOD, GOOD.replace("06-27", "06-26")))[3]

    @pytest.mark.parametrize("row", ["10,9,8,9,1", "10,11,10.5,11,1", "10,11,10,12,1"])
    def test_refuses_prices_outside_their_own_range(self, row):
        assert "between Low and High" in problems(file(f"2025-06-27,{row}"))[2]

    def test_refuses_blank_lines_in_the_middle(self):
        assert list(problems(file(GOOD, "", GOOD.replace("06-27", "06-30")))) == [3]

    def test_refuses_what_is_no_price_table(self):
        for content in (b"", b"<html>down</html>", b"\xef\xbb\xbf" + file(GOOD), GOOD.encode()):
            assert list(problems(content)) == [1]
        for content in (file(), b"," * (LARGEST_FILE + 1)):
            assert problems(content) == {}

    def test_reports_no_more_than_fifty_lines(self):
        with pytest.raises(MalformedFile) as refused:
            parse(file(*["x"] * 60))
        assert refused.value.evidence["count"] == 60
        assert len(refused.value.evidence["problems"]) == 50
        assert "10 more" in refused.value.message

    @pytest.mark.parametrize("name", SHIPPED)
    def test_one_broken_line_in_a_shipped_file_refuses_all_of_it(self, price_folder, name):
        lines = (price_folder / f"{name}.csv").read_text().splitlines()
        lines[500] = lines[500].replace(",", ";")
        assert list(problems("\n".join(lines).encode())) == [501]


def test_two_files_are_the_same_only_to_the_byte():
    assert content_hash(file(GOOD)) == content_hash(file(GOOD))
    assert content_hash(file(GOOD)) != content_hash(file(GOOD).rstrip())
