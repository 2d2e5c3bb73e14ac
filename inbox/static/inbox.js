// Live updates. The pages work without this: it only looks whether something has changed, and says or shows so.
"use strict";

const EVERY_MS = 4000;

function watch(region) {
  const url = new URL(region.dataset.live, location.origin);
  let mark = region.dataset.mark;
  let seenSoFar = region.dataset.seen;
  const look = async () => {
    if (document.hidden) return;
    let answer;
    if (seenSoFar !== undefined) url.searchParams.set("seen", seenSoFar);
    try {
      answer = await fetch(url, { headers: { "X-Live": "1" }, credentials: "same-origin" });
    } catch {
      return; // away for a moment; the next look will tell
    }
    if (answer.status === 401) return void (await leave());
    if (!answer.ok) return;
    const now = await answer.json();
    if (now.seen !== undefined) seenSoFar = now.seen;
    if (now.mark === null || now.mark === mark) return;
    if ("swap" in region.dataset) {
      if (await swap(region)) mark = now.mark;
    } else {
      mark = now.mark;
      changed(region);
    }
  };
  const timer = setInterval(look, EVERY_MS);
  const leave = async () => {
    clearInterval(timer);
    // A half-written reason is worth more than a page that knows it has ended.
    if (!isBusy(document)) location.reload();
  };
  document.addEventListener("visibilitychange", look);
}

// What a person has typed or ticked is never taken from under their hands.
function isBusy(within) {
  const fields = within.querySelectorAll("textarea, input[type=checkbox], input[name=reason], input[name^='field.']");
  return [...fields].some((field) => (field.type === "checkbox" ? field.checked : field.value !== field.defaultValue));
}

async function swap(region) {
  if (isBusy(region) || region.contains(document.activeElement)) return false;
  const answer = await fetch(location.href, { headers: { "X-Live": "1" }, credentials: "same-origin" });
  if (!answer.ok) return false;
  const page = new DOMParser().parseFromString(await answer.text(), "text/html");
  const fresh = page.getElementById(region.id);
  if (!fresh || isBusy(region)) return false;
  region.replaceChildren(...fresh.childNodes);
  for (const same of ["h1", "title"]) {
    const [here, there] = [document.querySelector(same), page.querySelector(same)];
    if (here && there) here.replaceChildren(...there.childNodes);
  }
  return true;
}

// A decision binds to what the page shows, so a page with forms is never changed by itself once it is touched.
function changed(region) {
  // A form that nothing waits for binds nobody who has not begun to fill it in.
  const open = region.querySelector("form:not([data-optional])");
  if (!open && !isBusy(region)) return void location.reload();
  region.querySelector(".changed")?.removeAttribute("hidden");
}

for (const region of document.querySelectorAll("[data-live]")) watch(region);

// A second click would be refused as a duplicate; better not to send it.
for (const form of document.querySelectorAll("form[method=post]")) {
  form.addEventListener("submit", (event) => {
    if (form.dataset.sent) event.preventDefault();
    form.dataset.sent = "1";
    setTimeout(() => delete form.dataset.sent, 5000);
  });
}

// Where a page tells what became of a form, the keyboard and the screen reader start there.
document.getElementById("said")?.setAttribute("tabindex", "-1");
if (location.hash === "#said") document.getElementById("said")?.focus();
