// <marked-text>: marks the {{column}} placeholders of the <textarea> in it as they are typed, and lists them below.
const PLACEHOLDER = /\{\{([^{}\n]+)\}\}/g;
const LONGEST = 100_000; // of longer texts no marks are made: they would lag behind the typing

class MarkedText extends HTMLElement {
  connectedCallback() {
    this.addEventListener("input", () => this.mark());
    this.addEventListener("scroll", () => this.follow(), true);
    new MutationObserver(() => this.area?.previousElementSibling === this.behind || this.mark()).observe(this, { childList: true });
    this.mark();
  }

  // The marks stand in a copy of the text behind the field, whose own background is clear.
  mark() {
    this.area = this.querySelector("textarea");
    if (!this.area) return;
    this.behind ??= Object.assign(document.createElement("div"), { className: "behind", ariaHidden: "true" });
    this.found ??= Object.assign(document.createElement("p"), { className: "hint" });
    if (this.area.previousElementSibling !== this.behind) this.area.before(this.behind);
    if (this.area.nextElementSibling !== this.found) this.area.after(this.found);
    const text = this.area.value.length > LONGEST ? "" : this.area.value;
    const names = new Set();
    const parts = [];
    let end = 0;
    for (const match of text.matchAll(PLACEHOLDER)) {
      const name = match[1].replace(/^[ \t]+|[ \t]+$/g, "");
      if (!name) continue;
      names.add(name);
      const mark = document.createElement("mark");
      mark.className = "placeholder";
      mark.textContent = match[0];
      parts.push(text.slice(end, match.index), mark);
      end = match.index + match[0].length;
    }
    this.behind.replaceChildren(...parts, `${text.slice(end)}\n`);
    this.found.replaceChildren(...(names.size ? [this.dataset.says, ...[...names].flatMap((name) => [" ", tag(name)])] : []));
    this.follow();
  }

  follow() {
    if (this.area) this.behind.scrollTop = this.area.scrollTop;
  }
}

const tag = (name) => Object.assign(document.createElement("bdi"), { className: "tag", textContent: name });

customElements.define("marked-text", MarkedText);
