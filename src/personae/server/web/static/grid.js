// <edit-grid>: cells of a table as in a spreadsheet. A change is saved when the cell is left, Enter goes down,
// Shift+Enter breaks the line, Escape puts back what was there, and copied cells are pasted to the right and down.
class EditGrid extends HTMLElement {
  connectedCallback() {
    this.addEventListener("change", (event) => {
      if (this.row(event.target)?.dataset.row) event.target.form.requestSubmit();
    });
    this.addEventListener("keydown", (event) => this.key(event));
    this.addEventListener("paste", (event) => this.paste(event));
  }

  row(cell) {
    return cell.closest("tr[data-row]");
  }

  key(event) {
    const cell = event.target;
    if (!cell.matches("textarea") || event.isComposing) return;
    if (event.key === "Enter" && !event.shiftKey) {
      event.preventDefault();
      const row = this.row(cell);
      if (!row.dataset.row) return void cell.form.requestSubmit();
      row.nextElementSibling?.querySelector(`[data-column="${cell.dataset.column}"]`)?.focus();
    } else if (event.key === "Escape") {
      event.stopPropagation();
      cell.value = cell.defaultValue;
    }
  }

  paste(event) {
    const cell = event.target;
    const text = event.clipboardData.getData("text/plain");
    if (!cell.dataset?.column || !/\t|\n./.test(text)) return;
    event.preventDefault();
    const form = document.querySelector(this.dataset.paste);
    form.elements.text.value = text;
    form.elements.at.value = this.row(cell).dataset.row;
    form.elements.column.value = cell.dataset.column;
    form.requestSubmit();
  }
}

customElements.define("edit-grid", EditGrid);
