"""The one settings file. What differs between machines comes from the environment; the README lists the variables.

With no variable set this is a development machine: debug pages, embedded servers, keys made once under `.local/`.
"""

import base64
import logging
import os
import secrets
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path
from urllib.parse import urlsplit

from csp.constants import NONE, SELF
from django.contrib.messages import constants as messages
from django.core.exceptions import ImproperlyConfigured
from environs import Env, validate

env = Env()

BASE_DIR = Path(__file__).resolve().parent.parent
LOCAL_DIR = BASE_DIR / ".local"


def kept_secret(name: str, make: Callable[[], str]) -> str:
    """A secret made once for this machine and kept in `.local/<name>`; two processes that start at once agree on it."""
    kept = LOCAL_DIR / name
    if not kept.exists():
        LOCAL_DIR.mkdir(exist_ok=True)
        draft = LOCAL_DIR / f"{name}.{os.getpid()}"
        draft.touch(mode=0o600)
        draft.write_text(make())
        try:
            kept.hardlink_to(draft)
        except FileExistsError:
            pass  # another process was first; its secret counts
        finally:
            draft.unlink()
    return kept.read_text().strip()


def required(name: str, make: Callable[[], str]) -> str:
    """The variable `name`, or a kept secret where DEBUG is on."""
    if value := env.str(name, ""):
        return value
    if DEBUG:
        return kept_secret(name.lower(), make)
    raise ImproperlyConfigured(f"{name} must be set when DEBUG is off.")


# The machine

DEBUG = env.bool("DEBUG", True)
PORT = env.int("PORT", 8000)
BASE_URL = env.str("BASE_URL", f"http://localhost:{PORT}").rstrip("/")
IS_HTTPS = BASE_URL.startswith("https://")
# How many reverse proxies of ours stand before the web process; their X-Forwarded-* headers are believed.
PROXY_COUNT = env.int("PROXY_COUNT", 0)

SECRET_KEY = required("SECRET_KEY", lambda: secrets.token_urlsafe(50))
# Fernet keys; the first encrypts, all decrypt.
FIELD_ENCRYPTION_KEYS = required(
    "FIELD_ENCRYPTION_KEYS", lambda: base64.urlsafe_b64encode(secrets.token_bytes(32)).decode()
).split(",")

ALLOWED_HOSTS = env.list("ALLOWED_HOSTS", [urlsplit(BASE_URL).hostname, *(["localhost", "127.0.0.1"] if DEBUG else [])])
CSRF_TRUSTED_ORIGINS = [BASE_URL]

SECURE_SSL_REDIRECT = IS_HTTPS
SECURE_REDIRECT_EXEMPT = [r"^healthz$", r"^readyz$", r"^metrics$"]
SECURE_HSTS_SECONDS = 365 * 24 * 3600 if IS_HTTPS else 0
SECURE_HSTS_INCLUDE_SUBDOMAINS = IS_HTTPS
SECURE_HSTS_PRELOAD = IS_HTTPS
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if PROXY_COUNT else None
SESSION_COOKIE_SECURE = IS_HTTPS
CSRF_COOKIE_SECURE = IS_HTTPS
CSRF_COOKIE_HTTPONLY = False  # htmx reads the token from the page's own header configuration
X_FRAME_OPTIONS = "DENY"

# The code

INSTALLED_APPS = [
    "tenants",
    "faults",
    "syncing",
    "support",
    "cloud_depot",
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.humanize",
    "whitenoise.runserver_nostatic",
    "django.contrib.staticfiles",
    "allauth",
    "allauth.account",
    "allauth.mfa",
    "allauth.usersessions",
    "csp",
    "django_htmx",
    "rest_framework",
    "drf_spectacular",
    "drf_spectacular_sidecar",
]

MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "cloud_depot.logs.RequestLogMiddleware",
    "csp.middleware.CSPMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "tenants.middleware.ActivityMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "tenants.middleware.TimeZoneMiddleware",
    "support.middleware.VisitMiddleware",
]

ROOT_URLCONF = "cloud_depot.urls"
WSGI_APPLICATION = "cloud_depot.wsgi.application"
ASGI_APPLICATION = "cloud_depot.asgi.application"
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

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
            ],
        },
    },
]

# A message looks like any other notice of static/css/app.css.
MESSAGE_TAGS = {messages.SUCCESS: "good", messages.WARNING: "warn", messages.ERROR: "bad"}

LANGUAGE_CODE = "en-gb"
TIME_ZONE = "UTC"
USE_I18N = False
USE_TZ = True

