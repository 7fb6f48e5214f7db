// <toast-note>: goes away by itself, but not from under a pointer or the focus.
const SHOWN_MS = 10000;

class ToastNote extends HTMLElement {
  connectedCallback() {
    this.querySelector("[data-close]")?.addEventListener("click", () => this.remove());
    if (this.classList.contains("bad")) return;
    this.wait = setInterval(() => {
      if (!this.matches(":hover, :focus-within")) this.remove();
    }, SHOWN_MS);
  }

  disconnectedCallback() {
    clearInterval(this.wait);
  }
}

customElements.define("toast-note", ToastNote);
