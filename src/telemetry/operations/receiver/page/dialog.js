// A form over the page: what is asked for, and what the receiver says to it.

import { element } from "./element.js";

export function openForm({ title, about, fields, action, send }) {
  const problem = element("p", { class: "problem", role: "alert" });
  const inputs = {};
  const rows = fields.map((field) => {
    const input = field.choices
      ? element("select", { name: field.name },
        ...field.choices.map(([value, text]) => element("option", { value }, text)))
      : element(field.long ? "textarea" : "input", {
        name: field.name, type: field.long ? null : field.type || "text", required: field.required, maxlength: field.most || 500,
        rows: field.long ? 3 : null, autocomplete: "off",
      });
    if (field.value !== undefined) input.value = field.value;
    inputs[field.name] = input;
    return element("label", {}, element("span", {}, field.title), input);
  });
  const confirm = element("button", { class: "primary", type: "submit" }, action);
  const form = element("form", {},
    element("h2", {}, title), about ? element("p", { class: "soft" }, about) : null, ...rows, problem,
    element("div", { class: "buttons" },
      element("button", { type: "button", onclick: () => dialog.close() }, "Cancel"), confirm));
  const dialog = element("dialog", { "aria-label": title }, form);
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    confirm.disabled = true;
    problem.textContent = "";
    try {
      await send(Object.fromEntries(Object.entries(inputs).map(([name, input]) => [name, input.value.trim()])));
      dialog.close();
    } catch (error) {
      problem.textContent = error.message;
    }
    confirm.disabled = false;
  });
  const before = document.activeElement;
  dialog.addEventListener("close", () => {
    dialog.remove();
    if (before && before.isConnected) before.focus();
  });
  document.body.append(dialog);
  dialog.showModal();
  (fields.find((each) => each.required && !each.value) ? inputs[fields.find((each) => each.required && !each.value).name] : confirm).focus();
}
