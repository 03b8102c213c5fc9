"""Celery's settings: each guards against a way of losing or doubling work that was measured."""

import pytest
from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from kombu.exceptions import ContentDisallowed, EncodeError
from kombu.serialization import loads

from brokerage.config import celery, preflight


class TestTheWorker:
    def test_gives_back_what_a_dead_process_held(self) -> None:
        assert celery.app.conf.task_acks_late
        assert celery.app.conf.task_reject_on_worker_lost
        assert celery.app.conf.worker_prefetch_multiplier == 1

    def test_ends_a_task_before_the_broker_hands_it_out_again(self) -> None:
        conf = celery.app.conf
        assert conf.task_soft_time_limit < conf.task_time_limit < celery.VISIBILITY_S

    def test_keeps_no_results(self) -> None:
        assert celery.app.conf.task_ignore_result
        assert celery.app.conf.result_backend is None

    def test_takes_json_only(self) -> None:
        with pytest.raises(ContentDisallowed):
            loads(
                b"cos\nsystem\n", "application/x-python-serialize", "binary", celery.app.conf.accept_content
            )

    def test_does_not_start_on_a_forgetful_database(self, monkeypatch: pytest.MonkeyPatch) -> None:
        def refuse() -> None:
            raise ImproperlyConfigured("fsync=off")

        monkeypatch.setattr(preflight, "check", refuse)
        with pytest.raises(ImproperlyConfigured):
            celery.refuse_unsafe_database()


class TestPublishing:
    def test_is_confirmed_by_rabbitmq_and_never_hangs(self) -> None:
        options = celery.transport_options("amqp://broker")
        assert options["confirm_publish"] is True
        assert 0 < options["confirm_timeout"] <= 5

    def test_gives_up_after_a_bounded_time(self) -> None:
        policy = celery.app.conf.task_publish_retry_policy
        assert policy["max_retries"] * policy["interval_max"] <= 5

    def test_refuses_a_queue_nobody_declared(self) -> None:
        assert celery.app.conf.task_create_missing_queues is False
        assert set(celery.app.amqp.queues) == set(celery.QUEUES)

    def test_refuses_what_is_not_json(self) -> None:
        @celery.app.task(name="tests.echo")
        def echo(value: object) -> None:
            """Never run: only published."""

        with celery.app.connection_for_write("memory://") as link, pytest.raises(EncodeError):
            echo.apply_async((object(),), connection=link)


class TestTheSchedule:
    def test_names_only_tasks_that_exist_and_queues_that_are_served(self) -> None:
        celery.app.loader.import_default_modules()
        for name, entry in celery.schedule().items():
            assert entry["task"] in celery.app.tasks, name
            assert entry.get("options", {}).get("queue", celery.REVAL) in celery.QUEUES, name

    def test_is_collected_from_the_rooms_in_settings(self) -> None:
        assert settings.ROOMS
        assert celery.app.conf.beat_schedule == celery.schedule()
