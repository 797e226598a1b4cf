// Sends answers without leaving the page and shows what came of them. Only the
// problem that was answered is drawn anew: what stands in others stays.
//
// Scripts of inputs take part by two events: "lectern:collect" on a problem's
// section, before its form is sent, and "lectern:drawn" on the document.
(() => {
  "use strict";

  const { T } = window.lectern;

  const drawn = (root) => document.dispatchEvent(new CustomEvent("lectern:drawn", { detail: { root } }));

  // runScripts makes scripts in replaced content run, as they do in a new page.
  const runScripts = (root) => {
    for (const old of root.querySelectorAll("script")) {
      const script = document.createElement("script");
      for (const { name, value } of old.attributes) script.setAttribute(name, value);
      script.textContent = old.textContent;
      old.replaceWith(script);
    }
  };

  const parse = (html) => {
    const holder = document.createElement("template");
    holder.innerHTML = html;
    return holder.content.firstElementChild;
  };

  const calm = matchMedia("(prefers-reduced-motion: reduce)");

  const focusOn = (el) => {
    if (!el) return;
    el.focus({ preventScroll: true });
    el.scrollIntoView({ block: "nearest", behavior: calm.matches ? "instant" : "smooth" });
  };

  // say shows a sentence where the result would stand. An alert is read out when
  // it is put in, not when it is changed.
  const say = (section, text) => {
    section.querySelector(".notification")?.remove();
    const box = document.createElement("div");
    box.className = "notification error";
    box.tabIndex = -1;
    box.setAttribute("role", "alert");
    const mark = document.createElement("span");
    mark.className = "notification-mark";
    mark.setAttribute("aria-hidden", "true");
    mark.textContent = "!";
    const words = document.createElement("span");
    words.textContent = text;
    box.append(mark, " ", words);
    const actions = section.querySelector(".problem-actions");
    if (actions) actions.before(box);
    else section.querySelector("form").append(box);
    focusOn(box);
  };

  // collect lets inputs fill in their fields. One that cannot says why, and then
  // nothing is sent.
  const collect = async (section, action) => {
    const waiting = [];
    section.dispatchEvent(new CustomEvent("lectern:collect", {
      bubbles: true, detail: { action, waitUntil: (promise) => waiting.push(promise) },
    }));
    await Promise.all(waiting);
  };

  const actionOf = (button) => new URL(button.formAction).pathname.split("/").pop();

  // post sends a problem's form and shows what came back in its place.
  const post = async (section, form, button) => {
    const action = actionOf(button);
    const controls = section.querySelectorAll("button");
    section.setAttribute("aria-busy", "true");
    for (const el of controls) el.setAttribute("aria-disabled", "true");
    try {
      await collect(section, action);
      const response = await fetch(button.formAction, {
        method: "POST",
        body: new URLSearchParams(new FormData(form)),
        headers: { Accept: "application/json" },
        credentials: "same-origin",
      });
      const answer = await response.json();
      if (!answer.html) throw Object.assign(new Error(answer.code), { sentence: answer.message });
      await show(section, answer);
    } catch (err) {
      say(section, err.sentence ||
        T("Your answer could not be sent, so it was not counted. It is still here: please check your connection and try again."));
    } finally {
      section.removeAttribute("aria-busy");
      for (const el of controls) el.removeAttribute("aria-disabled");
    }
  };

  const show = async (section, answer) => {
    const fresh = parse(answer.html);
    section.replaceWith(fresh);
    runScripts(fresh);
    drawn(fresh);
    if (answer.action !== "drop") focusOn(focusTarget(fresh, answer.action)); // dragdrop.js keeps it
    updateScore(answer.score);
    // The answer opened or closed another part of the page.
    if (answer.reload) await refresh(fresh);
  };

  // focusTarget is what a reply is about: screen readers go on reading there.
  const focusTarget = (section, action) => {
    const about = { hint: ".hints", answer: ".solution-span:has(> :not(:empty)), .answer:not(:empty)" }[action];
    const el = (about && section.querySelector(about)) || section.querySelector(".notification") || section;
    if (el.tabIndex < 0) el.tabIndex = -1;
    return el;
  };

  // --- Other parts of the page -----------------------------------------------

  const touched = new WeakSet();
  document.addEventListener("input", (event) => {
    const section = event.target.closest?.(".block-problem");
    if (section) touched.add(section);
  });

  // refresh puts what is new on the page in place, without losing what was typed
  // and not yet sent: those problems stay as they are. What needs libraries that
  // this page did not load needs a new page.
  const refresh = async (keep) => {
    const reload = () => {
      location.hash = keep.id;
      location.reload();
    };
    let page;
    try {
      const response = await fetch(location.href, { credentials: "same-origin" });
      page = new DOMParser().parseFromString(await response.text(), "text/html");
    } catch {
      return;
    }
    const main = page.querySelector("main");
    const have = new Set(Array.from(document.scripts, (s) => s.src));
    const libraries = Array.from(page.head.querySelectorAll("script[src]"), (s) => s.src);
    if (!main || libraries.some((src) => !have.has(src))) return reload();
    keepTyped(main, keep);
  };

  const keepTyped = (main, keep) => {
    const focused = document.activeElement;
    const old = document.querySelector("main");
    const fresh = [];
    for (const block of main.querySelectorAll(".block-problem")) {
      const live = document.getElementById(block.id);
      if (live && (live === keep || touched.has(live))) block.replaceWith(live);
      else fresh.push(block);
    }
    for (const script of main.querySelectorAll(".block script")) {
      if (!script.closest(".block-problem") || fresh.some((b) => b.contains(script))) script.dataset.fresh = "";
    }
    old.replaceChildren(...main.childNodes);
    for (const script of old.querySelectorAll("script[data-fresh]")) runScripts(script.parentElement);
    for (const child of old.children) {
      if (child !== keep) drawn(child);
    }
    if (focused?.isConnected) focused.focus({ preventScroll: true });
  };

  // --- The line about the score ----------------------------------------------

  const updateScore = (html) => {
    const old = document.querySelector(".score-line");
    if (typeof html !== "string") return;
    const fresh = parse(html);
    if (old && fresh) old.replaceWith(fresh);
    else if (fresh) document.body.append(fresh);
    else if (old) old.remove();
    if (fresh) drawn(fresh);
    watchScore();
  };

  // A score on its way is looked at again, ever more rarely, until it arrived.
  let scoreTimer = 0;
  const watchScore = (pause = 2000) => {
    clearTimeout(scoreTimer);
    const line = document.querySelector(".score-line.waiting");
    if (!line || pause > 300_000) return;
    scoreTimer = setTimeout(async () => {
      try {
        const response = await fetch(line.dataset.url, { credentials: "same-origin" });
        const { score } = await response.json();
        if (score.includes(line.className)) watchScore(pause * 2); // still on its way: nothing to announce
        else updateScore(score);
      } catch {
        // The line stays as it is; a reload tells.
      }
    }, pause);
  };
  watchScore();

  document.addEventListener("submit", (event) => {
    const form = event.target;
    const section = form.closest(".block-problem");
    // Enter in a field presses the first button that works.
    const button = event.submitter || form.querySelector("button:enabled");
    if (!section || !button || !form.matches("form.problem-form")) return;
    event.preventDefault();
    if (section.getAttribute("aria-busy") !== "true") post(section, form, button);
  });
})();
