// What Trusted Types let through: a script of our own site, for a worker, and no markup but
// none at all, with which the chart empties its box. Text can become neither markup nor code.
// See portal/middleware.py.

globalThis.trustedTypes?.createPolicy("default", {
  createHTML: (markup) => (markup === "" ? "" : null),
  createScriptURL: (address) =>
    new URL(address, document.baseURI).origin === location.origin ? address : null,
});
