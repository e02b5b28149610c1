// Elements: everything that a recording says gets in as text, never as markup.

export function element(tag, properties = {}, ...children) {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(properties)) {
    if (value === undefined || value === null || value === false) continue;
    if (name === "text") made.textContent = value;
    else if (name === "class") made.className = value;
    else if (name.startsWith("on")) made.addEventListener(name.slice(2), value);
    else made.setAttribute(name, value === true ? "" : String(value));
  }
  made.append(...children.flat(Infinity).filter((child) => child !== null && child !== undefined && child !== false));
  return made;
}

export function button(text, act, properties = {}) {
  return element("button", { type: "button", text, onclick: act, ...properties });
}

// Text of a recording, whose direction must not reach beyond itself.
export function bidi(text, className = "") {
  return element("bdi", { class: className, text });
}

export function empty(title, hint) {
  return element("div", { class: "empty" }, element("p", { class: "empty-title", text: title }), element("p", { text: hint }));
}

let announcing = null;

// Say something to who listens instead of looking.
export function announce(text) {
  if (announcing === null) {
    announcing = element("div", { class: "unseen", role: "status", "aria-live": "polite" });
    document.body.append(announcing);
  }
  announcing.textContent = text;
}

export function copier(text, what) {
  const made = button("Copy", async () => {
    try {
      await navigator.clipboard.writeText(text);
      made.textContent = "Copied";
    } catch {
      made.textContent = "Not allowed";
    }
    setTimeout(() => { made.textContent = "Copy"; }, 1500);
  }, { class: "quiet", "aria-label": `Copy ${what}` });
  return made;
}
