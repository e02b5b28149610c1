// Amounts as people read them: durations, times, counts.

const STEPS = [[1e9, "s"], [1e6, "ms"], [1e3, "µs"], [1, "ns"]];

function digits(value) {
  const size = Math.abs(value);
  return value.toFixed(size >= 100 || Number.isInteger(value) ? 0 : size >= 10 ? 1 : 2);
}

export function duration(nanoseconds) {
  if (nanoseconds >= 60e9) {
    const seconds = Math.round(nanoseconds / 1e9);
    const [hours, minutes] = [Math.floor(seconds / 3600), Math.floor((seconds % 3600) / 60)];
    const parts = hours ? [[hours, "h"], [minutes, "min"]] : [[minutes, "min"], [seconds % 60, "s"]];
    return parts.filter(([count]) => count).map((part) => part.join(" ")).join(" ");
  }
  const [size, unit] = STEPS.find(([least]) => nanoseconds >= least) ?? STEPS[3];
  return `${digits(nanoseconds / size)} ${unit}`;
}

export function moment(zero, nanoseconds, fine = false) {
  const total = zero + BigInt(Math.round(nanoseconds));
  const date = new Date(Number(total / 1000000n));
  if (Number.isNaN(date.getTime())) return `${total} ns`;
  const text = date.toISOString().replace("T", " ");
  return fine ? `${text.slice(0, 19)}.${String(total % 1000000000n).padStart(9, "0")} UTC` : text.slice(0, 23);
}

export function clock(zero, nanoseconds) {
  return moment(zero, nanoseconds).slice(11);
}

export function counted(count, noun) {
  return `${count.toLocaleString("en")} ${noun}${count === 1 ? "" : noun.endsWith("s") ? "es" : "s"}`;
}

export function quantity(value, unit = "") {
  const number = Number(value);
  if (!Number.isFinite(number)) return `${value}${unit && ` ${unit}`}`;
  if (unit === "s" || unit === "ms") {
    const nanoseconds = number * (unit === "s" ? 1e9 : 1e6);
    if (nanoseconds >= 0 && nanoseconds < 1e15) return nanoseconds === 0 ? `0 ${unit}` : duration(nanoseconds);
  }
  const size = Math.abs(number);
  const text = Number.isInteger(number) && size < 1e15 ? number.toLocaleString("en") : number.toPrecision(4).replace(/\.?0+$/, "");
  const shown = unit && unit !== "1" && !unit.startsWith("{") ? ` ${unit === "By" ? "bytes" : unit}` : "";
  return text + shown;
}

// Round steps for an axis over a range.
export function ticks(from, to, most) {
  const rough = (to - from) / Math.max(most, 1);
  if (!(rough > 0)) return [from];
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = [1, 2, 5, 10].map((factor) => factor * power).find((each) => each >= rough);
  const found = [];
  for (let at = Math.ceil(from / step) * step; at <= to; at += step) found.push(at);
  return found;
}
