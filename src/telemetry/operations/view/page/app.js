// The page: tabs, and what stands in each.

import { button, element } from "./element.js";
import { counted } from "./amount.js";
import { recording, traceOf, traces } from "./recording.js";
import { go, place, whenMoved } from "./place.js";
import { Help } from "./help.js";
import { Logs } from "./logs.js";
import { losses, openSpans, Processes } from "./processes.js";
import { Metrics } from "./metrics.js";
import { themeSwitch } from "./theme.js";
import { TraceList } from "./tracelist.js";
import { TracePanel } from "./tracepanel.js";

class TracesTab {
  constructor() {
    this.list = new TraceList();
    this.panel = new TracePanel();
    this.element = element("div", { class: "split" }, this.list.element, this.panel.element);
  }

  show(where) {
    this.list.show(where.trace);
    this.panel.show(where);
  }

  get search() {
    const inside = this.panel.element.contains(document.activeElement) && this.panel.view.trace;
    return inside ? this.panel.search : this.list.search;
  }
}

const TABS = [["traces", "Traces", TracesTab, traces.length], ["logs", "Logs", Logs, recording.lines.length],
  ["metrics", "Metrics", Metrics, recording.metrics.length], ["processes", "Processes", Processes, recording.processes.length]];

class App {
  constructor() {
    this.help = new Help();
    this.pages = {};
    this.tabs = TABS.map(([name, text, , count]) => element("button", { type: "button", role: "tab", id: `tab-${name}`, "aria-controls": "page",
      onclick: () => go({ view: name === "traces" ? "" : name }), onkeydown: (event) => this.moved(event) }, text, element("span", { class: "count", text: count.toLocaleString("en") })));
    this.room = element("main", { id: "page", role: "tabpanel" });
    const head = element("header", { class: "head" }, element("span", { class: "title" }, element("bdi", { text: recording.title })),
      element("div", { role: "tablist", "aria-label": "Parts of the recording" }, this.tabs), element("span", { class: "spring" }), themeSwitch(),
      button("?", () => this.help.show(), { class: "quiet", "aria-label": "Keys" }));
    document.getElementById("app").replaceChildren(head, ...this.banners(), this.room);
    document.addEventListener("keydown", (event) => this.pressed(event));
    whenMoved((where) => this.show(where));
    const first = recording.opened || (traces.length === 1 ? traces[0].id : "");
    if (first && !place().trace) go({ trace: first }, { replace: true });
    this.show(place());
  }

  banners() {
    const found = [];
    const died = openSpans().filter(({ trace, at }) => recording.processes[trace.process[at]].state === "died");
    const lost = recording.processes.flatMap(losses).reduce((sum, [, count]) => sum + count, 0);
    if (died.length) {
      const processes = new Set(died.map(({ trace, at }) => trace.process[at])).size;
      found.push(element("div", { class: "banner open" }, `◌ ${counted(processes, "process")} died with ${counted(died.length, "span")} open${lost ? `; ${counted(lost, "record")} lost` : ""}.`,
        button("Show what was open", () => go({ view: "processes" }), { class: "link" })));
    } else if (lost) {
      found.push(element("div", { class: "banner open" }, `${counted(lost, "record")} lost.`, button("Show the ledger", () => go({ view: "processes" }), { class: "link" })));
    }
    if (recording.problems.length) {
      found.push(element("details", { class: "banner problems" }, element("summary", { text: `Not everything could be read: ${counted(recording.problems.length, "problem")}` }),
        element("ul", {}, recording.problems.slice(0, 100).map((text) => element("li", {}, element("bdi", { text }))))));
    }
    return found;
  }

  show(where) {
    const index = Math.max(TABS.findIndex(([name]) => name === where.view), 0);
    const [name, , Page] = TABS[index];
    this.tabs.forEach((tab, at) => {
      tab.setAttribute("aria-selected", String(at === index));
      tab.tabIndex = at === index ? 0 : -1;
    });
    this.room.setAttribute("aria-labelledby", `tab-${name}`);
    this.pages[name] ??= new Page();
    this.page = this.pages[name];
    if (this.room.firstChild !== this.page.element) this.room.replaceChildren(this.page.element);
    this.page.show(where);
    const trace = name === "traces" && where.trace ? traceOf(where.trace) : null;
    document.title = `${trace ? `${trace.title.slice(0, 80)} · ` : ""}${recording.title} · telemetry view`;
  }

  moved(event) {
    const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
    if (!step) return;
    const next = (this.tabs.indexOf(event.currentTarget) + step + this.tabs.length) % this.tabs.length;
    this.tabs[next].focus();
    this.tabs[next].click();
    event.preventDefault();
  }

  pressed(event) {
    if (event.target.closest?.("input, select, textarea, dialog") || event.ctrlKey || event.metaKey || event.altKey) return;
    if (event.key === "/") (this.page.search?.focus(), this.page.search?.select());
    else if (event.key === "?") this.help.show();
    else if (/^[1-4]$/.test(event.key)) go({ view: event.key === "1" ? "" : TABS[Number(event.key) - 1][0] });
    else return;
    event.preventDefault();
  }
}

new App();
