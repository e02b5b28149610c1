// The recording that this page is about, as `payload.py` writes it: texts stand in one table, spans in columns.

export const recording = JSON.parse(document.getElementById("recording").textContent);

export const zero = BigInt(recording.zero);
export const texts = recording.texts;
export const KINDS = ["internal", "server", "client", "producer", "consumer"];
export const PALETTE = 8;

const services = [...new Set(recording.processes.map((each) => each.service))];

// A service has a colour, the same everywhere; nobody's is the colour of a failure.
export function hue(process) {
  return services.indexOf(recording.processes[process].service) % PALETTE;
}

export function who(process) {
  const { service, pid } = recording.processes[process];
  return [service || "unknown service", pid && `pid ${pid}`].filter(Boolean).join(" · ");
}

class Trace {
  constructor(columns, index) {
    Object.assign(this, columns);
    this.index = index;
    this.count = columns.start.length;
    this.begin = Infinity;
    this.end = -Infinity;
    this.failed = 0;
    this.opened = 0;
    this.depth = new Int32Array(this.count);
    this.last = new Int32Array(this.count);
    for (let at = 0; at < this.count; at++) {
      this.begin = Math.min(this.begin, this.start[at]);
      this.end = Math.max(this.end, this.start[at] + this.took[at]);
      this.failed += this.has_failed(at) ? 1 : 0;
      this.opened += this.open[at] ? 1 : 0;
      this.depth[at] = this.parent[at] < 0 ? 0 : this.depth[this.parent[at]] + 1;
      this.last[at] = at;
    }
    for (let at = this.count - 1; at > 0; at--) {
      const around = this.parent[at];
      if (around >= 0) this.last[around] = Math.max(this.last[around], this.last[at]);
    }
  }

  get length() { return this.end - this.begin; }
  get title() { return texts[this.name[0]] || "(no name)"; }
  name_of(at) { return texts[this.name[at]] || "(no name)"; }
  // What was open when its process died says that it failed; it is shown as open, and not twice.
  has_failed(at) { return this.status[at] === 2 && !this.open[at]; }
  find(spanId) { return this.span.indexOf(spanId); }
  has_children(at) { return this.last[at] > at; }

  children(at) {
    const found = [];
    for (let child = at + 1; child <= this.last[at]; child = this.last[child] + 1) found.push(child);
    return found;
  }

  // The time that no span inside of it explains.
  own(at) {
    let covered = 0;
    let upto = this.start[at];
    const finish = this.start[at] + this.took[at];
    for (const child of this.children(at)) {
      const from = Math.max(this.start[child], upto);
      const to = Math.min(this.start[child] + this.took[child], finish);
      if (to > from) { covered += to - from; upto = to; }
    }
    return Math.max(this.took[at] - covered, 0);
  }
}

export const traces = recording.traces.map((columns, index) => new Trace(columns, index));
const byId = new Map(traces.map((trace) => [trace.id, trace]));

export function traceOf(id) {
  return byId.get(id) ?? null;
}

export function pairs(flat) {
  const found = [];
  for (let at = 0; at < flat.length; at += 2) found.push([texts[flat[at]], texts[flat[at + 1]]]);
  return found;
}

export const lines = recording.lines;
const linesOfSpan = new Map();
for (const line of lines) {
  if (!line.trace) continue;
  const key = `${line.trace} ${line.span}`;
  if (!linesOfSpan.has(key)) linesOfSpan.set(key, []);
  linesOfSpan.get(key).push(line);
}

export function linesOf(traceId, spanId) {
  return linesOfSpan.get(`${traceId} ${spanId}`) ?? [];
}

let lowered = null;

// The numbers of all texts that have a word in them.
export function matching(word) {
  lowered ??= texts.map((text) => text.toLowerCase());
  const wanted = word.toLowerCase();
  const found = new Set();
  lowered.forEach((text, index) => { if (text.includes(wanted)) found.add(index); });
  return found;
}

export function spanMatches(trace, at, found, word) {
  return found.has(trace.name[at]) || trace.attributes[at].some((text) => found.has(text)) || trace.span[at] === word;
}
