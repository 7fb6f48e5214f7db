/* Filters, keys and quotes of a report. The address holds the state: #view-or-key&persona=…&q=… */
(() => {
  "use strict";
  const all = (selector, root = document) => [...root.querySelectorAll(selector)];
  const byId = (id) => document.getElementById(id);
  const form = document.querySelector(".filters");
  const rows = all("tr[data-id]");
  const articles = new Map(all(".conversation").map((article) => [article.id, article]));
  const names = ["q", "persona", "scenario", "stop", "verdict", "no", "error", "fair", "fault"];
  const texts = new Map();
  let state = { place: "", filters: {} };
  let shown = rows;

  const read = () => {
    const [place, ...rest] = location.hash.slice(1).split("&");
    const given = new URLSearchParams(rest.join("&"));
    const filters = {};
    for (const name of names) if (given.get(name)) filters[name] = given.get(name);
    return { place: decode(place), filters };
  };
  const decode = (text) => {
    try {
      return decodeURIComponent(text);
    } catch {
      return text;
    }
  };
  const address = (place, filters) => {
    const query = names.filter((name) => filters[name]).map((name) => `&${name}=${encodeURIComponent(filters[name])}`);
    return `#${place}${query.join("")}`;
  };

  const textOf = (row) => {
    const id = row.dataset.id;
    if (!texts.has(id)) texts.set(id, articles.get(id).textContent.toLowerCase());
    return texts.get(id);
  };
  const fits = (row, filters) =>
    ["persona", "scenario", "stop", "verdict", "fair", "fault"].every((name) => !filters[name] || row.dataset[name] === filters[name]) &&
    (!filters.no || row.dataset.no.split("\n").includes(filters.no)) &&
    (!filters.error || row.dataset.error.split(" ").includes(filters.error)) &&
    (!filters.q || filters.q.toLowerCase().split(/\s+/).every((word) => textOf(row).includes(word)));

  const render = () => {
    const before = state;
    state = read();
    const open = articles.get(state.place);
    const view = open || state.place === "conversations" ? "conversations" : "overview";
    document.body.dataset.view = view;
    document.body.classList.toggle("has-open", Boolean(open));
    for (const link of all("[data-view]", document.querySelector(".top"))) {
      if (link.dataset.view === view) link.setAttribute("aria-current", "page");
      else link.removeAttribute("aria-current");
    }
    for (const name of names) {
      const field = form.elements[name];
      if (field.value !== (state.filters[name] || "")) field.value = state.filters[name] || "";
    }
    shown = rows.filter((row) => {
      row.hidden = !fits(row, state.filters);
      return !row.hidden;
    });
    for (const row of rows) {
      const link = row.querySelector("a");
      link.href = address(row.dataset.id, state.filters);
      if (row.dataset.id === state.place) link.setAttribute("aria-current", "true");
      else link.removeAttribute("aria-current");
      row.classList.toggle("is-current", row.dataset.id === state.place);
    }
    byId("nothing").hidden = shown.length > 0 || rows.length === 0;
    const noun = (n) => (n === 1 ? "conversation" : "conversations");
    const whole = `${rows.length.toLocaleString("en")} ${noun(rows.length)}`;
    byId("count").textContent = shown.length < rows.length ? `${shown.length.toLocaleString("en")} of ${whole}` : whole;
    document.querySelector("[data-close]").href = address("conversations", state.filters);
    if (before.place !== state.place) show(before.place, open);
    const at = shown.findIndex((row) => row.dataset.id === state.place);
    byId("place").textContent = open ? (at < 0 ? "not in this filter" : `${at + 1} of ${shown.length}`) : "";
  };

  const show = (was, open) => {
    articles.get(was)?.classList.remove("is-open");
    if (!open) {
      scrollTo(0, 0);
      return;
    }
    open.classList.add("is-open");
    scrollTo(0, 0);
    open.querySelector("h2").focus({ preventScroll: true });
    document.querySelector("tr.is-current")?.scrollIntoView({ block: "nearest" });
  };

  const step = (by) => {
    if (!shown.length) return;
    const at = shown.findIndex((row) => row.dataset.id === state.place);
    const next = at < 0 ? (by > 0 ? 0 : shown.length - 1) : at + by;
    if (shown[next]) location.hash = address(shown[next].dataset.id, state.filters);
  };
  const filter = (filters) => {
    const place = articles.has(state.place) ? state.place : "conversations";
    history.replaceState(null, "", address(place, filters));
    render();
  };

  const markQuote = (id) => {
    for (const mark of all("mark.is-marked")) mark.classList.remove("is-marked");
    const marks = all("mark[data-quotes]").filter((mark) => mark.dataset.quotes.split(" ").includes(id));
    for (const mark of marks) {
      mark.classList.add("is-marked");
      const fold = mark.closest("details");
      if (fold) fold.open = true;
    }
    if (!marks.length) return;
    const calm = matchMedia("(prefers-reduced-motion: reduce)").matches;
    marks[0].scrollIntoView({ block: "center", behavior: calm ? "auto" : "smooth" });
    marks[0].focus({ preventScroll: true });
  };

  form.addEventListener("input", () => filter(Object.fromEntries(new FormData(form))));
  form.addEventListener("reset", (event) => {
    event.preventDefault();
    filter({});
  });
  form.addEventListener("submit", (event) => event.preventDefault());
  document.addEventListener("click", (event) => {
    const target = event.target.closest("[data-quote], [data-step], [data-clear]");
    if (!target) return;
    event.preventDefault();
    if (target.dataset.quote) markQuote(target.dataset.quote);
    else if (target.dataset.step) step(Number(target.dataset.step));
    else filter({});
  });
  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const typing = event.target.matches("input, select, textarea");
    if (event.key === "Escape" && typing) event.target.blur();
    else if (typing) return;
    else if (event.key === "j" || event.key === "J") step(1);
    else if (event.key === "k" || event.key === "K") step(-1);
    else if (event.key === "Escape" && articles.has(state.place)) location.hash = address("conversations", state.filters);
    else if (event.key === "/") {
      if (document.body.dataset.view !== "conversations") location.hash = address("conversations", state.filters);
      setTimeout(() => form.elements.q.focus());
    } else return;
    event.preventDefault();
  });
  addEventListener("hashchange", render);
  render();
})();
