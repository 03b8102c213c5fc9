"""Staff for tests of desk pages, and the statement of who may see what that the product is held to."""

from django.contrib.auth.models import Group

from brokerage.access import sign_in
from brokerage.access.models import SignIn, User
from brokerage.ledger import seams

PASSWORD = "seven plain words make a fence"
SEES = {
    "operations": {"see_access", "make_access"}
    | {"see_margin", "see_ledger", "see_jobs", "see_reference", "see_approvals", "see_accounts"}
    | {"make_calls", "make_sales", "make_prices", "make_statuses", "make_authorities"}
    | {"make_payments", "make_trades", "make_webhooks"}
    | {"see_personal", "see_onboarding", "make_clients"},
    "operations-checker": {"see_access", "approve_access"}
    | {
        "see_margin",
        "see_ledger",
        "see_jobs",
        "see_reference",
        "see_approvals",
        "see_accounts",
    }
    | {"approve_calls", "approve_sales", "approve_prices", "approve_statuses", "approve_authorities"}
    | {"approve_webhooks"}
    | {"see_personal", "see_onboarding", "approve_clients"},
    "credit": {"see_margin", "see_ledger", "see_reference", "see_approvals", "see_accounts"}
    | {"make_limits", "make_write_offs", "make_policies", "make_calls", "approve_limits"}
    | {"see_personal", "see_onboarding"},
    "compliance": {"see_access", "make_access", "approve_access"}
    | {"see_margin", "see_ledger", "see_reference", "see_approvals", "see_accounts"}
    | {"see_restricted"}
    | {"make_statuses", "approve_statuses", "approve_policies", "approve_limits", "approve_write_offs"}
    | {"see_personal", "see_onboarding", "approve_clients"}
    | {"make_agreements", "approve_agreements", "make_erasures", "approve_erasures"},
    "auditor": {"see_access"}
    | {"see_margin", "see_ledger", "see_jobs", "see_reference", "see_approvals", "see_accounts"}
    | {"see_onboarding"},
    "client": set(),
    "machine": set(),
}
"""What each role holds, said a second time so that a slip in access.rules.ROLES is seen."""
for _staff in ("operations", "operations-checker", "credit", "compliance", "auditor"):
    SEES[_staff] |= {"see_clients"} | (set() if _staff == "auditor" else {"raise_alerts"})
