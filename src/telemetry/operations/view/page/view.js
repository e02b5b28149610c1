// What the waterfall and the flame graph have in common: a trace, a span that is selected, a range of time.

export class View {
  constructor() {
    this.trace = null;
    this.selected = -1;
    this.from = 0;
    this.to = 1;
    this.found = null;
    this.listeners = [];
  }

  open(trace) {
    this.trace = trace;
    this.selected = -1;
    this.found = null;
    this.from = trace.begin;
    this.to = trace.begin + Math.max(trace.length, 1);
  }

  whole() {
    this.zoom(-Infinity, Infinity);
  }

  get is_zoomed() {
    return this.trace && (this.from > this.trace.begin || this.to < this.trace.begin + Math.max(this.trace.length, 1));
  }

  zoom(from, to) {
    const end = this.trace.begin + Math.max(this.trace.length, 1);
    const length = Math.min(Math.max(to - from, 10), end - this.trace.begin);
    this.from = Math.max(Math.min(from, end - length), this.trace.begin);
    this.to = this.from + length;
    this.tell();
  }

  zoomTo(at) {
    const margin = Math.max(this.trace.took[at] * 0.05, 10);
    this.zoom(this.trace.start[at] - margin, this.trace.start[at] + this.trace.took[at] + margin);
  }

  share(time) {
    return (time - this.from) / (this.to - this.from);
  }

  tell() {
    for (const act of this.listeners) act();
  }
}
