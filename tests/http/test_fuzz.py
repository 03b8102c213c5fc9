"""schemathesis with every check on, against the product as a WSGI application with real data.

PRAYA_FUZZ is the number of examples an operation gets; `make fuzz` takes more.
"""

import os
from datetime import timedelta
from unittest import SkipTest
from uuid import uuid4

import pytest
import schemathesis
from django.core.wsgi import get_wsgi_application
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis.errors import Unsatisfiable
from schemathesis import GenerationMode
from schemathesis.config import SchemathesisConfig

from brokerage.access import keys, queries
from brokerage.access.models import ApiKey
from brokerage.access.rules import Perm
from brokerage.ledger import seams
from tests.factories import context
from tests.http import callers

EXAMPLES = int(os.environ.get("PRAYA_FUZZ", "6"))
CONFIG = SchemathesisConfig.from_dict(
    {
        "checks": {
            # A request that fits the schema may still ask for what a rule refuses, or for an old version.
            "positive_data_acceptance": {
                "expected-statuses": ["2xx", "400", "401", "403", "404", "409", "412", "422"]
            },
            # What is for a client's login alone is refused to a key whatever it sends.
            "negative_data_rejection": {
                "expected-statuses": ["400", "403", "404", "405", "406", "415", "422"]
            },
        }
    }
)


@pytest.fixture
def key(transactional_db, settings, monkeypatch):
    """A key worth more than any may be, so that every operation is reached."""
    monkeypatch.setattr(queries, "rights_of_key", lambda key: key.scoped)
    settings.REST_QUOTA_LOGIN = settings.REST_QUOTA_ADDRESS = 10**7
    callers.opened()
    made = ApiKey.objects.create(
        id=uuid4(),
        name="fuzz",
        prefix="abcdefghij",
        scopes=[str(each) for each in Perm],
        networks=[],
        person=callers.staff("operations", "credit", "compliance").user.person,
        expires_at=seams.now() + timedelta(days=1),
    )
    return {"Authorization": f"Bearer {keys.fetch(context(maker=made.person), made.id)}"}


def test_no_request_breaks_the_contract(key):
    application = get_wsgi_application()
    schema = schemathesis.openapi.from_wsgi("/api/v1/openapi.json", application, headers=key, config=CONFIG)
    failures, seen = [], 0
    for result in schema.get_all_operations():
        operation = result.ok()
        seen += 1
        for mode in GenerationMode:
            failures += _broken(operation, mode, key)
    assert seen > 20
    assert failures == []


def _broken(operation, mode, headers):
    """The failures of one operation, as text; empty when it keeps the contract."""

    @settings(
        max_examples=EXAMPLES,
        deadline=None,
        database=None,
        derandomize=True,
        phases=[Phase.explicit, Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(case=operation.as_strategy(generation_mode=mode))
    def probe(case):
        case.call_and_validate(headers=headers)

    try:
        probe()
    except (SkipTest, Unsatisfiable):
        return []  # nothing in the operation can be wrong
    except Exception as failure:
        return [f"{operation.label}: {failure}"[:1500]]
    return []
