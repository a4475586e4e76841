// What pages need besides htmx, which is little.
"use strict";

// A session that ended while the page stood open: go to the log-in, and come back here after it.
document.addEventListener("htmx:beforeSwap", (event) => {
  const login = event.detail.xhr.getResponseHeader("X-Login-Required");
  if (login) {
    event.detail.shouldSwap = false;
    window.location.assign(login);
  }
});

// A button answers at once, and once.
document.addEventListener("submit", (event) => {
  const button = event.submitter;
  if (button && !event.defaultPrevented) {
    window.setTimeout(() => { button.disabled = true; }, 0);
  }
});
window.addEventListener("pageshow", () => {
  document.querySelectorAll("button[disabled]:not([data-disabled])").forEach((button) => { button.disabled = false; });
});
