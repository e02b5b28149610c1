// The details of a span: what it says of itself, and what its process and log lines say.

import { bidi, button, copier, element } from "./element.js";
import { clock, counted, duration, moment } from "./amount.js";
import { hue, KINDS, linesOf, pairs, recording, texts, traceOf, who, zero } from "./recording.js";
import { go } from "./place.js";

const LONG = 600;
const ARTEFACT = /(^|\.)(sha256|digest|hash)$|^sha256:/;

function value(text) {
  if (text.length <= LONG) return bidi(text, "value");
  const shown = bidi(`${text.slice(0, LONG)}…`, "value");
  const more = button(`Show all ${text.length.toLocaleString("en")} characters`, () => { shown.textContent = text; more.remove(); }, { class: "quiet" });
  return element("span", {}, shown, " ", more);
}

export function table(rows) {
  return element("dl", { class: "facts" }, rows.map(([name, text]) => element("div", {},
    element("dt", {}, typeof name === "string" ? bidi(name) : name), element("dd", {}, typeof text === "string" ? value(text) : text))));
}

function section(title, ...content) {
  return element("section", {}, element("h3", { text: title }), content);
}

function identity(id, what) {
  return element("span", { class: "id" }, element("code", { text: id }), copier(id, what));
}

function exception(event) {
  const said = Object.fromEntries(pairs(event[2]));
  return element("div", { class: "exception" },
    element("p", { class: "exception-type" }, bidi(said["exception.type"] ?? "exception")),
    said["exception.message"] ? element("p", {}, value(said["exception.message"])) : null,
    said["exception.stacktrace"] ? element("details", {}, element("summary", { text: "Stack trace" }), element("pre", {}, bidi(said["exception.stacktrace"]))) : null);
}

export function lineRow(line) {
  return element("div", { class: `log ${line.severity}` },
    element("span", { class: "number", text: clock(zero, line.time) }), element("span", { class: "severity", text: line.severity || "–" }),
    element("span", { class: "log-text" }, bidi(texts[line.text]),
      pairs(line.attributes).map(([name, text]) => element("span", { class: "field" }, bidi(name, "field-name"), "=", bidi(text.slice(0, LONG))))));
}

export class Details {
  constructor(leave) {
    this.element = element("aside", { class: "details", "aria-label": "Details", tabindex: "-1", hidden: true });
    this.leave = leave;
  }

  show(trace, at) {
    this.element.hidden = false;
    this.element.scrollTop = 0;
    const more = trace.more[at] ?? {};
    const failures = (more.events ?? []).filter((event) => event[0] === "exception");
    const others = (more.events ?? []).filter((event) => event[0] !== "exception");
    const attributes = pairs(trace.attributes[at]);
    const artefacts = attributes.filter(([name]) => ARTEFACT.test(name));
    const plain = attributes.filter(([name]) => !ARTEFACT.test(name));
    const lines = linesOf(trace.id, trace.span[at]);
    this.element.replaceChildren(
      this.head(trace, at, more),
      trace.open[at] ? element("p", { class: "note open-note", text: this.openness(trace, at) }) : "",
      ...failures.map(exception),
      table(this.facts(trace, at, more)),
      plain.length ? section(`Attributes`, table(plain)) : "",
      artefacts.length ? section("Artefacts", table(artefacts.map(([name, text]) => [name, identity(text, name)]))) : "",
      others.length ? section("Events", others.map((event) => this.event(trace, at, event))) : "",
      more.links ? section("Links", more.links.map((link) => this.link(link))) : "",
      lines.length ? section(counted(lines.length, "log line"), lines.map(lineRow)) : "",
      element("details", { class: "resource" }, element("summary", { text: "Process and resource" }), this.resource(trace.process[at])));
  }

  head(trace, at, more) {
    const failed = trace.has_failed(at);
    return element("header", {},
      element("div", { class: "line" }, element("span", { class: `dot hue-${hue(trace.process[at])}` }), element("span", { class: "about" }, bidi(who(trace.process[at]))),
        button("×", this.leave, { class: "quiet close", "aria-label": "Close details" })),
      element("h2", {}, bidi(trace.name_of(at).slice(0, LONG))),
      element("div", { class: "line flags" }, failed ? element("span", { class: "chip failed", text: "✕ failed" }) : "",
        trace.open[at] ? element("span", { class: "chip open", text: "◌ open" }) : "",
        trace.status[at] === 1 ? element("span", { class: "chip", text: "ok" }) : "",
        element("span", { class: "chip", text: KINDS[trace.kind[at]] }), more.says ? value(more.says) : ""));
  }

  openness(trace, at) {
    const state = recording.processes[trace.process[at]].state;
    const place = trace.more[at]?.place;
    const why = { running: "It is still running; its bar ends with the last sign of life.", ended: "Its process ended in order, and nobody ended it." }[state]
      ?? "Its process died in it; its bar ends with the last sign of life.";
    return place ? `${why} It began in ${place}.` : why;
  }

  facts(trace, at, more) {
    const around = trace.parent[at];
    return [
      ["Duration", `${duration(trace.took[at])}, ${duration(trace.own(at))} of it its own`],
      ["Began", `${duration(trace.start[at] - trace.begin)} into the trace`],
      ["Time", moment(zero, trace.start[at], true)],
      ["Inside of", around >= 0 ? button(trace.name_of(around).slice(0, 200), () => go({ span: trace.span[around] }), { class: "link" })
        : trace.lost[at] ? "a span that is not in this recording" : "nothing: it is a root"],
      ["Trace", identity(trace.id, "trace id")],
      ["Span", identity(trace.span[at], "span id")],
      ...(more.scope ? [["Scope", more.scope]] : []),
      ...(more.tracestate ? [["Trace state", more.tracestate]] : []),
    ];
  }

  event(trace, at, [name, time, attributes]) {
    return element("div", { class: "event" }, element("p", { class: "line" }, bidi(name, "event-name"), element("span", { class: "number", text: `+${duration(Math.max(time - trace.start[at], 0))}` })),
      attributes.length ? table(pairs(attributes)) : null);
  }

  link([traceId, spanId, attributes]) {
    const there = traceOf(traceId);
    const name = there && there.find(spanId) >= 0 ? there.name_of(there.find(spanId)).slice(0, 200) : there?.title.slice(0, 200);
    return element("div", { class: "event" },
      there ? button(name, () => go({ trace: traceId, span: spanId }), { class: "link" }) : element("p", { class: "about", text: "a trace that is not in this recording" }),
      element("p", {}, element("code", { text: `${traceId} ${spanId}` })), attributes.length ? table(pairs(attributes)) : null);
  }

  resource(index) {
    const process = recording.processes[index];
    return table([...(process.state ? [["state", process.state]] : []), ...(process.source ? [["source", process.source]] : []), ...pairs(process.resource)]);
  }

  hide() {
    this.element.hidden = true;
    this.element.replaceChildren();
  }
}
