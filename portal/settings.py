"""One settings file that runs with no environment at all: the embedded profile.

Production is an environment (deploy/production.env.example) plus portal/checks.py, which
refuses embedded parts, made-up secrets and DEBUG.
"""

import re
from datetime import timedelta
from pathlib import Path
from urllib.parse import urlsplit

import dj_database_url
from celery.schedules import schedule
from django.utils.translation import gettext_lazy as _

from portal import env

BASE_DIR = Path(__file__).resolve().parent.parent
VAR = Path(env.text("RECLAIM_VAR", str(BASE_DIR / "var")))
VAR.mkdir(parents=True, exist_ok=True, mode=0o700)

PROFILE = env.text("RECLAIM_PROFILE", "embedded")
VERSION = re.findall(
    r"^## (\S+)", (BASE_DIR / "CHANGELOG.md").read_text("utf-8"), re.MULTILINE
)[0]

# -- secrets ---------------------------------------------------------------------------
SECRETS = VAR / "secrets"
SECRET_KEY = env.secret("SECRET_KEY", SECRETS)
# Salts the passphrases of this installation. Lost or changed, no passphrase opens a case.
PASSPHRASE_SALT = env.secret("PASSPHRASE_SALT", SECRETS)
# Makes match ids opaque and different for every platform.
MATCH_ID_KEY = env.secret("MATCH_ID_KEY", SECRETS)

# -- the web ---------------------------------------------------------------------------
DEBUG = env.flag("DEBUG", default=False)
ALLOWED_HOSTS = env.listed("ALLOWED_HOSTS", "localhost,127.0.0.1,[::1]")
CSRF_TRUSTED_ORIGINS = env.listed("CSRF_TRUSTED_ORIGINS")
HTTPS = env.flag("HTTPS", default=PROFILE == "production")
ROOT_URLCONF = "portal.urls"
WSGI_APPLICATION = "portal.wsgi.application"
INSTALLED_APPS = [
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "allauth",
    "allauth.account",
    "allauth.mfa",
    "rest_framework",
    "drf_spectacular",
    "portal.accounts",
    "portal.platforms",
    "portal.cases",
    "portal.bank",
    "portal.sightings",
    "portal.notices",
    "portal.exchange",
    "portal.intake",
    "portal.desk",
    "portal.public",
]
MIDDLEWARE = [
    "portal.middleware.headers",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "django.middleware.security.SecurityMiddleware",
    "portal.middleware.bounded",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.locale.LocaleMiddleware",
    "django.middleware.common.CommonMiddleware",
    "portal.csrf.CsrfMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "allauth.account.middleware.AccountMiddleware",
]
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "portal" / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.template.context_processors.i18n",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
            ]
        },
    }
]
STATIC_URL = "/static/"
STATIC_ROOT = Path(env.text("STATIC_ROOT", str(BASE_DIR / "staticfiles")))
STATICFILES_DIRS: list[Path | tuple[str, Path]] = [BASE_DIR / "portal" / "static"]
if (BASE_DIR / "node_modules" / "echarts" / "dist").is_dir():
    STATICFILES_DIRS.append(("echarts", BASE_DIR / "node_modules" / "echarts" / "dist"))

# Of the letters as PDF files. Without them letters are shown on the screen only.
FONTS = BASE_DIR / "node_modules" / "@fontsource"

# Not collected (a fresh clone, the tests): files are served from where they lie.
COLLECTED = (STATIC_ROOT / "staticfiles.json").exists()
WHITENOISE_AUTOREFRESH = WHITENOISE_USE_FINDERS = not COLLECTED

WHITENOISE_KEEP_ONLY_HASHED_FILES = True
WHITENOISE_SKIP_COMPRESS_EXTENSIONS = ("png", "ico", "woff2", "map")

MAX_UPLOAD_BYTES = 25 * 2**20
MAX_REQUEST_BYTES = MAX_UPLOAD_BYTES + 2**20
# An upload is held in memory and sealed from there: it never lies on a disk in clear.
FILE_UPLOAD_HANDLERS = ["django.core.files.uploadhandler.MemoryFileUploadHandler"]
FILE_UPLOAD_MAX_MEMORY_SIZE = MAX_REQUEST_BYTES
DATA_UPLOAD_MAX_MEMORY_SIZE = 2 * 2**20

