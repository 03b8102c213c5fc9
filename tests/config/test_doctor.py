"""The doctor: each thing that can be missing is named, with its cure."""

from pathlib import Path

import pytest
from django.core.management import call_command

from brokerage.config import doctor, embedded, folder


@pytest.mark.django_db
class TestTheDoctor:
    def test_names_a_database_that_forgets(self) -> None:
        """The tests' own cluster is one: it flushes nothing, to be quick."""
        found = [finding.seen for finding in doctor.findings() if not finding.well]
        assert any("fsync=off" in seen for seen in found)

    def test_sees_that_the_schema_is_up_to_date(self) -> None:
        assert doctor.Finding(True, "0 migrations to apply", "python manage.py migrate") in list(
            doctor.findings()
        )

    def test_goes_on_after_a_finding_and_ends_with_1(self, capsys: pytest.CaptureFixture[str]) -> None:
        with pytest.raises(SystemExit) as ended:
            call_command("doctor")
        assert ended.value.code == 1
        out = capsys.readouterr().out
        assert out.index("MEND") < out.index("chromium")

    def test_changes_nothing_and_starts_nothing(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setenv("PRAYA_DATA_DIR", str(tmp_path))
        list(doctor.findings())
        assert list(tmp_path.iterdir()) == []
        assert embedded.status() == {"postgres": False, "valkey": False}


def test_a_folder_that_cannot_be_written_is_a_finding(monkeypatch: pytest.MonkeyPatch) -> None:
    def closed(_: Path) -> Path:
        raise folder.Unusable("Cannot write to the data folder")

    monkeypatch.setattr(folder, "opened", closed)
    monkeypatch.setattr(doctor, "_LOOKS", (doctor._data_folder,))
    assert list(doctor.findings()) == [doctor.Finding(False, "Cannot write to the data folder")]
