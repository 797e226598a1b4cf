// Programs that the course brings along as inputs (jsinput). Each stands in a
// sandboxed frame that cannot reach the page. Files of the course are served
// with bridge.js, which calls their functions for us; programs of other sites
// are spoken to as Open edX does, in the messages of jschannel.
(() => {
  "use strict";

  const { T } = window.lectern;
  const within = 2000; // ms until a program must have answered
  const build = new URL(document.currentScript.src).pathname.split("/")[2];
  const programs = new Set();
  let lastID = 0;

  class Program {
    constructor(box) {
      this.box = box;
      this.field = box.closest(".jsinput").querySelector('input[type="hidden"]');
      this.asked = new Map(); // what waits for an answer, by id
      this.bridged = false;
      this.channel = false;
      this.started = new Promise((resolve) => { this.start = resolve; });
      const { file, title, width, height } = box.dataset;
      const url = new URL(file, document.baseURI);
      const own = url.origin === location.origin;
      if (own) url.searchParams.set("program", build);
      this.frame = document.createElement("iframe");
      this.frame.title = title;
      // Without allow-same-origin a file of the course is a stranger to this page.
      // Other sites are strangers anyway and may keep their own storage.
      this.frame.setAttribute("sandbox", "allow-scripts allow-forms allow-popups allow-modals" + (own ? "" : " allow-same-origin"));
      this.frame.style.width = width.endsWith("%") ? width : width + "px";
      this.frame.style.height = height.endsWith("%") ? "500px" : height + "px";
      this.frame.src = url;
      box.replaceChildren(this.frame);
      programs.add(this);
      this.frame.addEventListener("load", () => this.restore());
    }

    get window() { return this.frame.contentWindow; }

    // ask calls one of the program's functions and returns its result.
    async ask(short, name, args) {
      await Promise.race([this.started, new Promise((resolve) => setTimeout(resolve, within))]);
      return new Promise((resolve, reject) => {
        const id = ++lastID;
        const timer = setTimeout(() => {
          this.asked.delete(id);
          reject(new Error("late"));
        }, within);
        this.asked.set(id, (message) => {
          clearTimeout(timer);
          this.asked.delete(id);
          if (message.missing && this.channel) this.askChannel(id, short, args, resolve, reject);
          else if (message.missing) reject(new Error(`there is no function ${name || short}`));
          else if (message.error) reject(new Error(message.message || message.error));
          else resolve(message.result);
        });
        if (this.bridged) this.window.postMessage({ lectern: "program", id, short, name, args }, "*");
        else this.sendChannel(id, short, args);
      });
    }

    askChannel(id, short, args, resolve, reject) {
      const timer = setTimeout(() => reject(new Error("late")), within);
      this.asked.set(id, (message) => {
        clearTimeout(timer);
        this.asked.delete(id);
        if (message.error) reject(new Error(message.message || message.error));
        else resolve(message.result);
      });
      this.sendChannel(id, short, args);
    }

    sendChannel(id, short, args) {
      this.window.postMessage(JSON.stringify({ id, method: "JSInput::" + short, params: args[0] ?? "" }), "*");
    }

    // hear takes a message of the frame.
    hear(data) {
      if (data && data.lectern === "program") {
        this.bridged = true;
        if (data.ready) this.start();
        else this.asked.get(data.id)?.(data);
        return;
      }
      let message;
      try {
        message = typeof data === "string" ? JSON.parse(data) : null;
      } catch {
        return; // not for us
      }
      if (!message) return;
      if (message.method === "JSInput::__ready") {
        this.channel = true;
        if (message.params === "ping") this.window.postMessage(JSON.stringify({ method: "JSInput::__ready", params: "pong" }), "*");
        this.start();
      } else if (message.method === undefined && message.id !== undefined) {
        this.asked.get(message.id)?.(message);
      }
    }

    // restore gives the program the state it was left in, or the one the course
    // begins with. Programs may take a while to set themselves up.
    async restore() {
      const state = this.state();
      if (!this.box.dataset.set || state === null) return;
      for (let tries = 0; tries < 10 && this.frame.isConnected; tries++) {
        try {
          await this.ask("setState", this.box.dataset.set, [state]);
          return;
        } catch (err) {
          console.warn("program:", err.message);
          await new Promise((resolve) => setTimeout(resolve, 500));
        }
      }
    }

    state() {
      try {
        const { state } = JSON.parse(this.field.value);
        if (state !== undefined && state !== null) return state;
      } catch {
        // Nothing was answered yet, or by a program without state.
      }
      return this.box.dataset.state ?? null;
    }

    // collect asks for the answer and writes it into the form.
    async collect() {
      const { grade, get } = this.box.dataset;
      const answer = await this.ask("getGrade", grade, []);
      if (!get) {
        this.field.value = typeof answer === "string" ? answer : JSON.stringify(answer);
        return;
      }
      const state = await this.ask("getState", get, []);
      this.field.value = JSON.stringify({ answer, state });
    }
  }

  window.addEventListener("message", (event) => {
    for (const program of programs) {
      if (program.window === event.source) program.hear(event.data);
    }
  });

  document.addEventListener("lectern:collect", (event) => {
    const { action, waitUntil } = event.detail;
    if (action === "reset") return;
    for (const program of programs) {
      if (!event.target.contains(program.box) || program.field.disabled) continue;
      const needed = action === "submit" || action === "save";
      waitUntil(program.collect().catch((err) => {
        console.warn("program:", err.message);
        if (!needed) return;
        throw Object.assign(err, {
          sentence: err.message === "late"
            ? T("The program in this question does not respond, so your answer was not sent and not counted. Please try again in a moment, or reload the page.")
            : T("The program in this question failed, so your answer was not sent and not counted. Please tell your course team."),
        });
      }));
    }
  });

  document.addEventListener("lectern:drawn", (event) => {
    for (const program of programs) {
      if (!program.box.isConnected) programs.delete(program);
    }
    for (const box of event.detail.root.querySelectorAll("[data-program]")) {
      if (!box.querySelector("iframe")) new Program(box);
    }
  });
})();
