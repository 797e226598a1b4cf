// Frames of tools appear when a tool is opened; comments stand beside their text
// in browsers that cannot place them by style alone. Without it frames are there
// from the start and comments open in the middle of the page.
(() => {
  "use strict";

  document.addEventListener("submit", (event) => {
    const form = event.target.closest("form.tool-form");
    const frame = form && form.parentElement.querySelector(".tool-frame");
    if (!frame) return;
    frame.classList.add("open");
    frame.scrollIntoView({ block: "nearest" });
  });

  if (window.CSS && CSS.supports("anchor-name: --a")) return;
  document.addEventListener("toggle", (event) => {
    const note = event.target;
    if (!note.classList || !note.classList.contains("note") || event.newState !== "open") return;
    const mark = document.querySelector('[popovertarget="' + note.id + '"]').getBoundingClientRect();
    note.style.position = "absolute";
    note.style.margin = "0";
    note.style.top = window.scrollY + mark.bottom + 4 + "px";
    note.style.left = Math.max(8, Math.min(mark.left, document.documentElement.clientWidth - note.offsetWidth - 8)) + "px";
  }, true);
})();
