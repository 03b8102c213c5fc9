"""All settings, read from the environment once and typed. A missing one says what to do.

Without DATABASE_URL this is the demo: embedded servers, a secret key and a seal key kept in the data
folder. With DATABASE_URL it is production unless PRAYA_DEMO=1, and production guesses nothing.
"""

from datetime import timedelta
from pathlib import Path

import environ
from csp.constants import NONE, SELF
from django.core.exceptions import ImproperlyConfigured

from brokerage.config import database, embedded, folder, logs

env = environ.Env()


def required(name: str, meaning: str) -> str:
    """The value of an environment variable that production cannot do without."""
    value: str = env.str(name, default="")
    if not value:
        raise ImproperlyConfigured(
            f"{name} is not set: {meaning}. Set it, or set PRAYA_DEMO=1 if this is a demonstration, "
            "or unset DATABASE_URL to use the embedded servers. docs/deployment.md lists every setting."
        )
    return value


BASE_DIR: Path = folder.ROOT
DATA_DIR: Path = folder.data_dir()
DEMO: bool = env.bool("PRAYA_DEMO", default=not env.str("DATABASE_URL", default=""))
DEBUG: bool = env.bool("DEBUG", default=False)
if DEBUG and not DEMO:
    raise ImproperlyConfigured("DEBUG shows secrets on error pages. Unset it, or set PRAYA_DEMO=1.")

# Secrets and addresses
SECRET_KEY: str = (
    env.str("SECRET_KEY", default="") or folder.secret("secret-key")
    if DEMO
    else required("SECRET_KEY", "it signs sessions; 50 random characters or more")
)
PRAYA_SEAL_KEY: Path = Path(
    env.str("PRAYA_SEAL_KEY", default="") or folder.seal_key()
    if DEMO
    else required("PRAYA_SEAL_KEY", "the path of the Ed25519 key (PKCS#8 PEM) that signs the ledger's seals")
)
PRAYA_KEYS: str = (
    env.str("PRAYA_KEYS", default="") or folder.vault_keys()
    if DEMO
    else required(
        "PRAYA_KEYS", "keys that encrypt secrets and personal data: id:base64 of 32 bytes, newest first"
    )
)
_HOSTS: str = (
    env.str("ALLOWED_HOSTS", default="localhost,127.0.0.1,[::1]")
    if DEMO
    else required("ALLOWED_HOSTS", "the host names this site answers to, separated by commas")
)
ALLOWED_HOSTS: list[str] = [host for host in map(str.strip, _HOSTS.split(",")) if host]
SITE: str = env.str("PRAYA_SITE", default="").rstrip("/") or (
    f"http://localhost:{env.int('PORT', default=8000)}" if DEMO else f"https://{_HOSTS.split(',')[0].strip()}"
)
CSRF_TRUSTED_ORIGINS: list[str] = [] if DEMO else [f"https://{host}" for host in ALLOWED_HOSTS if host != "*"]

# Rooms, lowest first: a room imports those above it in this list only
ROOMS = [
    "brokerage.ledger",
    "brokerage.jobs",
    "brokerage.access",
    "brokerage.market",
    "brokerage.clients",
    "custody",
    "margin",
    "reporting",
]
INSTALLED_APPS = [
    *ROOMS,  # before Django's own: access refuses createsuperuser and changepassword under their names
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "whitenoise.runserver_nostatic",
    "django.contrib.staticfiles",
    "rest_framework",
    "drf_spectacular",
    "drf_spectacular_sidecar",
    "simple_history",
    "csp",
    "axes",
    "allauth",
    "allauth.account",  # only because allauth.mfa imports it: none of its pages is mounted
    "allauth.mfa",
    "django_htmx",
    "django_structlog",
    "brokerage.http",
    "brokerage.config",
]
MIDDLEWARE = [
    "brokerage.http.middleware.request_id",
    "django_structlog.middlewares.RequestMiddleware",
    "django.middleware.security.SecurityMiddleware",
    "csp.middleware.CSPMiddleware",
    "brokerage.http.middleware.headers",
    "brokerage.http.rest.limits.middleware",
    "brokerage.http.middleware.body_limit",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.locale.LocaleMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "brokerage.http.middleware.session_limits",
    "django_htmx.middleware.HtmxMiddleware",
    "django.contrib.auth.middleware.LoginRequiredMiddleware",
    "brokerage.http.gate.Gate",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "simple_history.middleware.HistoryRequestMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "axes.middleware.AxesMiddleware",
]
ROOT_URLCONF = "brokerage.config.urls"
WSGI_APPLICATION = "brokerage.config.wsgi.application"
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "brokerage.config.urls.demo",
                "brokerage.config.approvals.waiting",
            ],
            "builtins": ["brokerage.http.figures"],
        },
    }
]