SECURE_REFERRER_POLICY = (
    "no-referrer"  # what this does to our own forms: portal/csrf.py
)
SECURE_CROSS_ORIGIN_OPENER_POLICY = "same-origin"
SECURE_CONTENT_TYPE_NOSNIFF = True
SECURE_SSL_REDIRECT = HTTPS
SECURE_HSTS_SECONDS = 31_536_000 if HTTPS else 0
SECURE_HSTS_INCLUDE_SUBDOMAINS = HTTPS
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if HTTPS else None
X_FRAME_OPTIONS = "DENY"
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = HTTPS
SESSION_COOKIE_HTTPONLY = CSRF_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = CSRF_COOKIE_SAMESITE = "Strict"
CSRF_COOKIE_AGE = None  # no cookie outlives the browser's window
SESSION_ENGINE = "portal.sessions"
SESSION_COOKIE_AGE = 15 * 60
SESSION_SAVE_EVERY_REQUEST = True
SESSION_EXPIRE_AT_BROWSER_CLOSE = True
CSRF_FAILURE_VIEW = "portal.intake.views.csrf_failure"
# The portal's address inside Tor, told to visitors who come without it. Off if empty.
ONION_LOCATION = env.text("ONION_LOCATION").rstrip("/")

AUTH_USER_MODEL = "accounts.User"
LOGIN_URL = "desk:login"
LOGIN_REDIRECT_URL = "desk:queue"
LOGOUT_REDIRECT_URL = "desk:login"
PASSWORD_HASHERS = ["django.contrib.auth.hashers.Argon2PasswordHasher"]
AUTH_PASSWORD_VALIDATORS = [
    {
        "NAME": "django.contrib.auth.password_validation.MinimumLengthValidator",
        "OPTIONS": {"min_length": 12},
    },
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
]

# -- the second factor -----------------------------------------------------------------
# Of django-allauth only the factors: none of its pages is mounted, nobody signs up, no
# address is verified. Its limits count IP addresses: off. portal/accounts/pacing.py counts
# names. `allauth.usersessions`, which stores addresses and browsers, is not installed.
ACCOUNT_RATE_LIMITS = MFA_RATE_LIMITS = False
ACCOUNT_LOGIN_METHODS = {"username"}
ACCOUNT_SIGNUP_FIELDS = ["username*", "password1*"]
ACCOUNT_EMAIL_VERIFICATION = "none"
ACCOUNT_EMAIL_NOTIFICATIONS = False
MFA_ADAPTER = "portal.accounts.second_factor.Adapter"
MFA_SUPPORTED_TYPES = ["totp", "webauthn", "recovery_codes"]
MFA_PASSKEY_LOGIN_ENABLED = False  # the password opens the worker's key
MFA_TOTP_ISSUER = "Reclaim"
MFA_TOTP_PERIOD = 30  # seconds
MFA_TOTP_TOLERANCE = 1  # a code late or early by one period is taken, once

# -- state -----------------------------------------------------------------------------
DATABASE_URL = env.text("DATABASE_URL", f"sqlite:///{VAR / 'reclaim.sqlite3'}")
DATABASES = {"default": dj_database_url.parse(DATABASE_URL)}
if DATABASES["default"]["ENGINE"] == "django.db.backends.sqlite3":
    # Writers queue at BEGIN instead of failing in the middle; readers never wait.
    DATABASES["default"]["OPTIONS"] = {
        "timeout": 30,
        "transaction_mode": "IMMEDIATE",
        "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL;"
        " PRAGMA foreign_keys=ON; PRAGMA secure_delete=ON;"
        # Reads go to the kernel's pages, which all connections share, not to copies.
        f" PRAGMA mmap_size={2**31};",
    }
    # A file, not memory: tests look at it from other processes.
    DATABASES["default"]["TEST"] = {"NAME": str(VAR / "test.sqlite3")}
else:
    DATABASES["default"]["CONN_HEALTH_CHECKS"] = True
# To open SQLite for each request took longer than to answer it. What its log keeps is
# emptied by the clock: see cases.tasks.sweep_receipts.
DATABASES["default"]["CONN_MAX_AGE"] = 60

CACHE_URL = env.text("CACHE_URL", "locmem://")
CACHES = {
    "default": {"BACKEND": "django.core.cache.backends.locmem.LocMemCache"}
    if CACHE_URL == "locmem://"
    else {
        "BACKEND": "django.core.cache.backends.redis.RedisCache",
        "LOCATION": CACHE_URL,
    }
}

