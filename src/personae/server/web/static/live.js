// <live-experiment>: an experiment that runs, kept up to date by its server-sent events. The page comes whole from the
// server; events change numbers and cells one by one. After a lost connection, a restart of the server or time in the
// background the page looks anew, since events were missed.
const NEXT_LOOK_MS = 3000;
const SHOWN_AFTER_END_MS = 4000;
const CUT = new Set(["budget_exceeded", "cancelled"]);

class LiveExperiment extends HTMLElement {
  connectedCallback() {
    const locale = document.documentElement.lang;
    this.number = new Intl.NumberFormat(locale);
    this.money = new Intl.NumberFormat(locale, { style: "currency", currency: "USD" });
    this.cents = new Intl.NumberFormat(locale, { style: "currency", currency: "USD", minimumFractionDigits: 4 });
    this.whenSeen = () => (document.hidden ? this.close() : this.open());
    document.addEventListener("visibilitychange", this.whenSeen);
    this.missed = false;
    this.waiting = [];
    this.ended = new Set();
    this.showLast(this);
    if (!document.hidden) this.open();
  }

  disconnectedCallback() {
    document.removeEventListener("visibilitychange", this.whenSeen);
    this.close();
    clearTimeout(this.look);
  }

  open() {
    if (this.source) return;
    const source = (this.source = new EventSource(this.dataset.events));
    source.addEventListener("open", () => this.opened());
    source.addEventListener("error", () => this.lost(source));
    for (const name of ["progress", "turn", "response"]) {
      source.addEventListener(name, (event) => this.hear(name, JSON.parse(event.data)));
    }
    source.addEventListener("end", async () => {
      this.close();
      await this.lookAnew("#main");
      this.openSoon(NEXT_LOOK_MS); // if the page still shows a run: it goes on again, or the look was in vain
    });
  }

  close() {
    this.source?.close();
    this.source = null;
    this.missed = true; // whatever happens from now on
    clearTimeout(this.again);
  }

  opened() {
    this.say(false);
    if (this.missed) this.lookAnew("#live");
    this.missed = false;
  }

  lost(source) {
    this.missed = true;
    this.say(true);
    if (source.readyState !== EventSource.CLOSED) return; // it tries again by itself
    this.source = null;
    this.openSoon(2000);
  }

  openSoon(ms) {
    clearTimeout(this.again);
    this.again = setTimeout(() => this.isConnected && !document.hidden && this.open(), ms);
  }

  say(isLost) {
    const notice = this.querySelector("[data-lost]");
    if (notice) notice.hidden = !isLost;
  }

  // The part of the page as the server has it now; events that come meanwhile are heard after it.
  async lookAnew(part) {
    if (this.looking) return void (this.lookAgain = this.lookAgain === "#main" ? "#main" : part); // the larger one
    this.looking = true;
    try {
      await load(part);
      if (!document.querySelector(part)) await load("#main"); // it is over by now, and its page has no such part
    } catch {
      // the connection is lost: the stream finds out as well
    }
    this.looking = false;
    this.cells = null;
    this.ended.clear();
    this.showLast(this);
    for (const [name, data] of this.waiting.splice(0)) this.hear(name, data);
    const again = this.lookAgain;
    this.lookAgain = null;
    if (again && this.isConnected) this.lookAnew(again);
  }

  hear(name, data) {
    if (this.looking) return void this.waiting.push([name, data]);
    if (name === "progress") this.progress(data);
    else if (name === "turn") this.turn(data);
    else this.response(data);
  }

  progress(now) {
    const isOther = now.status !== this.dataset.status;
    const hasMissed = !this.isUnderStream && now.finished !== Number(this.dataset.finished);
    this.isUnderStream = true;
    if (isOther || hasMissed) {
      this.dataset.status = now.status;
      return void this.lookAnew(isOther ? "#main" : "#live");
    }
    for (const name of ["finished", "rated", "failed"]) this.put(`[data-number="${name}"]`, this.number.format(now[name]));
    const spent = now.spent_usd;
    this.put("[data-dollars]", (spent > 0 && spent < 1 ? this.cents : this.money).format(spent));
    const bar = this.querySelector("[data-progress]");
    if (bar) bar.value = now.finished;
    const meter = this.querySelector("[data-spent]");
    if (meter) meter.value = Math.min(spent, meter.max);
  }

  put(selector, text) {
    const element = this.querySelector(selector);
    if (element && element.textContent !== text) element.textContent = text;
  }

  cell(place) {
    this.cells ??= new Map([...this.querySelectorAll("#grid [data-at]")].map((one) => [one.dataset.at, one]));
    return this.cells.get(`${place.persona_id ?? ""}-${place.row_id}`);
  }

  turn(said) {
    const cell = this.cell(said);
    if (cell?.dataset.state === "open") cell.dataset.state = "runs";
    const talk = this.talk(said.key);
    if (talk) this.append(talk, said);
    else this.wantsNow();
  }

  talk(key) {
    return this.querySelector(`#talks [data-key="${CSS.escape(key)}"]`);
  }

  append(talk, said) {
    if (said.turn_id <= Number(talk.dataset.last)) return;
    talk.dataset.last = said.turn_id;
    const line = document.createElement("li");
    line.className = said.role === "user" ? "from-user" : "from-bot";
    line.dir = "auto";
    line.textContent = said.content;
    talk.querySelector("ol").append(line);
    this.showLast(talk);
  }

