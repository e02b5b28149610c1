// Makes elements of the page; text stays text.

export function element(name, options = {}, ...children) {
  const made = document.createElement(name);
  for (const [key, value] of Object.entries(options)) {
    if (value === undefined || value === null || value === false) continue;
    if (key.startsWith("on")) made.addEventListener(key.slice(2), value);
    else if (key === "class") made.className = value;
    else made.setAttribute(key, value === true ? "" : value);
  }
  made.append(...children.filter((each) => each !== null && each !== undefined));
  return made;
}

export function chip(kind, text = kind) {
  return element("span", { class: `chip ${kind}` }, text);
}

// Only an address of the web becomes a link: a label could hold a script.
export function link(address, text, label) {
  if (!/^https?:\/\//i.test(address || "")) return null;
  return element(
    "a",
    { href: address, target: "_blank", rel: "noopener noreferrer", "aria-label": label, title: address },
    text,
  );
}

export function pairs(values) {
  const list = element("dl", { class: "pairs" });
  for (const [name, value] of Object.entries(values))
    list.append(element("dt", {}, name), element("dd", {}, link(value, value) || value));
  return list;
}

export function table(titles, rows, empty) {
  if (!rows.length) return element("p", { class: "empty" }, empty);
  const head = element("tr", {}, ...titles.map((each) => element("th", { scope: "col" }, each)));
  const body = rows.map((row) =>
    element("tr", {}, ...row.map((each) => element("td", {}, each === null || each === undefined ? "–" : each))),
  );
  return element("div", { class: "scroll", tabindex: "0" },
    element("table", {}, element("thead", {}, head), element("tbody", {}, ...body)));
}
