from datetime import UTC, datetime

import pytest

from brokerage.market.rules.calendars import HongKongCalendar
from brokerage.market.rules.price_csv import MalformedFile
from brokerage.market.sources import DailyFiles

from .desk import DEMO, file_name


class TestDailyFiles:
    def test_tell_each_close_once_in_order(self, price_folder):
        files = {code: price_folder / file_name(terms) for code, terms in DEMO.items()}
        source = DailyFiles("files", files, DEMO, HongKongCalendar())
        closes = list(source.ticks(datetime(2021, 5, 19, tzinfo=UTC), datetime(2021, 5, 21, tzinfo=UTC)))
        assert [(f"{each.source_time:%d %H}", each.instrument) for each in closes] == [
            *(("20 00", code) for code in ("BTC", "ETH", "SOL")),  # 19 May was a holiday in Hong Kong
            *(("20 08", code) for code in ("0700", "1024", "1810", "3690")),
            *(("21 00", code) for code in ("BTC", "ETH", "SOL")),
        ]
        assert (
            len(list(source.ticks(datetime(2020, 1, 1, tzinfo=UTC), datetime(2026, 1, 1, tzinfo=UTC))))
            == 9310
        )

    def test_refuse_a_broken_file_when_they_are_opened(self, tmp_path):
        broken = tmp_path / "broken.csv"
        broken.write_text("Date,Close\n")
        with pytest.raises(MalformedFile):
            DailyFiles("files", {"BTC": broken}, DEMO, HongKongCalendar())
