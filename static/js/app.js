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

// A part that watches asks every second. What says nothing new does not replace it, and nothing does under a button that
// is held down: the click, what is being typed and what was opened would be gone. That time has passed is no news.
const WATCHES = "[hx-trigger^='every']";
const looks = new WeakMap();
const look = (part) => part.innerHTML.replace(/(name="csrfmiddlewaretoken" value=")[^"]*|(<time [^>]*>)[^<]*/g, "$1$2");
let held = null;
document.addEventListener("pointerdown", (event) => { held = event.target; });
["pointerup", "pointercancel"].forEach((name) => document.addEventListener(name, () => { held = null; }));
document.addEventListener("htmx:load", ({ detail }) => {
  const parts = [detail.elt, ...detail.elt.querySelectorAll(WATCHES)].filter((part) => part.matches(WATCHES));
  parts.forEach((part) => looks.set(part, look(part)));
});
document.addEventListener("htmx:beforeSwap", ({ detail }) => {
  const { target, serverResponse } = detail;
  if (!target.matches(WATCHES)) {
    return;
  }
  const part = new DOMParser().parseFromString(serverResponse, "text/html").getElementById(target.id);
  const isOld = part?.matches(WATCHES) && look(part) === looks.get(target);
  if (isOld || target.contains(held)) {
    detail.shouldSwap = false;
  }
});

// Whoever was in a part with the keyboard is still there when it has been replaced, and does not begin at the top again.
let left = null;
document.addEventListener("htmx:beforeSwap", ({ detail }) => {
  left = detail.shouldSwap && detail.target.contains(document.activeElement) ? detail.target.id : null;
});
document.addEventListener("htmx:afterSettle", () => {
  const part = left && document.activeElement === document.body && document.getElementById(left);
  left = null;
  if (part) {
    part.tabIndex = -1;
    part.focus({ preventScroll: true });
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

// A part of a page that could not be had: say so, since the page itself stays as it was.
const FAILED = "This did not work, and the page may be out of date. Load it anew, and try once more.";
["htmx:responseError", "htmx:sendError"].forEach((name) => document.addEventListener(name, (event) => {
  const content = document.getElementById("content");
  if (event.detail.xhr?.getResponseHeader("X-Login-Required") || content.querySelector("#failed")) {
    return;
  }
  const notice = document.createElement("p");
  notice.id = "failed";
  notice.className = "notice bad";
  notice.setAttribute("role", "alert");
  notice.textContent = FAILED;
  content.prepend(notice);
}));

// The time zone of this browser, proposed to whom we do not know yet.
document.querySelectorAll("select[data-time-zone='guess']").forEach((select) => {
  const zone = Intl.DateTimeFormat().resolvedOptions().timeZone;
  if (select.value === "UTC" && Array.from(select.options).some((option) => option.value === zone)) {
    select.value = zone;
  }
});

// What is there to be copied.
document.querySelectorAll("[data-select-all]").forEach((input) => {
  input.addEventListener("focus", () => input.select());
});
