"""/metrics: for the monitor, and for nobody else."""

import pytest

pytestmark = pytest.mark.django_db


def test_tells_how_far_behind_everything_is(client):
    text = client.get("/metrics").content.decode()
    for name in ("seal_lag_seconds", "job_lag_seconds", "outbox_age_seconds", "parked_items", "webhooks_off"):
        assert f"\npraya_{name}" in text


def test_is_nothing_to_a_stranger(client):
    assert client.get("/metrics", REMOTE_ADDR="203.0.113.9").status_code == 404


def test_asks_for_its_token_where_there_is_one(client, settings):
    settings.METRICS_TOKEN = "a long word"
    assert client.get("/metrics").status_code == 404
    assert client.get("/metrics", headers={"Authorization": "Bearer a wrong word"}).status_code == 404
    assert client.get("/metrics", headers={"Authorization": "Bearer a long word"}).status_code == 200
