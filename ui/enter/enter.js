// Waits in the LMS's frame until somebody has signed in, then goes on. It needs
// neither cookies nor storage: its addresses carry what the server asks for.
(() => {
  "use strict";

  // T says an English text in the page's language.
  const said = JSON.parse(document.getElementById("words")?.textContent || "{}");
  const T = (text) => said[text] || text;

  const main = document.querySelector("[data-wait]");
  const status = document.getElementById("enter-status");
  const every = 2000;
  const until = Date.now() + 10 * 60 * 1000;
  let timer = 0;
  let asking = false;

  const go = () => {
    clearTimeout(timer);
    location.replace(main.dataset.go);
  };

  const ask = async () => {
    if (asking) return;
    asking = true;
    clearTimeout(timer);
    try {
      const answer = await fetch(main.dataset.wait, {
        credentials: "omit", cache: "no-store", headers: { Accept: "application/json" },
      });
      if (answer.status >= 400 && answer.status < 500) return go(); // over: the page says so
      if (answer.ok) {
        const { state, other } = await answer.json();
        if (state === "confirmed") status.textContent = T("You are signed in. The content opens now.");
        if (state !== "waiting" || other !== main.dataset.other) return go();
      }
    } catch {
      // The network comes back, or the learner opens the content again.
    } finally {
      asking = false;
    }
    if (Date.now() > until) return go();
    timer = setTimeout(ask, every);
  };

  document.addEventListener("visibilitychange", () => { if (!document.hidden) ask(); });
  timer = setTimeout(ask, every);

  const height = () => {
    if (window.parent === window) return;
    window.parent.postMessage(JSON.stringify({
      subject: "lti.frameResize", height: Math.ceil(document.documentElement.scrollHeight),
    }), "*");
  };
  addEventListener("load", height);
})();
