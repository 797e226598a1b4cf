// The three things the LMS's pages do by script: post a launch by itself, let
// the tool set its frame's height, and keep parts of a page fresh. Each has a
// way without script: a button, a scrolling frame, a link.
"use strict";

const launch = document.getElementById("launch");
if (launch) {
  // A parameter named "submit" would hide the method of that name.
  HTMLFormElement.prototype.submit.call(launch);
}

const frame = document.getElementById("tool");
if (frame) {
  window.addEventListener("message", (event) => {
    if (event.source !== frame.contentWindow) return;
    let message = event.data;
    if (typeof message === "string") {
      try { message = JSON.parse(message); } catch { return; }
    }
    if (!message || message.subject !== "lti.frameResize") return;
    const height = Math.ceil(Number(message.height));
    if (height > 0) frame.style.height = Math.min(Math.max(height, 200), 20000) + "px";
  });
}

async function refresh() {
  if (document.hidden) return;
  const answer = await fetch(location.href, { headers: { Accept: "text/html" } });
  if (!answer.ok) return;
  const fresh = new DOMParser().parseFromString(await answer.text(), "text/html");
  for (const part of document.querySelectorAll("[data-live]")) {
    const now = fresh.getElementById(part.id);
    if (now && now.innerHTML !== part.innerHTML && !part.contains(document.activeElement?.closest("a"))) {
      part.innerHTML = now.innerHTML;
    }
  }
}
if (document.querySelector("[data-live]")) {
  setInterval(() => refresh().catch(() => {}), 2000);
}