EVIDENCE_URL = env.text("EVIDENCE_URL", f"file://{VAR / 'evidence'}")
_evidence = urlsplit(EVIDENCE_URL)
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.InMemoryStorage"},
    "staticfiles": {
        "BACKEND": "portal.static_files.NamedByContent"
        if COLLECTED
        else "django.contrib.staticfiles.storage.StaticFilesStorage"
    },
    # Sealed bytes only: portal/cases/evidence.py is the one door.
    "evidence": {
        "BACKEND": "django.core.files.storage.FileSystemStorage",
        "OPTIONS": {
            "location": _evidence.path,
            "file_permissions_mode": 0o600,
            "directory_permissions_mode": 0o700,
        },
    }
    if _evidence.scheme == "file"
    else {
        # Keys and region come from the usual AWS_* environment.
        "BACKEND": "storages.backends.s3.S3Storage",
        "OPTIONS": {
            "bucket_name": _evidence.netloc,
            "location": _evidence.path.strip("/"),
            "endpoint_url": env.text("EVIDENCE_ENDPOINT") or None,
            "default_acl": None,
            "file_overwrite": False,
            "querystring_auth": True,
        },
    },
}

# Keys of the copies held while automatic processing reads them: never in the database, and
# never in a backup. Production: a folder on a memory disk, or a Redis that keeps nothing.
HELD_KEYS_URL = env.text("HELD_KEYS_URL", f"file://{VAR / 'held-keys'}")
HELD_LIFETIME = timedelta(hours=env.number("HELD_HOURS", 24))
# Keys of maps of points, while their cases live. On a memory disk they end with the machine,
# and whoever next opens a case brings its own back.
LASTING_KEYS_URL = env.text(
    "LASTING_KEYS_URL",
    env.text("HELD_KEYS_URL", f"file://{env.memory_folder(VAR) / 'keys'}"),
)

# -- retention -------------------------------------------------------------------------
REVIEW_AFTER = timedelta(days=env.number("REVIEW_DAYS", 90))
DELETE_AFTER = timedelta(days=env.number("DELETE_DAYS", 365))
# From when a worker closed the case: files first, then messages, words and addresses.
FILES_AFTER = timedelta(days=env.number("FILE_DAYS", 30))
METADATA_AFTER = timedelta(days=env.number("METADATA_DAYS", 180))
# Endings of cases, for a database that comes back from a backup: never part of that backup,
# kept twice, and the same folder for every host.
TOMBSTONES = Path(env.text("TOMBSTONES", str(VAR / "tombstones")))

# -- what victims are promised ---------------------------------------------------------
# Shown on their timeline with a date, and shown as missed when it is: set what you can keep.
READ_WITHIN = timedelta(hours=env.number("READ_HOURS", 72))
READ_THREATS_WITHIN = timedelta(hours=env.number("READ_THREATS_HOURS", 24))
ANSWER_WITHIN = timedelta(hours=env.number("ANSWER_HOURS", 72))

# Or milvus://user:password@host:port/database, milvus+tls://...; milvus-lite:///file embedded.
INDEX_URL = env.text("INDEX_URL", f"file://{VAR / 'index'}")
INDEX_PUBLISH_AFTER = env.number("INDEX_PUBLISH_AFTER", 1000)  # signals in the tail
# What the radii of matching follow from, with the bank's size (python -m tracker rates): one
# false match in so many pairs of signals; and for 1,000 pictures asked, so many false matches
# that machines are shown, and so many that are questions to people.
NEAR_ONE_IN = env.number("NEAR_ONE_IN", 10_000_000)
POSSIBLE_ONE_IN = env.number("POSSIBLE_ONE_IN", 100_000)
SHOWN_PER_1000 = env.number("SHOWN_PER_1000", 10)
QUESTIONS_PER_1000 = env.number("QUESTIONS_PER_1000", 10)
# A signal goes into quarantine when it matches more pictures than this, and than usual.
FLOOD_AN_HOUR = env.number("FLOOD_AN_HOUR", 200)
FLOOD_A_DAY = env.number("FLOOD_A_DAY", 2_000)
FLOOD_TIMES = env.number("FLOOD_TIMES", 20)  # its usual

# Hashes of what was crawled: rows, packed into files or, past one machine, into ClickHouse.
OBSERVATIONS_URL = env.text("OBSERVATIONS_URL", f"file://{VAR / 'observations'}")
OBSERVATIONS_PACK_AFTER = env.number(
    "OBSERVATIONS_PACK_AFTER", 250_000
)  # rows of one day

