// One trace: what it is, a search in it, the waterfall or the flame graph, and the details of a span.

import { announce, bidi, button, copier, element, empty } from "./element.js";
import { counted, duration, moment } from "./amount.js";
import { hue, matching, recording, spanMatches, traceOf, zero } from "./recording.js";
import { go, place } from "./place.js";
import { Details } from "./details.js";
import { Flame } from "./flame.js";
import { View } from "./view.js";
import { Waterfall } from "./waterfall.js";

export class TracePanel {
  constructor() {
    this.view = new View();
    const choose = (at) => go({ span: this.view.trace.span[at] }, { replace: true });
    const enter = () => { this.details.element.focus(); };
    this.details = new Details(() => { go({ span: "" }); this.drawing.target.focus(); });
    this.waterfall = new Waterfall(this.view, choose, enter);
    this.flame = new Flame(this.view, choose, enter);
    this.drawing = this.waterfall;
    this.search = element("input", { type: "search", placeholder: "Find spans", "aria-label": "Find spans in this trace", spellcheck: "false",
      oninput: () => this.find(), onkeydown: (event) => this.typed(event) });
    this.said = element("span", { class: "said" });
    this.out = button("Zoom out", () => this.view.whole(), { class: "quiet", hidden: true });
    this.modes = ["waterfall", "flame"].map((mode) => button(mode === "flame" ? "Flame" : "Waterfall", () => go({ mode: mode === "flame" ? mode : "" }, { replace: true }), { class: "toggle", "data-mode": mode }));
    this.head = element("div", { class: "trace-head" });
    this.tools = element("div", { class: "trace-tools" }, element("div", { class: "group", role: "group", "aria-label": "Drawing" }, this.modes), this.search, this.said, this.out);
    this.room = element("div", { class: "trace-room" });
    this.main = element("section", { class: "trace", "aria-label": "Trace" }, this.head, this.tools, this.room);
    this.element = element("div", { class: "trace-and-details" }, this.main, this.details.element);
    this.view.listeners.push(() => { this.out.hidden = !this.view.is_zoomed; });
    this.element.addEventListener("keydown", (event) => this.pressed(event));
  }

  show(where) {
    const trace = where.trace ? traceOf(where.trace) : null;
    if (!trace) { this.blank(where); return; }
    const mode = where.mode === "flame" ? this.flame : this.waterfall;
    const is_new = this.view.trace !== trace || this.room.firstChild !== mode.element;
    this.tools.hidden = false;
    if (this.view.trace !== trace) this.open(trace);
    if (is_new) {
      this.drawing = mode;
      for (const each of this.modes) each.setAttribute("aria-pressed", String((each.dataset.mode === "flame") === (mode === this.flame)));
      this.room.replaceChildren(mode.element);
      mode.open();
    }
    const at = where.span ? trace.find(where.span) : -1;
    if (this.view.selected !== at || is_new) {
      this.view.selected = at;
      if (at >= 0) this.details.show(trace, at); else this.details.hide();
      mode.select(at);
    }
  }

  blank(where) {
    this.view.trace = null;
    this.view.selected = -1;
    this.tools.hidden = true;
    this.head.replaceChildren();
    this.details.hide();
    const nothing = recording.traces.length ? empty("Choose a trace", "Arrows go through the list, Enter goes into a trace, ? shows all keys.") : empty("Nothing to draw", "There is no trace in this recording.");
    this.room.replaceChildren(where.trace ? empty("This trace is not in the recording", where.trace) : nothing);
  }

  open(trace) {
    this.view.open(trace);
    this.search.value = "";
    this.said.textContent = "";
    this.out.hidden = true;
    this.details.hide();
    const services = [...new Map(trace.process.map((process) => [recording.processes[process].service, process])).entries()];
    const processes = new Set(trace.process).size;
    this.head.replaceChildren(
      element("div", { class: "line" }, element("h1", {}, bidi(trace.title.slice(0, 300))), element("span", { class: "id" }, element("code", { text: trace.id }), copier(trace.id, "trace id"))),
      element("p", { class: "about", text: [duration(trace.length), counted(trace.count, "span"), counted(processes, "process"), `${moment(zero, trace.begin)} UTC`].join(" · ") }),
      element("p", { class: "legend" }, services.slice(0, 12).map(([service, process]) => element("span", {}, element("span", { class: `dot hue-${hue(process)}` }), bidi(service || "unknown service"))),
        trace.failed ? element("span", { class: "chip failed", text: `✕ ${trace.failed} failed` }) : "", trace.opened ? element("span", { class: "chip open", text: `◌ ${trace.opened} open` }) : ""));
  }

  find() {
    const word = this.search.value.trim();
    const { trace } = this.view;
    if (!word) { this.view.found = null; this.said.textContent = ""; this.view.tell(); return; }
    const texts = matching(word);
    this.view.found = new Set();
    for (let at = 0; at < trace.count; at++) if (spanMatches(trace, at, texts, word.toLowerCase())) this.view.found.add(at);
    this.said.textContent = `${this.view.found.size} of ${trace.count}`;
    announce(counted(this.view.found.size, "span") + " found");
    this.view.tell();
  }

  typed(event) {
    if (event.key === "Enter") {
      this.step((at) => this.view.found?.has(at), event.shiftKey ? -1 : 1);
    } else if (event.key === "Escape") {
      if (this.search.value) { this.search.value = ""; this.find(); } else this.drawing.target.focus();
      event.stopPropagation();
    } else if (event.key === "ArrowDown") this.drawing.target.focus();
    else return;
    event.preventDefault();
  }

  // Go to the next span that is like that, round and round.
  step(wanted, direction) {
    const { trace, selected } = this.view;
    const start = selected < 0 ? (direction > 0 ? -1 : 0) : selected;
    for (let away = 1; away <= trace.count; away++) {
      const at = (start + direction * away + trace.count * 2) % trace.count;
      if (wanted(at)) { go({ span: trace.span[at] }, { replace: true }); return; }
    }
  }

  pressed(event) {
    const { trace, selected } = this.view;
    if (!trace || event.target.closest("input, select") || event.ctrlKey || event.metaKey || event.altKey) return;
    const acts = {
      n: () => this.step((at) => this.view.found?.has(at), 1),
      N: () => this.step((at) => this.view.found?.has(at), -1),
      e: () => this.step((at) => trace.has_failed(at) || trace.open[at], 1),
      E: () => this.step((at) => trace.has_failed(at) || trace.open[at], -1),
      z: () => { if (selected >= 0) this.view.zoomTo(selected); },
      f: () => { go({ mode: place().mode === "flame" ? "" : "flame" }, { replace: true }); this.drawing.target.focus(); },
      Escape: () => this.escape(event),
    };
    if (!acts[event.key]) return;
    acts[event.key]();
    event.preventDefault();
  }

  escape(event) {
    if (this.details.element.contains(event.target) && !this.details.element.hidden) this.drawing.target.focus();
    else if (this.view.is_zoomed) this.view.whole();
    else if (this.view.selected >= 0) { go({ span: "" }, { replace: true }); this.drawing.target.focus(); } else document.querySelector(".tracelist")?.focus();
  }
}
