// The one thing that Trusted Types let through: a script of our own site, for a worker.
// There is no rule for markup or code, so text can never become either. See portal/middleware.py.

globalThis.trustedTypes?.createPolicy("default", {
  createScriptURL: (address) =>
    new URL(address, document.baseURI).origin === location.origin ? address : null,
});