# -- the doorbell ----------------------------------------------------------------------
BROKER_URL = env.text("BROKER_URL", "filesystem://")
BROKER_DIR = VAR / "broker"
CELERY_BROKER_URL = BROKER_URL
if BROKER_URL == "filesystem://":
    CELERY_BROKER_URL = "filesystem://localhost//"
    CELERY_BROKER_TRANSPORT = "portal.broker.Transport"
    CELERY_BROKER_TRANSPORT_OPTIONS = {
        "data_folder_in": str(BROKER_DIR / "messages"),
        "data_folder_out": str(BROKER_DIR / "messages"),
        "processed_folder": str(BROKER_DIR / "processed"),
        "control_folder": str(BROKER_DIR / "control"),
        "polling_interval": 0.2,
    }
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
CELERY_TASK_IGNORE_RESULT = True
CELERY_TASK_SERIALIZER = "json"
CELERY_ACCEPT_CONTENT = ["json"]
CELERY_WORKER_HIJACK_ROOT_LOGGER = False
CELERY_WORKER_PREFETCH_MULTIPLIER = 1
CELERY_WORKER_ENABLE_REMOTE_CONTROL = False
CELERY_WORKER_SEND_TASK_EVENTS = False
CELERY_TASK_DEFAULT_QUEUE = "default"
# Queues by workload: `crawl` waits on strangers' servers, `detect` burns processor time,
# `notify` must never stand behind either, `default` is everything short.
CELERY_TASK_ROUTES = {
    "portal.sightings.tasks.crawl_source": {"queue": "crawl"},
    "portal.sightings.tasks.visit_reported": {"queue": "crawl"},
    "portal.sightings.tasks.recheck_sighting": {"queue": "crawl"},
    "portal.sightings.tasks.process_report": {"queue": "detect"},
    "portal.sightings.tasks.look_back": {"queue": "detect"},
    "portal.sightings.tasks.pack_observations": {"queue": "detect"},
    "portal.sightings.tasks.assess_sighting": {"queue": "detect"},
    "portal.notices.tasks.*": {"queue": "notify"},
}
# How long a worker may hold a row before a sweep takes it for dead.
CLAIM_LIFETIME = timedelta(seconds=env.number("CLAIM_SECONDS", 120))
SWEEP_SECONDS = env.number("SWEEP_SECONDS", 5)
# Its own memory of last runs is a pickle, and sweeps may run at any start.
CELERY_BEAT_SCHEDULER = "celery.beat:Scheduler"
CELERY_BEAT_SCHEDULE = {
    name: {
        "task": task,
        "schedule": schedule(timedelta(seconds=seconds)),
        "options": {"expires": max(seconds, 10)},  # never pile up behind a slow worker
    }
    for name, task, seconds in [
        ("reports", "portal.sightings.tasks.sweep_reports", SWEEP_SECONDS),
        ("look_backs", "portal.sightings.tasks.sweep_look_backs", SWEEP_SECONDS),
        ("sightings", "portal.sightings.tasks.sweep_sightings", SWEEP_SECONDS),
        ("sources", "portal.sightings.tasks.sweep_sources", SWEEP_SECONDS),
        ("rechecks", "portal.sightings.tasks.sweep_rechecks", SWEEP_SECONDS),
        ("observations", "portal.sightings.tasks.sweep_observations", 3600),
        ("memory", "portal.sightings.tasks.pack_observations", 300),
        ("evidence", "portal.sightings.tasks.sweep_evidence", 3600),
        ("floods", "portal.sightings.tasks.sweep_floods", 60),
        ("index", "portal.bank.tasks.publish_index", 60),
        ("index checks", "portal.bank.tasks.check_index", 3600),
        ("receipts", "portal.cases.tasks.sweep_receipts", 60),
        ("sessions", "portal.accounts.tasks.sweep_sessions", 300),
        ("endings", "portal.cases.tasks.sweep_endings", 60),
        # Days are what counts, but the scheduler's clock starts anew with each start.
        ("retention", "portal.cases.tasks.sweep_retention", 3600),
        ("ended", "portal.sightings.tasks.sweep_ended", 60),
        ("drafts", "portal.cases.tasks.sweep_drafts", 600),
        ("leavers", "portal.cases.tasks.sweep_leavers", 60),
        ("notices", "portal.notices.tasks.sweep_notices", SWEEP_SECONDS),
        ("deadlines", "portal.notices.tasks.sweep_deadlines", SWEEP_SECONDS),
    ]
}

# -- the detector ----------------------------------------------------------------------
# A trained model that the operator brings, beside those that ship: NAME:PATH#sha256=DIGEST.
DETECTOR_MODEL = env.text("DETECTOR_MODEL").strip()
# Whose signed histories are trusted: a PEM file, as PATH#sha256=DIGEST.
DETECTOR_TRUST = env.text("DETECTOR_TRUST").strip()
# Signs forensic reports; made when the first one is written.
FORENSIC_KEY = Path(env.text("FORENSIC_KEY", str(SECRETS / "forensic.key")))
# What one video that was found may take: reading it, its frames, and the last of them.
VIDEO_SECONDS = env.number("VIDEO_SECONDS", 180)
# What /check/ may take for one picture, and where its visitors stand in line: empty files.
CHECK_SECONDS = env.number("CHECK_SECONDS", 90)
CHECK_LINE = VAR / "line"

