// Makes learner pages live. Without it every page works too: forms post, links
// lead on. Nothing here needs cookies or storage.
(() => {
  "use strict";

  // T says an English text in the page's language, with args in place of its %s.
  const said = JSON.parse(document.getElementById("words")?.textContent || "{}");
  const T = (text, ...args) => (said[text] || text).replace(/%s/g, () => args.shift());
  window.lectern = { ...window.lectern, T };

  // --- The frame around us ---------------------------------------------------

  // tell sends a message to the LMS's window. Nothing in it is secret.
  const tell = (message) => {
    if (window.parent === window) return;
    try {
      window.parent.postMessage(JSON.stringify(message), "*");
    } catch {
      // A frame that cannot be spoken to stays as it is.
    }
  };

  const maxHeight = 20000;
  let lastHeight = 0;
  let resizeTimer = 0;

  // sendHeight tells the LMS how tall the page is, at most every 100 ms.
  const sendHeight = () => {
    if (resizeTimer) return;
    resizeTimer = setTimeout(() => {
      resizeTimer = 0;
      const box = document.body.getBoundingClientRect();
      const height = Math.min(Math.ceil(box.height), maxHeight);
      if (height === lastHeight) return;
      lastHeight = height;
      tell({ subject: "lti.frameResize", height });
    }, 100);
  };
  if ("ResizeObserver" in window) new ResizeObserver(sendHeight).observe(document.body);
  window.addEventListener("load", sendHeight);
  sendHeight();

  // Where the browser did not tell the server that this is no frame.
  if (window.parent === window) document.getElementById("open-window")?.remove();

  // A tall frame keeps its scroll position when the page in it changes: a
  // learner who clicked "Next" at the bottom would land at the bottom.
  if (!location.hash && document.referrer.startsWith(location.origin + "/learn/")) {
    tell({ subject: "lti.scrollToTop" });
  }

  // --- Moments in the reader's own time zone ---------------------------------

  const lang = document.documentElement.lang || "en";
  const locale = (navigator.languages || []).find((l) => l.split("-")[0] === lang.split("-")[0]) || lang;

  const showMoments = (root) => {
    for (const el of root.querySelectorAll("time[datetime]")) {
      const at = new Date(el.dateTime);
      if (Number.isNaN(at.getTime())) continue;
      const today = at.toDateString() === new Date().toDateString();
      const options = today ? { timeStyle: "short" } : { dateStyle: "long", timeStyle: "short" };
      el.title = el.textContent;
      el.textContent = at.toLocaleString(locale, options);
    }
  };

  // --- Formulas --------------------------------------------------------------

  const typeset = async (root) => {
    const mathJax = window.MathJax;
    if (!mathJax || !mathJax.startup || !mathJax.typesetPromise) return;
    try {
      await mathJax.startup.promise;
      mathJax.typesetClear([root]);
      await mathJax.typesetPromise([root]);
    } catch (err) {
      console.warn("formulas", err);
    }
    sendHeight();
  };

  // Scripts of the page tell by these events that something new stands in it.
  document.addEventListener("lectern:drawn", (event) => {
    showMoments(event.detail.root);
    if (event.detail.root !== document) typeset(event.detail.root);
    sendHeight();
  });
  document.addEventListener("lectern:typeset", (event) => typeset(event.detail.root));

  // --- Videos ----------------------------------------------------------------

  const seek = (section, seconds) => {
    const video = section.querySelector("video");
    if (video) {
      video.currentTime = seconds;
      video.play().catch(() => {});
      return;
    }
    const frame = section.querySelector("iframe");
    if (!frame || !frame.contentWindow) return;
    const command = (func, args) => frame.contentWindow.postMessage(
      JSON.stringify({ event: "command", func, args }), "https://www.youtube-nocookie.com");
    command("seekTo", [seconds, true]);
    command("playVideo", []);
  };

  // A file that does not play gives way to YouTube, if the video is there too.
  document.addEventListener("error", (event) => {
    const source = event.target;
    if (!(source instanceof HTMLSourceElement) || source.nextElementSibling instanceof HTMLSourceElement) return;
    const section = source.closest(".block-video");
    if (!section) return;
    if (!section.dataset.youtube) {
      const sorry = document.createElement("p");
      sorry.className = "player-empty";
      sorry.textContent = section.querySelector(".cue")
        ? T("This video cannot be loaded. Its words are below.") : T("This video cannot be loaded.");
      section.querySelector(".player").replaceChildren(sorry);
      const words = section.querySelector(".transcript");
      if (words) words.open = true;
      return;
    }
    const frame = document.createElement("iframe");
    frame.src = section.dataset.youtube;
    frame.title = T("Video: %s", section.dataset.title);
    frame.allowFullscreen = true;
    frame.referrerPolicy = "strict-origin-when-cross-origin";
    source.closest("video").replaceWith(frame);
  }, true);

  document.addEventListener("click", async (event) => {
    const cue = event.target.closest(".cue");
    if (cue) {
      seek(cue.closest(".block-video"), Number(cue.dataset.start));
      return;
    }
    const language = event.target.closest("a[data-transcript]");
    if (!language) return;
    event.preventDefault();
    const panel = language.closest(".transcript").querySelector(".transcript-text");
    const response = await fetch(language.dataset.transcript + "?as=html").catch(() => null);
    if (!response || !response.ok) {
      location.href = language.href;
      return;
    }
    panel.innerHTML = await response.text();
    panel.lang = language.lang;
    for (const a of language.parentElement.querySelectorAll("a")) a.removeAttribute("aria-current");
    language.setAttribute("aria-current", "true");
    panel.focus();
  });

  // The caption that is being spoken is marked in the transcript.
  document.addEventListener("timeupdate", (event) => {
    const section = event.target.closest && event.target.closest(".block-video");
    if (!section) return;
    const now = event.target.currentTime;
    let spoken = null;
    for (const cue of section.querySelectorAll(".cue")) {
      if (Number(cue.dataset.start) > now) break;
      spoken = cue;
    }
    for (const cue of section.querySelectorAll(".cue.spoken")) if (cue !== spoken) cue.classList.remove("spoken");
    if (spoken) spoken.classList.add("spoken");
  }, true);

  // --- Links that lead out of the activity -----------------------------------

  for (const a of document.querySelectorAll('main a[href*="/elsewhere"]')) {
    a.classList.add("elsewhere");
    a.title = T("Not part of this activity");
  }

  // Most sites refuse to be shown in a frame: links to them open a page of their
  // own.
  if (window.parent !== window) {
    for (const a of document.querySelectorAll("main .block a[href]")) {
      if (a.target || a.origin === location.origin || !a.protocol.startsWith("http")) continue;
      a.target = "_blank";
      a.rel = "noopener";
    }
  }

  const currentTab = document.querySelector('.tabs a[aria-current]');
  if (currentTab) {
    const row = currentTab.closest("ol");
    row.scrollLeft = currentTab.parentElement.offsetLeft - (row.clientWidth - currentTab.offsetWidth) / 2;
  }

  // Every script of the page has run by then.
  document.addEventListener("DOMContentLoaded", () => {
    document.dispatchEvent(new CustomEvent("lectern:drawn", { detail: { root: document } }));
  });
})();