  // What was said last is what is seen.
  showLast(part) {
    for (const list of part.querySelectorAll(".talk-turns")) list.scrollTop = list.scrollHeight;
  }

  response(done) {
    const grid = this.querySelector("#grid");
    if (grid && done.response_id > Number(grid.dataset.last)) this.mark(grid, done);
    const tally = this.querySelector("#tally");
    if (tally && done.response_id > Number(tally.dataset.last)) this.count(tally, done);
    const fresh = document.querySelector("[data-fresh]");
    if (fresh && document.querySelector("#conversations [data-none-yet]")) fresh.click();
    else if (fresh) fresh.hidden = false;
    const talk = this.talk(done.key);
    if (talk) this.finish(talk, done);
    if (done.error) {
      this.hasErrors = true;
      this.wantsNow();
    }
  }

  mark(grid, done) {
    const cell = this.cell(done);
    if (!cell) return;
    const score = scoreOf(done);
    const epochs = Number(grid.dataset.epochs);
    const held = Number(cell.dataset.n ?? 0) + 1;
    const scored = Number(cell.dataset.scored ?? 0) + (score === null ? 0 : 1);
    const sum = Number(cell.dataset.sum ?? 0) + (score ?? 0);
    if (epochs > 1) Object.assign(cell.dataset, { n: held, scored, sum });
    const mean = scored ? sum / scored : null;
    cell.dataset.state = mean === null ? "out" : `s${Math.min(Math.floor(mean * 5), 4)}`;
    cell.textContent = sign(mean, held);
    const place = new URLSearchParams({ ...(done.persona_id && { persona_id: done.persona_id }), template_variables_id: done.row_id });
    const experiment = this.dataset.now.split("/").at(-2);
    cell.href = epochs > 1 ? `?${place}#conversations` : `${grid.dataset.base}${done.response_id}?experiment_id=${experiment}`;
  }

  count(tally, done) {
    const row = tally.querySelector(`[data-ending="${CSS.escape(done.termination_reason ?? "")}"]`);
    if (!row) return;
    row.hidden = false;
    tally.querySelector("[data-none]")?.remove();
    row.dataset.seen = Number(row.dataset.seen) + 1;
    row.querySelector("[data-count]").textContent = this.number.format(row.dataset.seen);
  }

  finish(talk, done) {
    const label = this.querySelector(`[data-ending="${CSS.escape(done.termination_reason ?? "")}"] [data-label]`);
    const chip = talk.querySelector("[data-end]");
    if (label && chip) {
      chip.textContent = label.textContent;
      chip.className = label.className;
      chip.hidden = false;
    }
    this.ended.add(done.key);
    setTimeout(() => this.wantsNow(), SHOWN_AFTER_END_MS);
  }

  // Ask the server for conversations in place of those that ended, and for the errors so far; not more than so often.
  wantsNow() {
    const free = this.slots() - this.querySelectorAll("#talks .talk").length + this.ended.size;
    if (this.look || (free < 1 && !this.hasErrors)) return;
    this.look = setTimeout(() => this.lookNow(), NEXT_LOOK_MS);
  }

  slots() {
    return Number(this.querySelector("#talks")?.dataset.slots ?? 0);
  }

  async lookNow() {
    const talks = this.querySelector("#talks");
    const stay = [...talks.querySelectorAll(".talk")].filter((one) => !this.ended.has(one.dataset.key));
    const query = new URLSearchParams([...stay.map((one) => ["besides", one.dataset.key]), ["limit", this.slots() - stay.length]]);
    this.hasErrors = false;
    try {
      const answer = await fetch(`${this.dataset.now}?${query}`, { headers: { accept: "text/html" } });
      if (answer.ok) this.putNow(talks, new DOMParser().parseFromString(await answer.text(), "text/html"));
    } catch {
      // the connection is lost: the stream finds out as well
    }
    this.look = null;
  }

  putNow(talks, parts) {
    const gone = [...talks.querySelectorAll(".talk")].filter((one) => this.ended.has(one.dataset.key));
    for (const talk of parts.querySelectorAll(".talk")) {
      if (this.talk(talk.dataset.key)) continue;
      const old = gone.shift();
      old ? old.replaceWith(talk) : talks.append(talk);
      this.showLast(talk);
    }
    const kept = new Set([...talks.querySelectorAll(".talk")].map((one) => one.dataset.key));
    for (const key of this.ended) if (!kept.has(key)) this.ended.delete(key);
    const errors = parts.querySelector("#errors");
    if (errors) this.querySelector("#errors")?.replaceWith(errors);
  }
}

const load = (part) => htmx.ajax("GET", location.href, { target: part, select: part, swap: "outerMorph" });

// 1 where the goal was achieved, 0 where not; without a goal, the share of YES; null where it is in no rate.
function scoreOf(done) {
  const rated = done.passed + done.not_passed;
  if (done.error || CUT.has(done.termination_reason) || done.validity === "invalid") return null;
  if (done.goal_achieved !== null) return done.goal_achieved ? 1 : 0;
  return rated ? done.passed / rated : null;
}

// As `sign` in _words.html says it.
function sign(mean, held) {
  if (mean === null) return "!";
  if (held === 1 && (mean === 0 || mean === 1)) return mean ? "✓" : "✗";
  return String(Math.round(mean * 100));
}

customElements.define("live-experiment", LiveExperiment);
