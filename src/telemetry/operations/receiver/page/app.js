// The page: who looks, which view is open, and whether what it shows is fresh.

import { ask } from "./api.js";
import { element } from "./element.js";
import { incidentsView } from "./incidents.js";
import { auditView, figuresView, maintenanceView, messagesView } from "./tables.js";

const VIEWS = {
  open: ["Open", (session, hooks) => incidentsView(session, { ...hooks, isHistory: false })],
  history: ["History", (session, hooks) => incidentsView(session, { ...hooks, isHistory: true })],
  figures: ["Figures", figuresView],
  silences: ["Silences", maintenanceView],
  messages: ["Messages", messagesView],
  audit: ["Audit", auditView],
};
const app = document.getElementById("app");
let current = null;

function login(said = "") {
  if (current) current.end();
  current = null;
  const token = element("input", { type: "password", name: "token", autocomplete: "current-password", required: true, "aria-label": "Token", placeholder: "Token" });
  const problem = element("p", { class: "problem", role: "alert" }, said);
  const form = element("form", { class: "login" }, element("h1", {}, "Alerts"),
    element("p", { class: "soft" }, "Show a token of this receiver. It is not kept in the browser: a session of twelve hours is."),
    element("input", { name: "username", autocomplete: "username", hidden: true, "aria-hidden": "true" }),
    token, problem, element("button", { class: "primary", type: "submit" }, "Enter"));
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    try {
      await ask("/api/v1/login", "POST", { token: token.value.trim() });
      await begin();
    } catch (error) { problem.textContent = error.message; }
  });
  app.replaceChildren(form);
  token.focus();
}

async function begin() {
  let session;
  try {
    session = await ask("/api/v1/me");
  } catch (error) {
    return login(error.message);
  }
  if (session.role === "anybody") return login();
  if (session.role === "webhook") return login("This token is for deliveries; a reader's or an operator's opens the page.");
  const live = element("span", { class: "live", role: "status" });
  const main = element("main");
  const tabs = Object.entries(VIEWS).map(([name, [title]]) => element("a", { href: `#${name}`, "data-view": name }, title));
  const leave = element("button", { class: "quiet", onclick: () => ask("/api/v1/logout", "POST").finally(() => login()) }, "Leave");
  const hooks = {
    tell(isWell, text = "live") {
      live.className = isWell ? "live" : "live lost";
      if (live.textContent !== text) live.textContent = text;
      live.title = `last answer ${new Date().toLocaleTimeString()}`;
    },
    failed(error) {
      if (error.status === 401) return login("The session is over.");
      hooks.tell(false, error.message);
    },
  };
  function show() {
    const name = VIEWS[location.hash.slice(1)] ? location.hash.slice(1) : "open";
    if (current) current.end();
    for (const each of tabs) each.toggleAttribute("aria-current", each.dataset.view === name);
    document.title = `${VIEWS[name][0]} · Alerts`;
    current = VIEWS[name][1](session, hooks);
    main.replaceChildren(current.view);
  }
  app.replaceChildren(
    element("header", {}, element("strong", {}, "Alerts"), element("nav", { "aria-label": "Views" }, ...tabs),
      element("span", { class: "spring" }), live,
      element("span", { class: "soft" }, `${session.name}, ${session.role}`), leave), main);
  window.onhashchange = show;
  show();
}

begin();
