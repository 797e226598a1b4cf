// Shows below a field how what is typed in it will be read: formulas and
// chemical equations by asking the server, text that an author calls
// mathematics as it stands.
(() => {
  "use strict";
  const pause = 300; // ms without typing
  const latest = new WeakMap(); // by field: when the newest question was asked
  const timers = new WeakMap();

  const typeset = (root) => document.dispatchEvent(new CustomEvent("lectern:typeset", { detail: { root } }));

  const asText = (field) => {
    const place = document.getElementById(field.id.replace(/^input_/, "display_"));
    if (!place) return;
    const typed = field.value.replaceAll("`", "");
    place.textContent = typed ? "`" + typed + "`" : "";
    typeset(place);
  };

  // ask sends what is typed and shows the answer, unless more was typed since.
  const ask = async (field) => {
    const place = document.getElementById(field.id + "_preview");
    const form = field.form;
    if (!place || !form) return;
    const start = String(performance.now());
    latest.set(field, start);
    if (!field.value.trim()) {
      place.textContent = "";
      return;
    }
    try {
      const response = await fetch(new URL("preview", form.action), {
        method: "POST",
        body: new URLSearchParams({ input: field.id.replace(/^input_/, ""), typed: field.value, request_start: start }),
        headers: { Accept: "application/json" },
        credentials: "same-origin",
      });
      if (!response.ok) return;
      const answer = await response.json();
      if (latest.get(field) === answer.request_start) show(place, answer);
    } catch {
      // Without a preview the field works all the same.
    }
  };

  const show = (place, { preview, html, error }) => {
    place.classList.toggle("equation-error", Boolean(error));
    place.replaceChildren();
    if (html) place.innerHTML = html; // typeset by the server
    if (error) {
      const words = document.createElement("span");
      words.className = "equation-words";
      words.textContent = error;
      place.append(words);
    } else if (preview) {
      place.textContent = "\\(" + preview + "\\)";
      typeset(place);
    }
  };

  const showerOf = (field) => {
    if (field.dataset?.preview !== undefined) return ask;
    return field.dataset?.math !== undefined ? asText : null;
  };

  document.addEventListener("input", (event) => {
    const shower = showerOf(event.target);
    if (!shower) return;
    clearTimeout(timers.get(event.target));
    timers.set(event.target, setTimeout(() => shower(event.target), pause));
  });

  document.addEventListener("lectern:drawn", (event) => {
    for (const field of event.detail.root.querySelectorAll("input[data-preview], input[data-math]")) {
      if (field.value && !field.disabled) showerOf(field)(field);
    }
  });
})();
