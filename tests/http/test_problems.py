import pytest
from django.contrib.auth.decorators import login_not_required
from django.test import Client
from django.urls import path

from brokerage.config import urls

SECRET = "the-password-of-the-database"


@login_not_required
def breaks(request):
    raise RuntimeError(SECRET)


urlpatterns = [*urls.urlpatterns, path("breaks/", breaks)]
handler400, handler403, handler404, handler500 = (
    urls.handler400,
    urls.handler403,
    urls.handler404,
    urls.handler500,
)


@pytest.fixture
def browser(db, settings):
    settings.ROOT_URLCONF = __name__
    return Client(raise_request_exception=False)


class TestAProblem:
    @pytest.mark.parametrize(("address", "status"), [("/nothing", 404), ("/breaks/", 500)])
    def test_is_told_with_the_request_and_without_the_inside(self, browser, address, status):
        answer = browser.get(address)
        page = answer.content.decode()
        assert answer.status_code == status
        assert answer["X-Request-ID"] in page
        assert SECRET not in page
        assert "Traceback" not in page

    def test_of_a_stale_form_says_what_to_do(self, db):
        answer = Client(enforce_csrf_checks=True).post("/staff/login/", {"username": "x", "password": "y"})
        assert answer.status_code == 403
        assert "out of date" in answer.content.decode()
