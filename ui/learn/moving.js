// Makes drag and drop inputs live: items are dragged by mouse, finger or pen, or
// picked up and put down by keyboard or by two clicks. Comes after placing.js.
(() => {
  "use strict";
  const far = 4; // pixels that make a press a drag

  class MovingBoard extends window.lectern.Board {
    listen(items) {
      super.listen(items);
      this.root.addEventListener("pointerdown", (event) => this.press(event));
      this.root.addEventListener("click", (event) => this.click(event));
      this.root.addEventListener("keydown", (event) => this.key(event));
    }

    click(event) {
      if (this.off || this.dragged) return;
      const choose = event.target.closest(".dnd-choose");
      if (choose && this.held) return this.place(this.held, choose.where);
      const token = event.target.closest(".dnd-token");
      if (token) {
        if (this.held && !this.targets.size) return this.place(this.held, this.held.from.where);
        return this.held?.item === token.dragItem.item ? this.letGo() : this.hold(token.dragItem);
      }
      if (this.held && event.target.closest(".dnd-shelf")) this.place(this.held, null);
      else if (this.held && !this.targets.size && event.target.closest(".dnd-board")) this.place(this.held, this.pointAt(event));
    }

    pointAt(event) {
      const box = this.picture.getBoundingClientRect();
      const x = Math.round((event.clientX - box.left) / this.scale);
      const y = Math.round((event.clientY - box.top) / this.scale);
      const inside = event.clientX >= box.left && event.clientX <= box.right && event.clientY >= box.top && event.clientY <= box.bottom;
      return inside ? [x, y] : null;
    }

    key(event) {
      if (this.off) return;
      const token = event.target.closest(".dnd-token");
      if (event.key === "Escape" && this.held) {
        event.preventDefault();
        this.letGo();
      } else if ((event.key === "Delete" || event.key === "Backspace") && token?.dragItem.from) {
        event.preventDefault();
        this.place(token.dragItem, null);
      } else if (event.key.startsWith("Arrow") && this.held) {
        event.preventDefault();
        if (this.targets.size) this.nextChoice(event.key);
        else this.nudge(event);
      }
    }

    nextChoice(key) {
      const all = [...this.board.querySelectorAll(".dnd-choose")];
      const step = key === "ArrowRight" || key === "ArrowDown" ? 1 : -1;
      all.at((all.indexOf(document.activeElement) + step) % all.length)?.focus({ preventScroll: true });
    }

    nudge(event) {
      const step = event.shiftKey ? 1 : 10;
      const [dx, dy] = { ArrowLeft: [-step, 0], ArrowRight: [step, 0], ArrowUp: [0, -step], ArrowDown: [0, step] }[event.key];
      const p = this.held.from;
      p.where = [Math.min(Math.max(p.where[0] + dx, 0), this.size.width), Math.min(Math.max(p.where[1] + dy, 0), this.size.height)];
      this.draw();
      this.root.querySelector(`[data-token="${CSS.escape(`${p.item}@${JSON.stringify(p.where)}`)}"]`)?.focus({ preventScroll: true });
      this.say(this.nameOf(p.where));
    }

    // --- Dragging -------------------------------------------------------------

    press(event) {
      const token = event.target.closest(".dnd-token");
      this.dragged = false;
      if (!token || this.off || event.button !== 0) return;
      const start = { x: event.clientX, y: event.clientY };
      let ghost = null;
      const stop = new AbortController();
      const move = (e) => {
        if (e.pointerId !== event.pointerId) return;
        if (!ghost && Math.hypot(e.clientX - start.x, e.clientY - start.y) < far) return;
        if (!ghost) ghost = this.lift(token);
        e.preventDefault();
        ghost.style.translate = `${e.clientX}px ${e.clientY}px`;
        this.mark(this.placeAt(e));
      };
      const end = (e) => {
        if (e.pointerId !== event.pointerId) return;
        stop.abort();
        if (!ghost) return;
        ghost.remove();
        token.classList.remove("dnd-lifted");
        this.mark(undefined);
        if (e.type === "pointerup") this.place(token.dragItem, this.placeAt(e) ?? null);
        setTimeout(() => { this.dragged = false; }, 0); // after the click that may follow
      };
      const options = { signal: stop.signal };
      window.addEventListener("pointermove", move, { ...options, passive: false });
      window.addEventListener("pointerup", end, options);
      window.addEventListener("pointercancel", end, options);
      // A finger keeps the element it came down on; let the others hear of it.
      if (token.hasPointerCapture(event.pointerId)) token.releasePointerCapture(event.pointerId);
    }

    lift(token) {
      this.dragged = true;
      this.held = null;
      this.drawChoices();
      const ghost = token.cloneNode(true);
      ghost.removeAttribute("data-token");
      ghost.className = "dnd-token dnd-ghost";
      ghost.style.left = ghost.style.top = "0";
      this.root.append(ghost);
      token.classList.add("dnd-lifted");
      return ghost;
    }

    // placeAt returns where an item let go here would lie, or undefined.
    placeAt(event) {
      const over = (el) => {
        const box = el.getBoundingClientRect();
        return event.clientX >= box.left && event.clientX <= box.right && event.clientY >= box.top && event.clientY <= box.bottom;
      };
      if (!this.targets.size) return this.pointAt(event) ?? undefined;
      const spot = this.spots().find((s) => over(s.el));
      if (spot) return { [spot.spot]: { [spot.base[0]]: spot.base[1] } };
      // Of places within places the smaller one is meant.
      const under = [...this.targets.values()].filter((t) => over(t.el)).sort((a, b) => a.w * a.h - b.w * b.h);
      return under[0]?.id;
    }

    mark(where) {
      for (const t of this.targets.values()) t.el.classList.toggle("dnd-over", t.id === where);
    }
  }

  document.addEventListener("lectern:drawn", (event) => {
    for (const root of event.detail.root.querySelectorAll("[data-dragdrop]:not(.dnd-live)")) new MovingBoard(root);
  });
})();
