import pytest

from brokerage.http import health


def test_the_process_answers_without_a_database(client):
    answer = client.get("/healthz")
    assert (answer.status_code, answer.content) == (200, b"alive\n")


def test_ready_when_every_part_answers(client, db, monkeypatch):
    monkeypatch.setitem(health.CHECKS, "broker", lambda: True)
    answer = client.get("/readyz")
    assert answer.status_code == 200
    assert answer.json() == {"ready": True, "database": "ok", "sealer": "ok", "broker": "ok"}


@pytest.mark.parametrize("part", health.CHECKS)
def test_not_ready_when_a_part_is_down_and_it_is_named(part, client, db, monkeypatch):
    def down() -> bool:
        raise OSError("host 10.0.0.7 refused")

    for name in health.CHECKS:
        monkeypatch.setitem(health.CHECKS, name, lambda: True)
    monkeypatch.setitem(health.CHECKS, part, down)
    answer = client.get("/readyz")
    assert answer.status_code == 503
    assert answer.json()[part] == "down"
    assert b"10.0.0.7" not in answer.content


def test_not_ready_when_the_sealer_has_stopped(client, db, monkeypatch):
    monkeypatch.setattr(health.browse, "seal_lag", lambda: health.SEAL_LATE * 2)
    assert client.get("/readyz").json()["sealer"] == "late"