# -- crawling --------------------------------------------------------------------------
# Inward addresses are refused unless a host's row says so, and never in production.
INWARD_HOSTS = env.flag("INWARD_HOSTS", default=PROFILE == "embedded")
CRAWL_CONTACT = env.text("CRAWL_CONTACT", "no contact set")
CRAWL_FOLDERS = Path(env.text("CRAWL_FOLDERS", str(VAR / "folders")))
OBSERVATION_LIFETIME = timedelta(days=env.number("OBSERVATION_DAYS", 180))
VISIT_SECONDS = env.number("VISIT_SECONDS", 600)

# -- notices ---------------------------------------------------------------------------
OUTBOX = Path(env.text("OUTBOX", str(VAR / "outbox")))
NOTICE_FROM = env.text("NOTICE_FROM", "notices@reclaim.invalid")
EMAIL_HOST = env.text("SMTP_HOST", "127.0.0.1")
EMAIL_PORT = env.number("SMTP_PORT", 25)
EMAIL_HOST_USER = env.text("SMTP_USER")
EMAIL_HOST_PASSWORD = env.text("SMTP_PASSWORD")
EMAIL_USE_TLS = env.flag("SMTP_STARTTLS", default=False)
EMAIL_TIMEOUT = 30

# -- language and time -----------------------------------------------------------------
LANGUAGE_CODE = "en"
LANGUAGES = [
    ("en", "English"),
    ("zh-hans", "简体中文"),
    ("ko", "한국어"),
    ("ar", "العربية"),  # the main path only; the rest speaks English
]
LOCALE_PATHS = [BASE_DIR / "portal" / "locale"]
USE_I18N = True
USE_TZ = True
TIME_ZONE = "UTC"
PORTAL_NAME = _("Reclaim")

# -- machines --------------------------------------------------------------------------
REST_FRAMEWORK = {
    "DEFAULT_AUTHENTICATION_CLASSES": [
        "portal.exchange.authentication.KeyAuthentication"
    ],
    "DEFAULT_PERMISSION_CLASSES": ["portal.exchange.authentication.HasScope"],
    "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
    "DEFAULT_SCHEMA_CLASS": "drf_spectacular.openapi.AutoSchema",
    "DEFAULT_THROTTLE_CLASSES": ["portal.exchange.throttling.KeyThrottle"],
    "DEFAULT_THROTTLE_RATES": {"key": env.text("LOOKUP_RATE", "6000/min")},
}
# How often a process writes down what keys asked. 0: a row for each request, before it is
# answered.
LOOKUP_AUDIT_SECONDS = env.number("LOOKUP_AUDIT_SECONDS", 1)
SPECTACULAR_SETTINGS = {
    "TITLE": "Reclaim exchange",
    "DESCRIPTION": "Ask whether a picture's hashes are known, and tell us what you did.",
    "VERSION": VERSION,
    "SERVE_PERMISSIONS": ["rest_framework.permissions.AllowAny"],
    "SERVE_AUTHENTICATION": [],
    "SORT_OPERATIONS": False,
}

# -- logs hold ids only ----------------------------------------------------------------
LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "filters": {"celery": {"()": "portal.logs.QuietCelery"}},
    "formatters": {
        "quiet": {
            "()": "portal.logs.QuietFormatter",
            "format": "%(asctime)s %(levelname)s %(name)s: %(message)s",
        }
    },
    "handlers": {
        "stderr": {
            "class": "logging.StreamHandler",
            "formatter": "quiet",
            "filters": ["celery"],
        }
    },
    "root": {"handlers": ["stderr"], "level": "INFO"},
    "loggers": {
        "django": {"handlers": []},  # its own print and mail whole tracebacks
        "django.request": {"level": "ERROR"},
        "django.security": {"level": "CRITICAL"},
        "celery.app.trace": {"level": "WARNING"},
        "celery.worker.strategy": {"level": "WARNING"},
        "celery.beat": {"level": "WARNING"},
        "faiss.loader": {"level": "WARNING"},
        "fontTools": {"level": "WARNING"},  # else it names the letters of each letter
        "fpdf": {"level": "ERROR"},  # the same
        "httpx": {"level": "WARNING"},
        "clickhouse_connect": {"level": "ERROR"},  # it may quote what it was asked
    },
}
