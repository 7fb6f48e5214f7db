// <file-text>: a file that is chosen beside a text area becomes its text, as if it were typed.
class FileText extends HTMLElement {
  connectedCallback() {
    this.addEventListener("change", async (event) => {
      if (event.target.type !== "file" || !event.target.files.length) return;
      event.stopPropagation();
      const area = this.querySelector("textarea");
      area.value = await event.target.files[0].text();
      event.target.value = "";
      area.dispatchEvent(new Event("change", { bubbles: true }));
    });
  }
}

customElements.define("file-text", FileText);
