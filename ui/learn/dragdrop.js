// Makes the boards of drag-and-drop questions live: by mouse, by touch, and by
// keyboard. Without it the lists below each board do the same.
(() => {
  "use strict";

  const { T } = window.lectern;

  // --- What is on the page ----------------------------------------------------

  const nameOf = (el) => el.dataset.name || T("Items to place");
  const boardOf = (el) => el.closest(".drag-board");
  const formOf = (el) => el.closest("form.drag-form");
  const homeOf = (item) => item.parentElement.closest("[data-zone]");
  const placesOf = (board) => board.querySelectorAll(".drag-zone, .drag-bank");
  const listOf = (item) => [...formOf(item).elements].find((el) => el.name === "place_" + item.dataset.item);

  const isFull = (board, place) => {
    const most = Number(board.dataset.most);
    return most > 0 && place.dataset.zone !== "" && place.querySelectorAll(".drag-item").length >= most;
  };

  // say is read out by screen readers; one line outlives the sections it is about.
  const line = document.createElement("p");
  line.className = "sr";
  line.setAttribute("role", "status");
  document.body.append(line);
  const say = (text) => { line.textContent = text; };

  // fit lays the zones out in percent of the picture, so that the board can be as
  // narrow as a phone.
  const fit = (target) => {
    const picture = target.querySelector(".drag-picture");
    const width = picture ? picture.naturalWidth : parseFloat(target.style.width);
    const height = picture ? picture.naturalHeight : parseFloat(target.style.height);
    if (target.classList.contains("fits") || !(width > 0 && height > 0)) return;
    target.style.width = "";
    target.style.height = "";
    target.style.maxWidth = width + "px";
    target.style.minWidth = "min(" + width + "px, 15rem)";
    if (!picture) target.style.aspectRatio = width + " / " + height;
    for (const zone of target.querySelectorAll("[data-box]")) {
      const [x, y, w, h] = zone.dataset.box.split(" ").map(Number);
      zone.style.left = (x / width) * 100 + "%";
      zone.style.top = (y / height) * 100 + "%";
      zone.style.width = (w / width) * 100 + "%";
      zone.style.height = (h / height) * 100 + "%";
    }
    target.classList.add("fits");
  };

  const ready = (board) => {
    if (board.dataset.live !== undefined) return;
    board.dataset.live = "";
    const target = board.querySelector(".drag-target");
    const picture = target.querySelector(".drag-picture");
    // A picture that cannot be loaded gives way to what it shows, in words.
    const failed = () => {
      const words = document.createElement("p");
      words.className = "drag-described";
      words.textContent = picture.alt;
      if (picture.alt) target.parentElement.before(words);
      const [width, height] = target.dataset.plane.split(" ");
      target.style.width = width + "px";
      target.style.height = height + "px";
      picture.remove();
      board.dataset.borders = "always";
      fit(target);
    };
    if (picture && picture.complete && !picture.naturalWidth) failed();
    else fit(target);
    if (picture && !picture.complete) {
      picture.addEventListener("load", () => fit(target));
      picture.addEventListener("error", failed);
    }
    if (board.dataset.fixed !== undefined) return;
    const keeps = formOf(board).dataset.mode === "assessment"; // else what is placed is right and stays
    for (const item of board.querySelectorAll(keeps ? ".drag-item" : ".drag-bank .drag-item")) {
      item.tabIndex = 0;
      item.setAttribute("role", "button");
      item.setAttribute("aria-pressed", "false");
    }
    for (const place of placesOf(board)) {
      if (!keeps && place.dataset.zone === "") continue;
      const here = document.createElement("button");
      here.type = "button";
      here.className = "drag-here";
      place.append(here);
    }
  };

  // --- Picking an item, then a place ------------------------------------------

  let picked = null;

  const targets = (board) => [...board.querySelectorAll(".drag-here")].filter((b) => !b.hidden && !b.disabled);

  const pick = (item, toPlaces) => {
    letGo();
    if (formOf(item).closest("[aria-busy]")) return;
    picked = item;
    item.setAttribute("aria-pressed", "true");
    const board = boardOf(item);
    for (const here of board.querySelectorAll(".drag-here")) {
      const place = here.closest("[data-zone]");
      here.hidden = place === homeOf(item);
      here.disabled = isFull(board, place);
      here.textContent = place.dataset.zone === "" ? T("Put it back") : here.disabled ? T("%s: full", nameOf(place)) : nameOf(place);
    }
    board.classList.add("picking");
    const first = targets(board)[0];
    say(first
      ? T("%s is picked up. Choose a place with the arrow keys and press Enter, or Escape to leave it.", nameOf(item))
      : T("%s is picked up. There is no place for it.", nameOf(item)));
    if (toPlaces && first) first.focus();
  };

  const letGo = () => {
    if (!picked) return;
    picked.setAttribute("aria-pressed", "false");
    boardOf(picked)?.classList.remove("picking");
    picked = null;
  };

  // --- Dropping ---------------------------------------------------------------

  let returning = null; // the section and the item that focus goes back to

  const drop = (item, place) => {
    const board = boardOf(item);
    const form = formOf(item);
    letGo();
    if (place === homeOf(item) || form.closest("[aria-busy]")) return;
    if (isFull(board, place)) {
      say(T("There is no room for more items in %s.", nameOf(place)));
      return;
    }
    const wasHome = homeOf(item);
    place.insertBefore(item, place.querySelector(":scope > .drag-none, :scope > .drag-here"));
    const list = listOf(item);
    if (list) list.value = place.dataset.zone;
    returning = { section: form.closest("section").id, item: item.dataset.item };
    if (form.dataset.mode === "assessment") {
      say(place.dataset.zone === "" ? T("%s is back among the items.", nameOf(item)) : T("%s is placed in %s.", nameOf(item), nameOf(place)));
      item.focus({ preventScroll: true });
      keep(form, item, place, wasHome);
      return;
    }
    form.elements.moved.value = item.dataset.item;
    form.elements.zone.value = place.dataset.zone;
    form.requestSubmit(form.querySelector('[data-does="drop"]'));
  };

  // keep stores where an item is; nothing is judged. What fails is told, and goes
  // along when the form is submitted. One request follows the other.
  let last = Promise.resolve();
  const keep = (form, item, place, wasHome) => {
    const body = new URLSearchParams({ moved: item.dataset.item, zone: place.dataset.zone });
    last = last.then(async () => {
      try {
        const response = await fetch(form.dataset.action + "drop", {
          method: "POST", body, headers: { Accept: "application/json" }, credentials: "same-origin",
        });
        const answer = await response.json();
        if (answer.status === "ok") return;
        if (item.isConnected) wasHome.insertBefore(item, wasHome.querySelector(":scope > .drag-none, :scope > .drag-here"));
        const list = item.isConnected && listOf(item);
        if (list) list.value = wasHome.dataset.zone;
        say(answer.message || "");
      } catch {
        say(T("This could not be saved yet. It is sent when you select Submit."));
      }
    });
  };

  // --- Keys and clicks --------------------------------------------------------

  document.addEventListener("keydown", (event) => {
    const item = event.target.closest?.(".drag-item[role]");
    const here = event.target.closest?.(".drag-here");
    if (event.key === "Escape" && picked) {
      const was = picked;
      letGo();
      was.focus();
      say(T("%s stays where it was.", nameOf(was)));
      event.preventDefault();
      return;
    }
    if (item && (event.key === "Enter" || event.key === " ")) {
      event.preventDefault();
      if (item === picked) letGo();
      else pick(item, true);
      return;
    }
    const step = { ArrowRight: 1, ArrowDown: 1, ArrowLeft: -1, ArrowUp: -1 }[event.key];
    if (!step || !(item || here)) return;
    const all = here || item === picked
      ? targets(boardOf(event.target))
      : [...boardOf(item).querySelectorAll(".drag-item[role]")];
    if (!all.length) return;
    const at = all.indexOf(here || item);
    all[at < 0 ? (step > 0 ? 0 : all.length - 1) : (at + step + all.length) % all.length].focus();
    event.preventDefault();
  });

  let dragged = false; // the click that ends a drag is none
  document.addEventListener("click", (event) => {
    const here = event.target.closest(".drag-here");
    if (here && picked) {
      drop(picked, here.closest("[data-zone]"));
      return;
    }
    const item = event.target.closest(".drag-item[role]");
    if (dragged) {
      dragged = false;
      return;
    }
    if (item && item !== picked) pick(item, false);
    else letGo();
  });

  // A list that is changed moves the item on the board.
  document.addEventListener("change", (event) => {
    const list = event.target;
    const form = list.closest?.("form.drag-form");
    if (!form || !list.name?.startsWith("place_") || form.dataset.mode !== "assessment") return;
    const board = form.querySelector(".drag-board");
    const item = board.querySelector('.drag-item[data-item="' + CSS.escape(list.name.slice("place_".length)) + '"]');
    const place = [...placesOf(board)].find((p) => p.dataset.zone === list.value);
    if (!item || !place) return;
    drop(item, place);
    list.value = homeOf(item).dataset.zone;
    list.focus();
  });

  // --- Mouse and touch --------------------------------------------------------

  const placeAt = (board, x, y) => {
    for (const el of document.elementsFromPoint(x, y)) {
      const place = el.closest("[data-zone]");
      if (place && boardOf(place) === board) return place;
    }
    return null;
  };

  document.addEventListener("pointerdown", (event) => {
    dragged = false;
    const item = event.target.closest(".drag-item[role]");
    if (!item || event.button !== 0 || !event.isPrimary || formOf(item).closest("[aria-busy]")) return;
    const board = boardOf(item);
    const from = { x: event.clientX, y: event.clientY };
    const box = item.getBoundingClientRect();
    let ghost = null;
    let over = null;

    const begin = () => {
      letGo();
      ghost = item.cloneNode(true);
      ghost.classList.add("drag-ghost");
      ghost.removeAttribute("role");
      ghost.removeAttribute("tabindex");
      ghost.style.width = box.width + "px";
      ghost.style.fontSize = getComputedStyle(item).fontSize;
      board.append(ghost);
      item.classList.add("dragged");
      board.classList.add("moving");
    };
    const move = (e) => {
      if (e.pointerId !== event.pointerId) return;
      if (!ghost && Math.hypot(e.clientX - from.x, e.clientY - from.y) < 6) return;
      if (!ghost) begin();
      ghost.style.left = box.left + e.clientX - from.x + "px";
      ghost.style.top = box.top + e.clientY - from.y + "px";
      const place = placeAt(board, e.clientX, e.clientY);
      if (place !== over) {
        over?.classList.remove("over");
        place?.classList.add("over");
        over = place;
      }
      const edge = 40; // scroll where there is more of the page
      if (e.clientY < edge) window.scrollBy(0, -12);
      else if (e.clientY > window.innerHeight - edge) window.scrollBy(0, 12);
    };
    const end = (e) => {
      if (e.pointerId !== event.pointerId) return;
      document.removeEventListener("pointermove", move);
      document.removeEventListener("pointerup", end);
      document.removeEventListener("pointercancel", end);
      if (!ghost) return;
      ghost.remove();
      item.classList.remove("dragged");
      board.classList.remove("moving");
      over?.classList.remove("over");
      dragged = e.type === "pointerup";
      const back = formOf(item).dataset.mode !== "assessment" && over?.dataset.zone === "";
      if (dragged && over && !back) drop(item, over);
    };
    document.addEventListener("pointermove", move);
    document.addEventListener("pointerup", end);
    document.addEventListener("pointercancel", end);
  });

  // --- New and replaced sections ----------------------------------------------

  const look = () => {
    for (const board of document.querySelectorAll(".drag-board:not([data-live])")) ready(board);
  };
  look();

  // A reply replaces the section: focus goes on with the item that was dropped, or
  // with the next one.
  new MutationObserver((changes) => {
    look();
    if (!returning || !changes.some((c) => [...c.addedNodes].some((n) => n.id === returning.section))) return;
    const section = document.getElementById(returning.section);
    const item = section.querySelector('.drag-item[role][data-item="' + CSS.escape(returning.item) + '"]') ||
      section.querySelector(".drag-bank .drag-item[role]") || section.querySelector(".notification");
    returning = null;
    if (section.contains(document.activeElement)) return; // the reply was to a button
    item?.focus({ preventScroll: true });
    const told = [...section.querySelectorAll(".notification, .feedback-hint-correct, .feedback-hint-incorrect")];
    say(told.map((el) => el.innerText).join(" "));
  }).observe(document.querySelector("main"), { childList: true, subtree: true });
})();