STATIC_URL = "/static/"
STATIC_ROOT = env.path("STATIC_ROOT", BASE_DIR / "staticfiles")
STATICFILES_DIRS = [BASE_DIR / "static"]
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {
        "BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"
        if DEBUG
        else "whitenoise.storage.CompressedManifestStaticFilesStorage",
    },
}
WHITENOISE_AUTOREFRESH = DEBUG
WHITENOISE_USE_FINDERS = DEBUG

# PostgreSQL and Redis

if not DEBUG and not {"DATABASE_URL", "REDIS_URL"} <= os.environ.keys():
    raise ImproperlyConfigured("DATABASE_URL and REDIS_URL must be set when DEBUG is off.")

# manage.py, bin/demo and the tests bring up embedded servers and set both; without, nobody is at home.
REDIS_URL = env.str("REDIS_URL", "redis://localhost:1/0")
DATABASES = {"default": env.dj_db_url("DATABASE_URL", "postgres://cloud_depot@localhost:1/cloud_depot")}
DATABASES["default"]["CONN_HEALTH_CHECKS"] = True
# A pool is for the web process only: workers and commands hold a plain connection for each thread that needs one.
if pool_size := env.int("DATABASE_POOL_SIZE", 0):
    DATABASES["default"].setdefault("OPTIONS", {}).update(
        # Start-up values, so that the reset (which forgets the account) leads back to them. A page reads little: to
        # start a second process of the database for it takes longer than that process saves.
        options="-c TimeZone=UTC -c max_parallel_workers_per_gather=0",
        pool={
            "min_size": 1,
            "max_size": pool_size,
            "timeout": 10,
            "reset": lambda connection: connection.execute("RESET ALL"),
        },
    )

CACHES = {
    "default": {
        "BACKEND": "django.core.cache.backends.redis.RedisCache",
        "LOCATION": REDIS_URL,
        "KEY_PREFIX": "cloud-depot",
    },
}

CELERY_BROKER_URL = REDIS_URL
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
CELERY_BROKER_TRANSPORT_OPTIONS = {"visibility_timeout": 3600}
CELERY_TIMEZONE = "UTC"
CELERY_TASK_IGNORE_RESULT = True
CELERY_TASK_ACKS_LATE = True
CELERY_TASK_REJECT_ON_WORKER_LOST = True
CELERY_TASK_SOFT_TIME_LIMIT = 15 * 60
CELERY_TASK_TIME_LIMIT = 20 * 60
CELERY_WORKER_PREFETCH_MULTIPLIER = 1
CELERY_WORKER_HIJACK_ROOT_LOGGER = False
CELERY_WORKER_CANCEL_LONG_RUNNING_TASKS_ON_CONNECTION_LOSS = True
# A beat that was missed is not made up for: the next one finds the same accounts due.
CELERY_BEAT_SCHEDULE = {
    "dispatch due accounts": {
        "task": "syncing.tasks.dispatch_due_accounts",
        "schedule": 1,
        "options": {"expires": 5},
    },
    "watch accounts": {
        "task": "syncing.tasks.watch_accounts",
        "schedule": 30,
        "options": {"expires": 30},
    },
    "empty closed accounts": {
        "task": "syncing.tasks.empty_closed_accounts",
        "schedule": 600,
        "options": {"expires": 600},
    },
    "forget old exchanges": {
        "task": "syncing.tasks.forget_old_exchanges",
        "schedule": 3600,
        "options": {"expires": 3600},
    },
    "tidy accounts": {
        "task": "syncing.tasks.tidy_accounts",
        "schedule": 6 * 3600,
        "options": {"expires": 3600},
    },
    "tell members of faults": {
        "task": "faults.tasks.tell_of_faults",
        "schedule": 15,
        "options": {"expires": 15},
    },
}

# Sign-in

# Read from the cache, and kept in the database, which is asked where the cache is away.
SESSION_ENGINE = "django.contrib.sessions.backends.cached_db"

AUTH_USER_MODEL = "tenants.User"
AUTHENTICATION_BACKENDS = ["allauth.account.auth_backends.AuthenticationBackend"]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator", "OPTIONS": {"min_length": 10}},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
    {"NAME": "django.contrib.auth.password_validation.NumericPasswordValidator"},
]
LOGIN_URL = "account_login"
LOGIN_REDIRECT_URL = "/"

