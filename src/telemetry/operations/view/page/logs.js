// All log lines, by time; a line leads to its span.

import { announce, bidi, element, empty } from "./element.js";
import { clock, counted } from "./amount.js";
import { hue, lines, matching, pairs, recording, texts, traceOf, zero } from "./recording.js";
import { go } from "./place.js";
import { Rows } from "./rows.js";

const LEVELS = ["debug", "info", "warning", "error", "critical"];

export class Logs {
  constructor() {
    this.found = lines;
    this.search = element("input", { type: "search", placeholder: "Search log lines", "aria-label": "Search log lines", spellcheck: "false", oninput: () => this.update(),
      onkeydown: (event) => { if (event.key === "ArrowDown" || event.key === "Enter") { this.rows.element.focus(); event.preventDefault(); } } });
    this.least = element("select", { "aria-label": "Least severity", onchange: () => this.update() },
      LEVELS.map((level, index) => element("option", { value: index, text: index ? `${level} and above` : "All severities" })));
    this.said = element("span", { class: "said" });
    this.rows = new Rows({ role: "grid", label: "Log lines", height: 26, className: "loglist", make: () => this.make(), fill: (row, index) => this.fill(row, index), onopen: (index) => this.open(index) });
    this.none = element("div", { hidden: true });
    this.element = element("section", { class: "page", "aria-label": "Logs" }, element("div", { class: "tools tools-wide" }, this.search, this.least, this.said,
      element("span", { class: "hint", text: "Enter opens the span of a line" })), this.rows.element, this.none);
    this.update();
  }

  update() {
    const word = this.search.value.trim();
    const least = Number(this.least.value);
    const found = word ? matching(word) : null;
    this.found = lines.filter((line) => (!least || LEVELS.indexOf(line.severity) >= least) && (!found || found.has(line.text) || line.attributes.some((text) => found.has(text)) || line.trace === word));
    this.said.textContent = this.found.length === lines.length ? counted(lines.length, "line") : `${this.found.length} of ${lines.length}`;
    this.none.hidden = this.found.length > 0;
    this.rows.element.hidden = !this.found.length;
    if (!this.found.length) this.none.replaceChildren(lines.length ? empty("No line is like that", "Change the search or the severity.") : empty("No log lines were recorded", "Lines are in a recording where the process wrote them through telemetry's logger."));
    this.rows.show(this.found.length);
    if (word) announce(this.said.textContent);
  }

  make() {
    const parts = { time: element("span", { class: "number", role: "gridcell" }), severity: element("span", { class: "severity", role: "gridcell" }), dot: element("span", { class: "dot" }),
      text: bidi("", "log-event"), fields: bidi("", "log-fields"), span: element("span", { class: "log-span about", role: "gridcell" }) };
    return Object.assign(element("div", {}, parts.time, parts.severity, element("span", { class: "cell-name", role: "gridcell" }, parts.dot, parts.text, parts.fields), parts.span), { parts });
  }

  fill(row, index) {
    const line = this.found[index];
    const { parts } = row;
    row.className = `row log-row ${line.severity}`;
    parts.time.textContent = clock(zero, line.time);
    parts.severity.textContent = line.severity || "–";
    parts.dot.className = `dot hue-${hue(line.process)}`;
    parts.dot.title = recording.processes[line.process].service;
    parts.text.textContent = texts[line.text].slice(0, 400);
    parts.fields.textContent = pairs(line.attributes).map(([name, text]) => `${name}=${text.slice(0, 120)}`).join("  ").slice(0, 400);
    const trace = traceOf(line.trace);
    const at = trace ? trace.find(line.span) : -1;
    parts.span.textContent = at >= 0 ? `↗ ${trace.name_of(at).slice(0, 100)}` : "";
  }

  open(index) {
    const line = this.found[index];
    if (traceOf(line.trace)) go({ view: "", trace: line.trace, span: line.span });
    else announce("The trace of this line is not in the recording");
  }

  show() { this.rows.draw(); }
}
