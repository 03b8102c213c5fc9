import pytest
from django.apps import apps
from django.contrib import admin

from tests import desk

SHOWN = [model for model in apps.get_app_config("market").get_models() if admin.site.is_registered(model)]


@pytest.fixture
def admin_user(db):
    """Who may look at reference data; pytest-django's own would be a superuser, whom the database refuses."""
    return desk.member("auditor")


def test_reference_data_can_be_looked_at():
    assert {model.__name__ for model in SHOWN} >= {"Instrument", "PriceSet", "Quarantine", "Closure"}


@pytest.mark.parametrize("model", SHOWN)
def test_nobody_writes_through_the_admin_site(model, rf, admin_user):
    request = rf.get("/")
    request.user = admin_user
    site = admin.site.get_model_admin(model)
    for page in (site, *site.get_inline_instances(request)):
        assert page.has_view_permission(request)
        assert not page.has_add_permission(request, None)
        assert not page.has_change_permission(request)
        assert not page.has_delete_permission(request)


@pytest.mark.parametrize("model", SHOWN)
def test_each_list_opens(model, admin_client):
    answer = admin_client.get(f"/admin/market/{model._meta.model_name}/")
    assert answer.status_code == 200
