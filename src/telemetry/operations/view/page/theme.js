// Light or dark: as the system says, until somebody says otherwise.

import { button } from "./element.js";

const THEMES = ["auto", "light", "dark"];
const KEPT = "telemetry-view-theme";
const painters = [];

function kept() {
  try { return localStorage.getItem(KEPT) ?? "auto"; } catch { return "auto"; }
}

function keep(theme) {
  try { localStorage.setItem(KEPT, theme); } catch { /* a file may have no storage */ }
}

export function whenPainted(act) {
  painters.push(act);
}

function paint(theme) {
  document.documentElement.dataset.theme = theme;
  for (const act of painters) act();
}

export function themeSwitch() {
  let theme = THEMES.includes(kept()) ? kept() : "auto";
  const made = button("", () => {
    theme = THEMES[(THEMES.indexOf(theme) + 1) % THEMES.length];
    keep(theme);
    show();
  }, { class: "quiet", id: "theme" });
  const show = () => {
    made.textContent = { auto: "◐ Auto", light: "○ Light", dark: "● Dark" }[theme];
    made.setAttribute("aria-label", `Colours: ${theme}. Change`);
    paint(theme);
  };
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => paint(theme));
  show();
  return made;
}