SEES["operations"] |= {"make_watch", "make_hits"}
SEES["operations-checker"] |= {"approve_watch"}
SEES["compliance"] |= {"make_watch", "approve_watch", "make_hits", "approve_hits", "manage_cases"}
PAGES = {
    "margin": "see_margin",
    "margin-account": "see_margin",
    "policy": "see_reference",
    "prices": "see_reference",
    "prices-set": "see_reference",
    "ledger": "see_ledger",
    "ledger-entry": "see_ledger",
    "ledger-event": "see_ledger",
    "logins": "see_access",
    "login-page": "see_access",
    "login-change": "make_access",
    "keys": "see_access",
    "key-new": "make_access",
    "key-fetch": "make_access",
    "key-revoke": "make_access",
    "jobs": "see_jobs",
    "jobs-runs": "see_jobs",
    "webhooks": "see_jobs",
    "webhook": "see_jobs",
    "webhook-new": "make_webhooks",
    "webhook-change": "make_webhooks",
    "webhook-secret": "make_webhooks",
    "onboarding": "see_onboarding",
    "onboarding-application": "see_onboarding",
    "onboarding-document": "see_personal",
    "onboarding-credit": "make_limits",
    **{
        f"onboarding-{act}": "make_clients"
        for act in ("identify", "classify", "knowledge", "transfer", "approve", "return", "refuse")
    },
    "margin-limit": "make_limits",
    "margin-extend": "make_calls",
    "margin-dispute": "make_calls",
    "margin-cancel": "make_calls",
    "margin-approve-sale": "make_sales",
    "margin-stop-sale": "make_sales",
    "margin-write-off": "make_write_offs",
    "policy-propose": "make_policies",
    "prices-release": "make_prices",
    "admin-logout": "see_reference",
    "admin-password": "see_reference",
    "admin-password-done": "see_reference",
    "approvals": "see_approvals",
    "approvals-approve": "see_approvals",
    "approval": "see_approvals",
    "approval-decide": "see_approvals",
}
_WATCHED = {
    "see_clients": "clients client client-reviews client-hits client-groups standing-authorities complaints"
    " complaint person standing-authority",
    "make_hits": "client-hit person-clear person-confirm person-screen",
    "make_statuses": "client-close client-status client-hold client-lift person-death"
    " person-insolvency person-withdraw",
    "make_authorities": "client-attorney client-end-authority client-grant client-mandate",
    "make_watch": "client-circumstances client-review-set client-review-do client-group-join"
    " client-group-leave client-group-new client-authority-give authority-announce authority-object"
    " authority-renew authority-revoke complaint-new complaint-acknowledge complaint-answer complaint-close",
    "manage_cases": "cases case case-evidence case-paper case-note case-report case-propose case-close"
    " alert-open alert-dismiss",
    "raise_alerts": "client-alert",
    "see_onboarding": "agreements agreement-text",
    "make_clients": "client-amend client-reclassify person-new person-paper person-correct person-certify"
    " person-invite",
    "make_limits": "client-reassess",
    "make_agreements": "agreement-publish",
    "make_erasures": "person-hold person-release person-erase",
}
PAGES |= {page: permission for permission, pages in _WATCHED.items() for page in pages.split()}
"""Each desk page and what it asks for; a page missing here fails test_gate."""
OWN_LOGIN = {"security"} | {
    f"security-{part}" for part in ("app", "passkey", "codes", "remove", "end", "contact")
}
ANY_STAFF = {"root", "home", "password"} | OWN_LOGIN | {"confirm"}
PORTAL = {
    "root",
    "portal",
    "portal-password",
    "portal-confirm",
    "portal-keys",
    "portal-key-new",
    "portal-key-revoke",
} | {f"portal-{name}" for name in OWN_LOGIN}
PORTAL |= {"portal-apply", "portal-amend", "portal-profile", "portal-application"} | {
    f"portal-application-{part}" for part in ("step", "remove", "agreements", "decide", "others")
}
PORTAL |= {"portal-authorities", "portal-authority-give", "portal-authority"}
PORTAL |= {"portal-complaints", "portal-complain"}
"""Pages that a client's login opens; add portal pages here. Only the root is open to staff as well."""
PUBLIC = (
    {"portal-sign-up", "portal-join"}
    | {"healthz", "readyz", "metrics", "llms", "set_language", "admin-login"}
    | {
        f"{face}{name}"
        for face in ("", "portal-")
        for name in ("login", "logout", "login-code", "login-passkey", "choose-password")
    }
)


def proved(log_in):
    """Django's way around the log-in form, for tests: as if a second factor had been shown at the door."""

    def through_the_door(browser, user, backend=None):
        log_in(browser, user, backend)
        now = seams.now()
        stay = SignIn.objects.create(user=user, device="test", began_at=now, seen_at=now)
        session = browser.session
        session[sign_in.STAY] = str(stay.id)
        session[sign_in.CONFIRMED] = now.isoformat()
        session[sign_in.PASSWORD_AT] = int(now.timestamp())
        session.save()

    return through_the_door


def member(*roles: str, name: str = "staff", staff: bool = True) -> User:
    """A login with these roles; `staff=False` makes a client's."""
    user = User.objects.create_user(name, password=PASSWORD, is_staff=staff)
    for role in roles:
        group, _ = Group.objects.get_or_create(name=role)  # a flushed test database has lost them
        user.groups.add(group)
    return user
