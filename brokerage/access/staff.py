"""Staff come and go: log in, log out, change one's password."""

from django.contrib.auth import views
from django.contrib.auth.decorators import login_not_required
from django.contrib.auth.forms import AuthenticationForm
from django.urls import path

from brokerage.http.gate import allow_any_staff

from .models import User


class StaffLogin(AuthenticationForm):
    """User name and password of a member of staff; every refusal reads the same."""

    def confirm_login_allowed(self, user: User) -> None:
        """Refuse a client's login with the words of a wrong password."""
        super().confirm_login_allowed(user)
        if not user.is_staff:
            raise self.get_invalid_login_error()


log_in = views.LoginView.as_view(
    template_name="staff/access/login.html", authentication_form=StaffLogin, redirect_authenticated_user=True
)
log_out = login_not_required(views.LogoutView.as_view())
password = allow_any_staff(
    views.PasswordChangeView.as_view(template_name="staff/access/password.html", success_url="/staff/")
)

urlpatterns = [
    path("login/", log_in, name="login"),
    path("logout/", log_out, name="logout"),
    path("password/", password, name="password"),
]
