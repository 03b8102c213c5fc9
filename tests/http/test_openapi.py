"""The OpenAPI document: whole, closed and true."""

import json

import pytest
from drf_spectacular.validation import validate_schema

from tests.http.callers import staff

COMMANDS = {"post"}


@pytest.fixture
def document(db):
    answer = staff("auditor").get("openapi.json")
    assert answer.status_code == 200, answer.content
    return json.loads(answer.content)


def operations(document):
    return [
        (path, method, operation)
        for path, methods in document["paths"].items()
        for method, operation in methods.items()
    ]


def test_is_valid_openapi_3_1(document):
    assert document["openapi"].startswith("3.1")
    validate_schema(document)


def test_says_of_each_operation_who_may_what_it_answers_and_how_it_refuses(document):
    for path, _method, operation in operations(document):
        assert operation["summary"], path
        assert operation["security"], path
        problems = {status for status in operation["responses"] if status >= "400"}
        assert problems >= {"400", "401", "403", "404", "429", "500"}, path


def test_every_command_asks_for_a_key(document):
    for path, method, operation in operations(document):
        if method in COMMANDS:
            headers = {each["name"]: each for each in operation["parameters"] if each["in"] == "header"}
            assert headers["Idempotency-Key"]["required"], path


TAKES_A_VERSION = {
    "AccountWithdraw": True,
    "OpenCase": True,
    "GiveAuthority": True,
    "RaiseAlert": False,
    "ApplicationStart": False,
    "ReceiveComplaint": False,
    "FormGroup": False,
    "WebhookAdd": False,
}


def test_if_match_is_offered_where_it_is_taken(document):
    offered = {
        operation["operationId"]: any(each["name"] == "If-Match" for each in operation["parameters"])
        for _path, method, operation in operations(document)
        if method in COMMANDS
    }
    assert {name: offered[name] for name in TAKES_A_VERSION} == TAKES_A_VERSION


def test_the_feed_is_described_with_its_stream(document):
    feed = document["paths"]["/api/v1/events"]["get"]
    assert set(feed["responses"]["200"]["content"]) == {"application/json", "text/event-stream"}
    assert "content" not in feed["responses"]["204"]
    assert set(feed["responses"]["503"]["content"]) == {"application/problem+json"}
    (resumed,) = (each for each in feed["parameters"] if each["in"] == "header")
    assert (resumed["name"], resumed.get("required", False)) == ("Last-Event-ID", False)


def test_names_are_unique_and_objects_closed(document):
    names = [operation["operationId"] for _path, _method, operation in operations(document)]
    assert len(names) == len(set(names))
    for name, schema in document["components"]["schemas"].items():
        if schema.get("type") == "object":
            assert schema["additionalProperties"] is False, name


def test_the_pages_to_try_it_need_a_login_and_no_inline_script(client, db):
    stranger = client.get("/api/v1/docs")
    assert (stranger.status_code, stranger["Content-Type"]) == (401, "application/problem+json")
    page = staff("auditor").http.get("/api/v1/docs")
    assert page.status_code == 200
    text = page.content.decode()
    assert "<script>" not in text
    assert "https://" not in text.split("<body>")[1]
    assert "unsafe-inline" not in page["Content-Security-Policy"]


def test_the_guide_for_language_models_is_open(client, db):
    answer = client.get("/llms.txt")
    assert answer.status_code == 200
    assert "/api/v1/openapi.json" in answer.content.decode()
