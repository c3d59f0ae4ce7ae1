"""The web server's way in."""

import os

from django.core.wsgi import get_wsgi_application

from portal.checks import refuse_to_start

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "portal.settings")
portal = get_wsgi_application()
refuse_to_start()

from portal.exchange.straight import straight  # noqa: E402 (Django must be set up)

application = straight(portal)