# PostgreSQL: the product runs as praya_app; manage.py takes on praya_owner for work on the schema
_SERVERS = embedded.addresses()
DATABASES = {
    "default": database.django_database(
        _SERVERS.database_url,
        role=env.str("PRAYA_DB_ROLE", default=database.APP),
        statement_timeout=env.str("PRAYA_STATEMENT_TIMEOUT", default="60s"),
    )
}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

# Celery: brokerage/config/celery.py holds the rest
CELERY_BROKER_URL: str = _SERVERS.broker_url

# People
AUTH_USER_MODEL = "access.User"
AUTHENTICATION_BACKENDS = [
    "axes.backends.AxesStandaloneBackend",
    "brokerage.access.backends.RoleBackend",
]
PASSWORD_HASHERS = ["django.contrib.auth.hashers.Argon2PasswordHasher"]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": f"django.contrib.auth.password_validation.{name}"}
    for name in ("UserAttributeSimilarityValidator", "CommonPasswordValidator")
] + [
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator", "OPTIONS": {"min_length": 12}}
]
LOGIN_URL = "login"
LOGIN_REDIRECT_URL = "/"
LOGOUT_REDIRECT_URL = "login"
AXES_ENABLED: bool = env.bool("AXES_ENABLED", default=True)
if not AXES_ENABLED and not DEMO:
    raise ImproperlyConfigured("AXES_ENABLED=0 lets passwords be guessed. Unset it, or set PRAYA_DEMO=1.")
AXES_VERBOSE = False
AXES_FAILURE_LIMIT = 5
AXES_COOLOFF_TIME = 0.25  # hours
AXES_LOCKOUT_PARAMETERS = [["username", "ip_address"]]
AXES_HANDLER = "brokerage.access.lockout.Handler"
AXES_CLIENT_IP_CALLABLE = "brokerage.access.address.first_of_network"
AXES_RESET_COOL_OFF_ON_FAILURE_DURING_LOCKOUT = False
AXES_DISABLE_ACCESS_LOG = True  # brokerage.access.models.SignIn tells who came and went
AXES_SENSITIVE_PARAMETERS = ["username", "ip_address", "password", "code", "credential"]
AXES_LOCKOUT_CALLABLE = "brokerage.http.problems.locked_out"
CSRF_FAILURE_VIEW = "brokerage.http.problems.csrf_failure"
STAFF_IDLE = timedelta(minutes=15)
STAFF_SESSION = timedelta(hours=8)
CLIENT_IDLE = timedelta(minutes=20)
CLIENT_SESSION = timedelta(hours=8)
MFA_ADAPTER = "brokerage.access.factors.Adapter"
MFA_SUPPORTED_TYPES = ["totp", "webauthn", "recovery_codes"]
MFA_WEBAUTHN_USER_VERIFICATION = "required"  # so that a passkey is two factors by itself
PRAYA_PROXIES: int = env.int("PRAYA_PROXIES", default=int(env.bool("PRAYA_BEHIND_TLS_PROXY", default=False)))

# Mail: notices about logins
_MAIL: str = (
    env.str("EMAIL_URL", default="") or f"filemail:///{DATA_DIR / 'mail'}"
    if DEMO
    else required(
        "EMAIL_URL", "where notices about logins are sent, such as smtp+tls://user:word@mail.example:587"
    )
)
vars().update(environ.Env.email_url_config(_MAIL))
DEFAULT_FROM_EMAIL: str = env.str("PRAYA_MAIL_FROM", default="praya@localhost")

