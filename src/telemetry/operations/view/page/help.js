// What the keys do.

import { button, element } from "./element.js";

const KEYS = [
  ["/", "search where you are"],
  ["↑ ↓", "go through a list or a trace; Page Up, Page Down, Home, End go further"],
  ["← →", "close and open what is inside a span; in the flame graph, go to the one beside"],
  ["Enter", "open a trace, go to the details of a span"],
  ["Escape", "leave a search, the zoom, the details, the trace"],
  ["n N", "next and previous span that a search has found"],
  ["e E", "next and previous span that failed"],
  ["z", "zoom to the span; Escape zooms out"],
  ["f", "waterfall or flame graph"],
  ["1 2 3 4", "traces, logs, metrics, processes"],
  ["?", "this help"],
];

export class Help {
  constructor() {
    const rows = KEYS.map(([keys, does]) => element("div", { class: "key" },
      element("dt", {}, ...keys.split(" ").map((key) => element("kbd", { text: key }))), element("dd", { text: does })));
    this.dialog = element("dialog", { "aria-labelledby": "help-title" },
      element("h2", { id: "help-title", text: "Keys" }), element("dl", {}, rows),
      button("Close", () => this.dialog.close(), { class: "plain" }));
    document.body.append(this.dialog);
  }

  show() {
    if (!this.dialog.open) this.dialog.showModal();
  }
}
