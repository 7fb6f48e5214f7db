// Shortcut keys: whatever says `aria-keyshortcuts="n"` is clicked by N, and a field that says it gets the focus.
// One in a row of a list is meant while the focus is in that row.
// Control and Enter send the form that one types in. In a list that says `data-steps`, J and K go from one `data-step` to the next.
const typing = (element) => element.closest("input, textarea, select, [contenteditable]");
const seen = (element) => element.checkVisibility?.() ?? true;

document.addEventListener("keydown", (event) => {
  if ((event.ctrlKey || event.metaKey) && event.key === "Enter") return void event.target.form?.requestSubmit();
  if (event.ctrlKey || event.metaKey || event.altKey || event.defaultPrevented) return;
  if (document.documentElement.dataset.keys === "off") return;
  if (event.key === "Escape") return void leave(event);
  if (typing(event.target)) return;
  const key = event.key.toLowerCase();
  const row = event.target.closest("[data-steps] > *");
  const keyed = [...document.querySelectorAll(`[aria-keyshortcuts~="${CSS.escape(key)}"]`)].filter(seen);
  const found = keyed.find((one) => row?.contains(one)) ?? keyed.findLast((one) => !one.closest("[data-steps]"));
  if (found) {
    event.preventDefault();
    found.matches("input, textarea, select") ? found.focus() : found.click();
  } else if (key === "j" || key === "k") {
    step(key === "j" ? 1 : -1, event);
  }
});

// Escape clicks what says so (Cancel), even from inside a field.
function leave(event) {
  const found = event.target.closest("form, section, body")?.querySelector('[aria-keyshortcuts~="Escape"]');
  if (found && seen(found)) {
    event.preventDefault();
    found.click();
  }
}

function step(by, event) {
  const steps = [...document.querySelectorAll("[data-steps] [data-step]")].filter(seen);
  if (!steps.length) return;
  const at = steps.findIndex((one) => one.contains(document.activeElement));
  const next = steps[Math.min(steps.length - 1, Math.max(0, at + by))];
  event.preventDefault();
  (next.matches("a, button, [tabindex]") ? next : next.querySelector("a, button"))?.focus();
}
