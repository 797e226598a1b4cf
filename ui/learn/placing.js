// The picture of a drag and drop input: what lies where, and what is picked up.
// The lists that work without a script stay below it and are kept in step.
// moving.js adds how items are moved.
(() => {
  "use strict";

  const { T } = window.lectern;
  const make = (name, className, text) => {
    const el = document.createElement(name);
    if (className) el.className = className;
    if (text !== undefined) el.textContent = text;
    return el;
  };

  const button = (className) => {
    const el = make("button", className);
    el.type = "button";
    return el;
  };

  class Board {
    constructor(root) {
      this.root = root;
      this.field = root.querySelector('input[type="hidden"][data-value]');
      this.field.name = this.field.id; // from now on this is what counts
      this.off = this.field.disabled;
      this.single = root.dataset.single !== undefined;
      this.board = root.querySelector(".dnd-board");
      this.picture = this.board.querySelector("img");
      this.items = new Map();
      for (const el of root.querySelectorAll(".dnd-item")) this.readItem(el);
      this.targets = new Map();
      for (const el of this.board.querySelectorAll(":scope > .dnd-target")) this.readTarget(el, this.targets);
      this.placed = this.parse(this.field.dataset.value); // [{ item, where }]
      this.held = null; // what is picked up: { item, from: placement or null }
      this.build();
      this.draw();
    }

    readItem(el) {
      const targets = new Map();
      for (const t of el.querySelectorAll(".dnd-face .dnd-target")) this.readTarget(t, targets);
      this.items.set(el.dataset.id, {
        id: el.dataset.id,
        label: el.getAttribute("aria-label"),
        text: el.querySelector(".dnd-label")?.textContent,
        icon: el.querySelector(".dnd-face img")?.src,
        reusable: el.dataset.reusable !== undefined,
        targets,
        list: el,
      });
    }

    readTarget(el, into) {
      const { id, x, y, w, h } = el.dataset;
      into.set(id, { id, el, x: Number(x), y: Number(y), w: Number(w), h: Number(h), name: T("Place %s", into.size + 1) });
    }

    parse(text) {
      try {
        return JSON.parse(text || "[]").flatMap((entry) => Object.entries(entry))
          .map(([item, where]) => ({ item, where })).filter((p) => this.items.has(p.item) && this.known(p.where));
      } catch {
        return [];
      }
    }

    // known reports whether a place still exists: courses change.
    known(where) {
      if (typeof where === "string") return this.targets.has(where);
      if (Array.isArray(where)) return where.length === 2 && where.every(Number.isFinite);
      const [spot, base] = this.nested(where);
      return this.items.get(base?.[0])?.targets.has(spot) && this.targets.has(base[1]);
    }

    // nested takes { spot: { item: target } } apart: a place on another item.
    nested(where) {
      const [spot, base] = Object.entries(where ?? {})[0] ?? [];
      return [spot, base && typeof base === "object" ? Object.entries(base)[0] : undefined];
    }

    build() {
      this.root.classList.add("dnd-live");
      this.shelf = make("div", "dnd-shelf");
      this.shelf.setAttribute("role", "group");
      this.shelf.setAttribute("aria-label", T("Items to place"));
      this.help = make("p", "input-note dnd-help", this.targets.size
        ? T("Drag each item to its place. With a keyboard: Enter picks an item up, Tab or the arrow keys go from place to place, Enter puts it down, Escape lets go.")
        : T("Drag each item to its place. With a keyboard: Enter picks an item up, the arrow keys move it, Enter puts it down, Escape lets go."));
      this.help.id = `${this.field.id}_help`;
      this.said = make("div", "sr");
      this.said.setAttribute("role", "status");
      const lists = make("details", "dnd-lists");
      lists.append(make("summary", "", T("Place the items by lists instead")));
      const items = this.root.querySelector(".dnd-items");
      items.replaceWith(lists);
      lists.append(items);
      for (const control of items.querySelectorAll("[name]")) {
        control.dataset.name = control.name;
        control.removeAttribute("name");
      }
      this.root.querySelector(".dnd-scene").before(this.help, this.shelf);
      this.root.append(this.said);
      if (this.off) this.help.remove();
      const measure = () => this.measure();
      if (this.picture.complete && this.picture.naturalWidth) measure();
      this.picture.addEventListener("load", measure);
      this.listen(items);
    }

    listen(items) {
      items.addEventListener("input", () => {
        this.placed = this.readLists(items);
        this.draw();
      });
    }

    // readLists returns what the lists say.
    readLists(items) {
      const entries = [];
      for (const el of items.querySelectorAll("select, input:checked")) {
        if (el.value) entries.push(el.value);
      }
      const placed = this.parse("[" + entries.join(",") + "]");
      for (const item of this.items.values()) {
        const [x, y] = ["across_", "down_"].map((name) => item.list.querySelector(`[data-name^="${name}"]`)?.value ?? "");
        if (x !== "" && y !== "") placed.push({ item: item.id, where: [Number(x), Number(y)] });
      }
      return placed;
    }

    // measure lays the places over the picture in shares of its size, so that
    // they stay where they belong when it is made smaller.
    measure() {
      const { naturalWidth: width, naturalHeight: height } = this.picture;
      if (!width) return;
      this.size = { width, height };
      for (const t of this.targets.values()) {
        t.el.style.left = `${100 * t.x / width}%`;
        t.el.style.top = `${100 * t.y / height}%`;
        t.el.style.width = `${100 * t.w / width}%`;
        t.el.style.height = `${100 * t.h / height}%`;
      }
      this.draw();
    }

    get scale() { return this.size ? this.picture.clientWidth / this.size.width : 1; }

    // --- Drawing --------------------------------------------------------------

    draw() {
      const focused = document.activeElement?.dataset?.token;
      for (const old of this.board.querySelectorAll(".dnd-token")) old.remove();
      this.shelf.replaceChildren();
      for (const item of this.items.values()) {
        if (item.reusable || !this.placed.some((p) => p.item === item.id)) this.shelf.append(this.token(item, null));
      }
      // What lies on other items comes after them.
      const flat = this.placed.filter((p) => typeof p.where === "string" || Array.isArray(p.where));
      const upon = this.placed.filter((p) => !flat.includes(p));
      for (const p of [...flat, ...upon]) this.drawPlaced(p);
      this.shelf.hidden = this.off && !this.shelf.children.length;
      if (!this.shelf.children.length) this.shelf.append(make("span", "dnd-empty", T("All items are placed.")));
      this.drawChoices();
      if (focused) this.root.querySelector(`[data-token="${CSS.escape(focused)}"]`)?.focus({ preventScroll: true });
      this.write();
    }

    token(item, placement) {
      const el = button("dnd-token");
      el.dataset.token = placement ? `${item.id}@${JSON.stringify(placement.where)}` : item.id;
      el.dragItem = { item, from: placement };
      if (item.icon) {
        const img = make("img");
        img.alt = "";
        img.draggable = false;
        img.addEventListener("load", () => {
          if (placement) img.style.width = `${img.naturalWidth * this.scale}px`;
        });
        img.src = item.icon;
        el.append(img);
      }
      // On the picture an icon is enough: places are made to its measure.
      if (item.text && !(item.icon && placement)) el.append(make("span", "dnd-label", item.text));
      el.setAttribute("aria-label", placement ? `${item.label}, ${this.nameOf(placement.where)}` : item.label);
      el.setAttribute("aria-describedby", this.help.id);
      el.disabled = this.off;
      return el;
    }

    drawPlaced(p) {
      const item = this.items.get(p.item);
      const el = this.token(item, p);
      if (typeof p.where === "string") {
        this.targets.get(p.where).el.append(el);
      } else if (Array.isArray(p.where)) {
        if (!this.size) return;
        el.classList.add("dnd-free");
        el.style.left = `${100 * p.where[0] / this.size.width}%`;
        el.style.top = `${100 * p.where[1] / this.size.height}%`;
        this.board.append(el);
      } else {
        const [spot, base] = this.nested(p.where);
        const place = this.spots().find((s) => s.spot === spot && s.base[0] === base[0] && s.base[1] === base[1]);
        place?.el.append(el);
      }
      for (const t of item.targets.values()) {
        if (typeof p.where !== "string") continue;
        const place = make("span", "dnd-target dnd-spot");
        Object.assign(place.style, { left: `${t.x * this.scale}px`, top: `${t.y * this.scale}px`, width: `${t.w * this.scale}px`, height: `${t.h * this.scale}px` });
        place.spot = { spot: t.id, base: [p.item, p.where], name: T("%s on %s", t.name, item.label) };
        el.after(place);
      }
    }

    spots() {
      return Array.from(this.board.querySelectorAll(".dnd-spot"), (el) => ({ el, ...el.spot }));
    }

    nameOf(where) {
      if (typeof where === "string") return this.targets.get(where).name;
      if (Array.isArray(where)) return T("%s from the left, %s from the top", Math.round(where[0]), Math.round(where[1]));
      const [spot, base] = this.nested(where);
      return T("place %s on %s", spot, this.items.get(base[0]).label);
    }

    // drawChoices puts a button into every place while an item is held.
    drawChoices() {
      for (const old of this.board.querySelectorAll(".dnd-choose")) old.remove();
      this.root.classList.toggle("dnd-holding", Boolean(this.held));
      if (!this.held) return;
      const add = (el, where, name) => {
        const choose = button("dnd-choose");
        choose.setAttribute("aria-label", T("Put %s on %s", this.held.item.label, name));
        choose.where = where;
        el.append(choose);
      };
      for (const t of this.targets.values()) add(t.el, t.id, t.name);
      for (const s of this.spots()) {
        if (s.base[0] !== this.held.item.id) add(s.el, { [s.spot]: { [s.base[0]]: s.base[1] } }, s.name);
      }
    }

    // write puts the answer into the form and the lists in step.
    write() {
      const entries = this.placed.map((p) => ({ [p.item]: p.where }));
      this.field.value = entries.length || this.field.dataset.value ? JSON.stringify(entries) : "";
      const chosen = new Set(entries.map((e) => JSON.stringify(e)));
      for (const item of this.items.values()) {
        const select = item.list.querySelector("select");
        if (select) select.value = Array.from(select.options, (o) => o.value).find((v) => chosen.has(v)) ?? "";
        for (const box of item.list.querySelectorAll('input[type="checkbox"]')) box.checked = chosen.has(box.value);
        const at = this.placed.find((p) => p.item === item.id && Array.isArray(p.where))?.where;
        for (const [i, name] of ["across_", "down_"].entries()) {
          const number = item.list.querySelector(`[data-name^="${name}"]`);
          if (number && document.activeElement !== number) number.value = at ? Math.round(at[i]) : "";
        }
      }
    }

    // --- Moving ---------------------------------------------------------------

    // place puts what is held somewhere; null is back on the shelf.
    place(held, where) {
      const { item, from } = held;
      this.held = null;
      if (from) this.drop(from);
      const same = JSON.stringify(where);
      if (where !== null) {
        if (this.single && !Array.isArray(where)) {
          for (const p of this.placed.filter((p) => JSON.stringify(p.where) === same)) this.drop(p);
        }
        if (!this.placed.some((p) => p.item === item.id && JSON.stringify(p.where) === same)) this.placed.push({ item: item.id, where });
      }
      this.field.dispatchEvent(new Event("input", { bubbles: true })); // something was typed, so to speak
      this.draw();
      this.say(where === null ? T("%s is back among the items.", item.label) : T("%s is on %s.", item.label, this.nameOf(where)));
      const token = where === null ? item.id : `${item.id}@${same}`;
      const next = this.root.querySelector(`[data-token="${CSS.escape(token)}"]`);
      next?.focus({ preventScroll: true });
    }

    // drop takes an item from its place, and with it what lies on it.
    drop(placement) {
      this.placed = this.placed.filter((p) => p !== placement);
      if (typeof placement.where !== "string") return;
      this.placed = this.placed.filter((p) => {
        if (typeof p.where !== "object" || Array.isArray(p.where)) return true;
        const [, base] = this.nested(p.where);
        return base[0] !== placement.item || base[1] !== placement.where;
      });
    }

    hold(held) {
      this.held = held;
      this.draw();
      if (this.targets.size) {
        this.say(T("%s is picked up. Choose a place.", held.item.label));
        this.board.querySelector(".dnd-choose")?.focus({ preventScroll: true });
        return;
      }
      const at = held.from?.where ?? [this.size.width / 2, this.size.height / 2];
      if (!held.from) {
        const p = { item: held.item.id, where: at };
        this.placed.push(p);
        held.from = p;
        held.fresh = true;
        this.draw();
      }
      this.say(T("%s is picked up. Move it with the arrow keys.", held.item.label));
      this.root.querySelector(`[data-token="${CSS.escape(`${held.item.id}@${JSON.stringify(at)}`)}"]`)?.focus({ preventScroll: true });
    }

    letGo() {
      const { item, from, fresh } = this.held;
      this.held = null;
      if (fresh) this.drop(from);
      this.draw();
      this.say(T("%s is let go.", item.label));
      const token = from && !fresh ? `${item.id}@${JSON.stringify(from.where)}` : item.id;
      this.root.querySelector(`[data-token="${CSS.escape(token)}"]`)?.focus({ preventScroll: true });
    }

    say(text) { this.said.textContent = text; }
  }

  window.lectern = { ...window.lectern, Board };
})();
