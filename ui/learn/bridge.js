// Runs first in a program that the course brings along, see program.js. The
// program stands in a frame of an origin of its own; this hands its functions to
// the page around it, and stands in for what such a frame does not have.
(() => {
  "use strict";
  const page = window.parent;
  if (page === window) return;

  // Storage that lasts as long as the page: programs that remember something
  // should not fail for want of it.
  const memory = () => {
    const held = new Map();
    return {
      getItem: (key) => (held.has(String(key)) ? held.get(String(key)) : null),
      setItem: (key, value) => { held.set(String(key), String(value)); },
      removeItem: (key) => { held.delete(String(key)); },
      clear: () => { held.clear(); },
      key: (i) => [...held.keys()][i] ?? null,
      get length() { return held.size; },
    };
  };
  for (const name of ["localStorage", "sessionStorage"]) {
    try {
      window[name].getItem("");
    } catch {
      Object.defineProperty(window, name, { value: memory(), configurable: true });
    }
  }
  try {
    document.cookie.toString();
  } catch {
    Object.defineProperty(document, "cookie", { get: () => "", set: () => {}, configurable: true });
  }

  // Programs made for another origin bind their functions to a channel. Where
  // the library that makes channels does not load, this one takes them.
  const bound = new Map();
  window.Channel = {
    build: () => ({
      bind: (name, f) => { bound.set(name, f); },
      unbind: (name) => bound.delete(name),
      call: () => {},
      notify: () => {},
      destroy: () => bound.clear(),
    }),
  };

  // find returns a function by its name, which may have dots in it, ready to be
  // called on what it belongs to.
  const find = (name) => {
    if (!/^[\w$]+(\.[\w$]+)*$/.test(name)) return null;
    const path = name.split(".");
    let owner = window;
    let value = window[path[0]];
    if (value === undefined) {
      try {
        value = (0, eval)(path[0]); // what let, const and class make is no property of window
      } catch {
        return null;
      }
    }
    for (const part of path.slice(1)) {
      if (value === null || value === undefined) return null;
      owner = value;
      value = value[part];
    }
    return typeof value === "function" ? value.bind(owner) : null;
  };

  // plain makes a result something that can be sent.
  const plain = (value) => {
    if (value === undefined) return null;
    return typeof value === "object" ? JSON.parse(JSON.stringify(value)) : value;
  };

  const reply = (message) => page.postMessage({ lectern: "program", ...message }, "*");

  window.addEventListener("message", async (event) => {
    const { data } = event;
    if (event.source !== page || !data || data.lectern !== "program" || data.id === undefined) return;
    const f = find(data.name || "") || (bound.has(data.short) ? (...args) => bound.get(data.short)(null, ...args) : null);
    if (!f) {
      reply({ id: data.id, missing: true });
      return;
    }
    try {
      reply({ id: data.id, result: plain(await f(...data.args)) });
    } catch (err) {
      reply({ id: data.id, error: String(err) });
    }
  });

  const ready = () => reply({ ready: true });
  if (document.readyState === "complete") ready();
  else window.addEventListener("load", ready);
})();
