"""The admin pages show custody's and clients' rows and change none of them."""

import pytest
from django.test import Client
from django.urls import reverse

from custody import commands
from tests.desk import member
from tests.factories import AccountFactory, House, context

PAGES = ("clients_client", "custody_custodian", "custody_custodyaccount", "custody_block")


@pytest.fixture
def administrator(house: House) -> Client:
    account = AccountFactory()
    commands.block(context(), account=account, reason="case 3")
    browser = Client()
    browser.force_login(member("auditor"))
    return browser


@pytest.mark.parametrize("page", PAGES)
def test_a_list_is_shown_and_nothing_can_be_added(administrator: Client, page: str) -> None:
    assert administrator.get(reverse(f"admin:{page}_changelist")).status_code == 200
    assert administrator.get(reverse(f"admin:{page}_add")).status_code == 403
