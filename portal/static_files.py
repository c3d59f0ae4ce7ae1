"""Static files named by their content, scripts that load other scripts included."""

from whitenoise.storage import CompressedManifestStaticFilesStorage


class NamedByContent(CompressedManifestStaticFilesStorage):
    """Rewrites `import ... from "./x.js";` too: only the hashed names are kept.

    Django's pattern wants each such line to end in a semicolon.
    """

    support_js_module_import_aggregation = True