# What a browser may do with our pages
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [NONE],
        "script-src": [SELF],
        "style-src": [SELF],
        "img-src": [SELF, "data:"],  # bootstrap's css draws its arrows, ticks and crosses as data: svg
        "font-src": [SELF],
        "connect-src": [SELF],
        "base-uri": [NONE],
        "form-action": [SELF],
        "frame-ancestors": [NONE],
    }
}
X_FRAME_OPTIONS = "DENY"
SECURE_REFERRER_POLICY = "same-origin"
SESSION_COOKIE_AGE = 8 * 3600
SESSION_COOKIE_SAMESITE = CSRF_COOKIE_SAMESITE = "Lax"
CSRF_COOKIE_HTTPONLY = True
SECURE = not DEMO
SECURE_SSL_REDIRECT = SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = SECURE
SECURE_REDIRECT_EXEMPT = [r"^healthz$", r"^readyz$"]  # load balancers ask inside, without TLS
SESSION_COOKIE_NAME = "__Host-session" if SECURE else "praya-session"
CSRF_COOKIE_NAME = "__Host-csrf" if SECURE else "praya-csrf"
SECURE_HSTS_SECONDS = 365 * 86400 if SECURE else 0
SECURE_HSTS_INCLUDE_SUBDOMAINS = SECURE_HSTS_PRELOAD = SECURE
if env.bool("PRAYA_BEHIND_TLS_PROXY", default=False):
    SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
DATA_UPLOAD_MAX_MEMORY_SIZE = 10 * 2**20
FILE_UPLOAD_MAX_MEMORY_SIZE = 11 * 2**20  # a document of 10 MB and its form; larger bodies are never read
FILE_UPLOAD_HANDLERS = ["django.core.files.uploadhandler.MemoryFileUploadHandler"]  # no personal data in /tmp

# Time and language
USE_TZ = True
TIME_ZONE = "UTC"
LANGUAGE_CODE = "en"
LANGUAGES = [("en", "English"), ("zh-hant", "繁體中文"), ("zh-hans", "简体中文")]
LOCALE_PATHS = [BASE_DIR / "brokerage/config/locale"]

# Files
STATIC_URL = "static/"
STATIC_ROOT = BASE_DIR / "staticfiles"
STATICFILES_DIRS = [BASE_DIR / "brokerage/http/static"]
WHITENOISE_USE_FINDERS = DEMO
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {
        "BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"
        if DEMO
        else "whitenoise.storage.CompressedManifestStaticFilesStorage"
    },
}

# REST edge: brokerage/http/rest holds the rest
REST_FRAMEWORK = {
    "UNAUTHENTICATED_USER": "django.contrib.auth.models.AnonymousUser",
    "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
    "DEFAULT_PARSER_CLASSES": ["rest_framework.parsers.JSONParser"],  # RestView names its own
}
SPECTACULAR_SETTINGS = {
    "TITLE": "Praya",
    "DESCRIPTION": "Clients, accounts, margin and the ledger of a broker. docs/api.md tells the rules once.",
    "VERSION": "1",
    "OAS_VERSION": "3.1.1",
    "SCHEMA_PATH_PREFIX": "/api/v1",
    "COMPONENT_SPLIT_REQUEST": True,
    "POSTPROCESSING_HOOKS": [
        "drf_spectacular.hooks.postprocess_schema_enums",
        "brokerage.http.rest.schema.closed",
    ],
    "SWAGGER_UI_DIST": "SIDECAR",
    "SWAGGER_UI_FAVICON_HREF": "SIDECAR",
}
REST_QUOTA_ADDRESS: int = env.int("PRAYA_QUOTA_ADDRESS", default=1200)  # requests a minute
REST_QUOTA_LOGIN: int = env.int("PRAYA_QUOTA_LOGIN", default=600)
METRICS_TOKEN: str = env.str("PRAYA_METRICS_TOKEN", default="")  # without: this machine only
WEBHOOKS_ANYWHERE: bool = DEMO  # otherwise https to public addresses on port 443 only
FEED_OWNERS = "brokerage.config.owners.of"
FEED_WAITERS: int = env.int("PRAYA_FEED_WAITERS", default=3)  # threads of a web process that may wait

LOGGING = logs.logging_config(as_json=not DEMO, level=env.str("LOG_LEVEL", default="INFO"))
