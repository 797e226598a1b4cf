// Lets people point into a picture by click, touch or keyboard. The two number
// fields below it are the answer and can be typed into as well.
(() => {
  "use strict";

  const { T } = window.lectern;

  class Picture {
    constructor(box) {
      this.box = box;
      this.id = box.dataset.inputid;
      this.width = Number(box.dataset.width);
      this.height = Number(box.dataset.height);
      this.x = document.getElementById(`input_${this.id}_x`);
      this.y = document.getElementById(`input_${this.id}_y`);
      this.marker = document.getElementById(`marker_${this.id}`);
      box.classList.add("image-live");
      this.said = document.createElement("div");
      this.said.className = "sr";
      this.said.setAttribute("role", "status");
      box.after(this.said);
      for (const field of [this.x, this.y]) field.addEventListener("input", () => this.follow());
      if (this.x.matches(":disabled")) return;
      this.help();
      box.addEventListener("click", (event) => this.click(event));
      box.addEventListener("keydown", (event) => this.key(event));
      box.addEventListener("focus", () => this.aim());
      box.addEventListener("blur", () => this.unaim());
    }

    help() {
      const text = document.createElement("p");
      text.className = "input-note";
      text.id = `help_${this.id}`;
      text.textContent = T("Click or tap the place. With a keyboard: go to the picture, move the cross with the arrow keys (with Shift in single steps), set it with Enter. Or type the numbers.");
      this.box.before(text);
      this.box.tabIndex = 0;
      this.box.setAttribute("role", "application");
      this.box.setAttribute("aria-label", this.box.querySelector("img").alt);
      this.box.setAttribute("aria-describedby", text.id);
      this.aimed = document.createElement("span");
      this.aimed.className = "image-aim";
      this.aimed.hidden = true;
      this.box.append(this.aimed);
    }

    point() {
      const [x, y] = [this.x.value, this.y.value].map((v) => (v === "" ? NaN : Number(v)));
      return Number.isFinite(x) && Number.isFinite(y) ? [x, y] : null;
    }

    // set writes a point into the fields and shows it.
    set(x, y) {
      this.x.value = this.inside(x, this.width);
      this.y.value = this.inside(y, this.height);
      this.x.dispatchEvent(new Event("input", { bubbles: true }));
      this.say(T("Your point is %s from the left and %s from the top.", this.x.value, this.y.value));
    }

    inside(v, most) { return Math.min(Math.max(Math.round(v), 0), most); }

    // follow puts the marker where the fields say.
    follow() {
      const at = this.point();
      if (!at || at[0] > this.width || at[1] > this.height || at[0] < 0 || at[1] < 0) {
        this.marker.setAttribute("hidden", "");
        return;
      }
      this.marker.setAttribute("transform", `translate(${at[0]} ${at[1]})`);
      this.marker.removeAttribute("hidden");
    }

    click(event) {
      const shown = this.box.querySelector("img").getBoundingClientRect();
      if (!shown.width || !shown.height) return;
      this.set((event.clientX - shown.left) / shown.width * this.width, (event.clientY - shown.top) / shown.height * this.height);
      this.unaim();
    }

    // --- By keyboard ----------------------------------------------------------

    aim() {
      if (!this.box.matches(":focus-visible")) return;
      this.at = this.point() ?? [this.width / 2, this.height / 2];
      this.showAim();
    }

    unaim() {
      this.at = null;
      this.aimed.hidden = true;
    }

    showAim() {
      this.aimed.hidden = false;
      this.aimed.style.left = `${100 * this.at[0] / this.width}%`;
      this.aimed.style.top = `${100 * this.at[1] / this.height}%`;
    }

    key(event) {
      const step = event.shiftKey ? 1 : 10;
      const way = { ArrowLeft: [-step, 0], ArrowRight: [step, 0], ArrowUp: [0, -step], ArrowDown: [0, step] }[event.key];
      if (way) {
        event.preventDefault();
        this.at ??= this.point() ?? [this.width / 2, this.height / 2];
        this.at = [this.inside(this.at[0] + way[0], this.width), this.inside(this.at[1] + way[1], this.height)];
        this.showAim();
        this.say(T("%s from the left, %s from the top", this.at[0], this.at[1]));
      } else if ((event.key === "Enter" || event.key === " ") && this.at) {
        event.preventDefault();
        this.set(...this.at);
      }
    }

    say(text) { this.said.textContent = text; }
  }

  document.addEventListener("lectern:drawn", (event) => {
    for (const box of event.detail.root.querySelectorAll(".image-input:not(.image-live)")) new Picture(box);
  });
})();
