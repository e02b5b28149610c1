// The list of traces: searched, filtered, sorted.

import { announce, bidi, button, element, empty } from "./element.js";
import { clock, counted, duration } from "./amount.js";
import { hue, matching, recording, spanMatches, traces, zero } from "./recording.js";
import { go, place } from "./place.js";
import { Rows } from "./rows.js";

const ORDERS = {
  newest: ["Newest first", (one, other) => other.begin - one.begin],
  oldest: ["Oldest first", (one, other) => one.begin - other.begin],
  longest: ["Longest first", (one, other) => other.length - one.length],
  shortest: ["Shortest first", (one, other) => one.length - other.length],
  spans: ["Most spans first", (one, other) => other.count - one.count],
};

export class TraceList {
  constructor() {
    this.only_failed = false;
    this.order = "newest";
    this.word = "";
    this.found = traces;
    this.search = element("input", { type: "search", placeholder: "Search name, id, attribute", "aria-label": "Search traces", spellcheck: "false",
      oninput: () => { this.word = this.search.value.trim(); this.update(); },
      onkeydown: (event) => this.typed(event) });
    this.failed = button("Failed", () => {
      this.only_failed = !this.only_failed;
      this.failed.setAttribute("aria-pressed", String(this.only_failed));
      this.update();
    }, { class: "toggle", "aria-pressed": "false", title: "Only traces with a span that failed or was left open" });
    this.sort = element("select", { "aria-label": "Order of traces", onchange: () => { this.order = this.sort.value; this.update(); } },
      Object.entries(ORDERS).map(([value, [text]]) => element("option", { value, text })));
    this.said = element("span", { class: "said" });
    this.rows = new Rows({ role: "listbox", rowRole: "option", label: "Traces", height: 48, className: "tracelist",
      make: () => this.make(), fill: (row, index) => this.fill(row, index),
      onselect: (index) => go({ trace: this.found[index].id, span: "" }, { replace: true }),
      onopen: () => document.querySelector(".waterfall, .flame")?.focus() });
    this.none = element("div", { hidden: true });
    this.element = element("nav", { class: "list", "aria-label": "Traces" },
      element("div", { class: "tools" }, this.search, element("div", { class: "tools-row" }, this.failed, this.sort, this.said)), this.rows.element, this.none);
    this.update();
  }

  typed(event) {
    if (event.key === "ArrowDown" || event.key === "Enter") {
      this.rows.element.focus();
      if (this.found.length) this.rows.select(Math.max(this.rows.selected, 0));
      event.preventDefault();
    } else if (event.key === "Escape" && this.search.value) {
      this.search.value = this.word = "";
      this.update();
      event.stopPropagation();
    }
  }

  update() {
    const found = this.word ? matching(this.word) : null;
    const word = this.word.toLowerCase();
    this.found = traces.filter((trace) => (!this.only_failed || trace.failed || trace.opened) && (!found || this.has(trace, found, word)));
    this.found.sort(ORDERS[this.order][1]);
    this.said.textContent = this.found.length === traces.length ? counted(traces.length, "trace") : `${this.found.length} of ${traces.length}`;
    this.none.hidden = this.found.length > 0;
    this.rows.element.hidden = this.found.length === 0;
    if (!this.found.length) {
      this.none.replaceChildren(traces.length
        ? empty("No trace is like that", "Change the search, or show traces that did not fail too.")
        : empty("No spans were recorded", "The source is sound, and holds no span: it was shipped and removed, sampled out, or nothing began."));
    }
    this.rows.show(this.found.length, this.found.findIndex((trace) => trace.id === place().trace));
    if (this.word) announce(this.said.textContent);
  }

  has(trace, found, word) {
    if (trace.id.startsWith(word)) return true;
    if (trace.process.some((process) => recording.processes[process].service.toLowerCase().includes(word))) return true;
    for (let at = 0; at < trace.count; at++) if (spanMatches(trace, at, found, word)) return true;
    return false;
  }

  make() {
    const parts = { dot: element("span", { class: "dot" }), name: bidi("", "row-name"), took: element("span", { class: "number" }),
      about: element("span", { class: "about" }), flags: element("span", { class: "flags" }) };
    return Object.assign(element("div", {}, element("div", { class: "line" }, parts.dot, parts.name, parts.took),
      element("div", { class: "line" }, parts.about, parts.flags)), { parts });
  }

  fill(row, index) {
    const trace = this.found[index];
    const { dot, name, took, about, flags } = row.parts;
    dot.className = `dot hue-${hue(trace.process[0])}`;
    name.textContent = trace.title.slice(0, 200);
    took.textContent = duration(trace.length);
    about.textContent = `${clock(zero, trace.begin)} · ${counted(trace.count, "span")}`;
    flags.replaceChildren(
      trace.opened ? element("span", { class: "chip open", text: `${trace.opened} open` }) : "",
      trace.failed ? element("span", { class: "chip failed", text: `${trace.failed} failed` }) : "");
  }

  show(id) {
    const index = this.found.findIndex((trace) => trace.id === id);
    if (index === this.rows.selected) return;
    this.rows.selected = index;
    if (index >= 0) this.rows.reveal(index);
    this.rows.refresh();
  }
}
