// The processes: what became of each and of its spans, and what it was at when it died.

import { bidi, button, element, empty } from "./element.js";
import { counted, duration } from "./amount.js";
import { hue, pairs, recording, traces, who } from "./recording.js";
import { go } from "./place.js";
import { table } from "./details.js";

const STATES = { died: "✕ died", running: "● running", ended: "✓ ended in order", totals: "Σ totals of the dead" };
const SPAN_LOSSES = ["refused", "overwritten", "too_large", "torn", "corrupt", "abandoned", "undecided_full"];
const LOG_LOSSES = ["logs_refused", "logs_overwritten", "logs_too_large"];
const TERMS = ["started", "shipped", "closed", "pending", "open", "undecided", "sampled_out", "logs_written", "logs_shipped", "logs_pending"];

export function openSpans() {
  return traces.filter((trace) => trace.opened).flatMap((trace) => [...trace.open.keys()].filter((at) => trace.open[at]).map((at) => ({ trace, at })));
}

export function losses(process) {
  return [...SPAN_LOSSES, ...LOG_LOSSES].filter((name) => process.ledger[name] > 0).map((name) => [name, process.ledger[name]]);
}

function path(trace, at) {
  const names = [];
  for (let around = at; around >= 0 && names.length < 12; around = trace.parent[around]) names.unshift(trace.name_of(around).slice(0, 80));
  return names.join(" › ");
}

export class Processes {
  constructor() {
    const opened = openSpans();
    this.element = element("section", { class: "page scroll", "aria-label": "Processes", tabindex: "0" },
      recording.processes.length ? [this.opened(opened), recording.processes.map((process, index) => this.process(process, index))] : empty("Nobody recorded anything", "The source holds no process."));
  }

  opened(found) {
    if (!found.length) return element("p", { class: "note", text: "No span was open when the recording ends." });
    const places = found.some(({ trace, at }) => trace.more[at]?.place);
    const heads = ["Process", "State", "Span", "Open for", ...(places ? ["Where in the code"] : [])];
    return element("section", { class: "card open-card" }, element("h2", { text: `Open when the recording ends: ${counted(found.length, "span")}` }),
      element("table", {}, element("thead", {}, element("tr", {}, heads.map((text) => element("th", { scope: "col", text })))),
        element("tbody", {}, found.slice(0, 500).map(({ trace, at }) => this.row(trace, at, places)))));
  }

  row(trace, at, places) {
    const process = recording.processes[trace.process[at]];
    const open = button(path(trace, at), () => go({ view: "", trace: trace.id, span: trace.span[at] }), { class: "link" });
    return element("tr", {}, element("td", {}, element("span", { class: `dot hue-${hue(trace.process[at])}` }), bidi(who(trace.process[at]))), element("td", { text: STATES[process.state] ?? "" }),
      element("td", {}, open), element("td", { class: "number", text: duration(trace.took[at]) }), places ? element("td", {}, bidi(trace.more[at]?.place ?? "")) : null);
  }

  process(process, index) {
    const lost = losses(process);
    const state = STATES[process.state];
    const known = TERMS.filter((name) => name in process.ledger);
    const words = (name) => name.replaceAll("_", " ");
    return element("section", { class: "card" },
      element("h2", {}, element("span", { class: `dot hue-${hue(index)}` }), bidi(who(index)), state ? element("span", { class: `chip ${process.state === "died" ? "failed" : ""}`, text: state }) : ""),
      known.length ? element("div", { class: "ledger" }, known.map((name) => element("div", { class: process.ledger[name] ? "" : "none" }, element("b", { text: process.ledger[name].toLocaleString("en") }), element("span", { text: words(name) })))) : null,
      known.length ? element("p", { class: lost.length ? "note lost-note" : "note" , text: lost.length ? `Lost: ${lost.map(([name, count]) => `${count.toLocaleString("en")} ${words(name)}`).join(", ")}` : "Nothing was lost." }) : null,
      element("details", {}, element("summary", { text: "Resource" }), table([...(process.source ? [["source", process.source]] : []), ...pairs(process.resource)])));
  }

  show() {}
}