ACCOUNT_ADAPTER = "tenants.adapter.AccountAdapter"
ACCOUNT_USER_MODEL_USERNAME_FIELD = None
ACCOUNT_LOGIN_METHODS = {"email"}
ACCOUNT_SIGNUP_FIELDS = ["email*", "password1*"]
ACCOUNT_EMAIL_VERIFICATION = "mandatory"
ACCOUNT_LOGIN_ON_EMAIL_CONFIRMATION = True  # in the browser that signed up, and only there
ACCOUNT_MAX_EMAIL_ADDRESSES = 5
ACCOUNT_EMAIL_NOTIFICATIONS = True
ACCOUNT_EMAIL_SUBJECT_PREFIX = ""
ACCOUNT_DEFAULT_HTTP_PROTOCOL = "https" if IS_HTTPS else "http"
ACCOUNT_REAUTHENTICATION_REQUIRED = True
ACCOUNT_SESSION_REMEMBER = True
ALLAUTH_TRUSTED_PROXY_COUNT = PROXY_COUNT
MFA_ADAPTER = "tenants.adapter.SecondFactorAdapter"
MFA_SUPPORTED_TYPES = ["totp", "recovery_codes"]
MFA_TOTP_ISSUER = "Cloud Depot"
MFA_TOTP_TOLERANCE = 1  # steps of 30 seconds by which a phone's clock may be off, either way
MFA_RECOVERY_CODES_SHOW_ONCE = True
USERSESSIONS_TRACK_ACTIVITY = True

# Mail

vars().update(env.dj_email_url("EMAIL_URL", "console:" if DEBUG else "smtp:"))
DEFAULT_FROM_EMAIL = env.str("DEFAULT_FROM_EMAIL", "Cloud Depot <no-reply@localhost>")
SERVER_EMAIL = DEFAULT_FROM_EMAIL
SUPPORT_EMAIL = env.str("SUPPORT_EMAIL", "support@localhost")

# The partners

XERO_CLIENT_ID = env.str("XERO_CLIENT_ID", "")
XERO_CLIENT_SECRET = env.str("XERO_CLIENT_SECRET", "")
XERO_WEBHOOK_KEY = env.str("XERO_WEBHOOK_KEY", "")
XERO_LOGIN_URL = env.str("XERO_LOGIN_URL", "https://login.xero.com").rstrip("/")
XERO_IDENTITY_URL = env.str("XERO_IDENTITY_URL", "https://identity.xero.com").rstrip("/")
XERO_API_URL = env.str("XERO_API_URL", "https://api.xero.com").rstrip("/")
AUTOTASK_ZONE_URL = env.str("AUTOTASK_ZONE_URL", "https://webservices.autotask.net").rstrip("/")
AUTOTASK_HOST_PATTERN = env.str("AUTOTASK_HOST_PATTERN", r"^webservices\d+\.autotask\.net$")
AUTOTASK_INTEGRATION_CODE = env.str("AUTOTASK_INTEGRATION_CODE", "")
# Where a partner allows other figures than those of syncing/limits.py: "minute=60,day=1000" and "hour=10000,threads=3".
XERO_LIMITS: dict[str, int] = env.dict("XERO_LIMITS", {}, subcast_values=int)
AUTOTASK_LIMITS: dict[str, int] = env.dict("AUTOTASK_LIMITS", {}, subcast_values=int)

# Policies that an operator can shorten. Seconds, except the last, which is money in the invoice's currency.

SYNC_INTERVAL_SECONDS = env.int("SYNC_INTERVAL_SECONDS", 300)
SYNC_REFETCH_SECONDS = tuple(env.list("SYNC_REFETCH_SECONDS", [120, 600], subcast=int))
SYNC_BACKOFF_SECONDS = tuple(env.list("SYNC_BACKOFF_SECONDS", [60, 120, 300, 900, 1800, 3600], subcast=int))
# How long a fault stands before it is looked whether its cause has cleared, and the waits after that.
SYNC_RELEASE_CHECK_SECONDS = tuple(env.list("SYNC_RELEASE_CHECK_SECONDS", [900, 1800, 3600, 7200, 14400], subcast=int))
SYNC_NUMBER_WAIT_SECONDS = env.int("SYNC_NUMBER_WAIT_SECONDS", 600)
SYNC_MAX_ROUNDING_DIFFERENCE = env.decimal("SYNC_MAX_ROUNDING_DIFFERENCE", Decimal("3.00"))

# Pages: nothing inline, nothing from elsewhere. A form may lead to Xero's consent page, which is a redirect of ours.

CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [NONE],
        "script-src": [SELF],
        "style-src": [SELF],
        "img-src": [SELF, "data:"],
        "font-src": [SELF],
        "connect-src": [SELF],
        "manifest-src": [SELF],
        "base-uri": [NONE],
        "form-action": [SELF, "{0.scheme}://{0.netloc}".format(urlsplit(XERO_LOGIN_URL))],
        "frame-ancestors": [NONE],
    },
}

# Who bears it reads /metrics; without one, only this machine does (cloud_depot/metrics.py).

METRICS_TOKEN = env.str("METRICS_TOKEN", "")

# The API. Requests a minute: of a token, and of an address without one.

API_REQUESTS_PER_MINUTE = env.int("API_REQUESTS_PER_MINUTE", 600)
API_ANONYMOUS_REQUESTS_PER_MINUTE = env.int("API_ANONYMOUS_REQUESTS_PER_MINUTE", 60)
REST_FRAMEWORK = {
    "DEFAULT_AUTHENTICATION_CLASSES": ["syncing.api.authentication.TokenAuthentication"],
    "DEFAULT_PERMISSION_CLASSES": ["syncing.api.permissions.AccountPermission"],
    "DEFAULT_THROTTLE_CLASSES": ["syncing.api.throttling.PerMinute"],
    "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
    "DEFAULT_PARSER_CLASSES": ["syncing.api.parsers.ShallowJSONParser"],
    "DEFAULT_SCHEMA_CLASS": "syncing.api.schema.AccountSchema",
    "DEFAULT_METADATA_CLASS": None,
    "EXCEPTION_HANDLER": "syncing.api.problems.handle_exception",
    "NUM_PROXIES": PROXY_COUNT,
    "URL_FORMAT_OVERRIDE": None,
}
SPECTACULAR_SETTINGS = {
    "TITLE": "Cloud Depot",
    "DESCRIPTION": "Carries invoices, credit notes and payments between Autotask and Xero.",
    "VERSION": "1",
    "OAS_VERSION": "3.1.0",
    "SCHEMA_PATH_PREFIX": "/api/v1/",
    "ENUM_NAME_OVERRIDES": {
        "DocumentState": "syncing.states.DocumentState",
        "FaultState": "faults.models.Fault.State",
        "SyncState": "syncing.models.SyncRun.State",
        "PreviewProgress": "syncing.models.Preview.State",
        "AutotaskState": "tenants.models.AutotaskConnection.State",
        "XeroState": "tenants.models.XeroConnection.State",
    },
    "POSTPROCESSING_HOOKS": [
        "drf_spectacular.hooks.postprocess_schema_enums",
        "syncing.api.schema.add_problems",
    ],
    "SERVE_INCLUDE_SCHEMA": False,
    "SWAGGER_UI_DIST": "SIDECAR",
}

DEFAULT_EXCEPTION_REPORTER_FILTER = "cloud_depot.error_reports.ReportFilter"

# Logs, on standard error: JSON in production, lines for people in development. cloud_depot/logs.py has the pieces.
# The HTTP libraries stay above DEBUG, where they would print tokens.

LOG_FORMAT = env.str("LOG_FORMAT", "line" if DEBUG else "json", validate=validate.OneOf(["json", "line"]))
LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "filters": {"context": {"()": "cloud_depot.logs.Context"}, "routes": {"()": "cloud_depot.logs.Routes"}},
    "formatters": {"json": {"()": "cloud_depot.logs.Json"}, "line": {"()": "cloud_depot.logs.Line"}},
    "handlers": {
        "console": {"class": "logging.StreamHandler", "formatter": LOG_FORMAT, "filters": ["context", "routes"]}
    },
    "root": {"handlers": ["console"], "level": "WARNING"},
    "loggers": {
        **{
            name: {"level": env.log_level("LOG_LEVEL", logging.INFO)}
            for name in ("cloud_depot", "tenants", "faults", "syncing", "support")
        },
        "celery": {"level": "INFO"},
        "django": {"handlers": [], "level": "INFO"},
        "django.security.DisallowedHost": {"level": "CRITICAL"},
        "gunicorn.error": {"handlers": ["console"], "level": "INFO", "propagate": False},
        # Our own line of each request tells what these do, and whose it was, without the address.
        "django.request": {"level": "ERROR"},
        "django.server": {"handlers": ["console"], "level": "ERROR", "propagate": False},
        "gunicorn.access": {"level": "CRITICAL"},
    },
}
