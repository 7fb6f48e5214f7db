// <grow-rows>: a list of rows of fields whose last one is blank: typing in it adds another, ✕ takes one away.
class GrowRows extends HTMLElement {
  connectedCallback() {
    this.addEventListener("input", () => this.grow());
    this.addEventListener("click", (event) => {
      const row = event.target.closest("[data-remove]")?.closest("[data-row]");
      if (!row) return;
      const next = row.nextElementSibling ?? row.previousElementSibling;
      if (this.rows.length > 1) row.remove();
      else for (const one of fields(row)) one.value = "";
      this.grow();
      next?.querySelector("input, select, textarea")?.focus();
    });
  }

  get rows() {
    return this.querySelectorAll("[data-row]");
  }

  grow() {
    const last = [...this.rows].at(-1);
    if (![...fields(last)].some((one) => one.matches("[data-key]") && one.value)) return;
    const blank = last.cloneNode(true);
    for (const one of fields(blank)) one.matches("select:not([data-key])") ? (one.selectedIndex = 0) : (one.value = "");
    last.after(blank);
  }
}

const fields = (row) => row.querySelectorAll("input, select, textarea");

customElements.define("grow-rows", GrowRows);
