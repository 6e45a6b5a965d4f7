// Keeps the board fresh: asks every twenty seconds whether the list has changed, and puts the new parts in place.
// Place, focus, open parts and what is ticked but not yet sent stay as they are. Without it there is the link "Refresh".
(function () {
  "use strict";
  var EVERY = 20000, ANYWAY = 300000;
  var board = document.getElementById("board");
  var line = document.getElementById("live");
  var words = document.getElementById("live-words");
  var pause = document.getElementById("live-pause");
  var drawn = Date.now(), held = false, over = false, busy = false, failed = 0;

  function ask(address) {
    return fetch(address, { headers: { "tab-watching": "yes" }, credentials: "same-origin", redirect: "error" })
      .then(function (answer) {
        if (answer.status === 401) { over = true; }
        if (!answer.ok) { throw new Error("no answer"); }
        return answer.text();
      });
  }

  function say(told) { if (words.textContent !== told) { words.textContent = told; } }

  function swap(page) {
    var fresh = new DOMParser().parseFromString(page, "text/html");
    var from = fresh.getElementById("board");
    if (!from) { throw new Error("another page"); }
    var focus = document.activeElement && document.activeElement.id;
    var told = document.getElementById("synced"), synced = told && told.open, left = window.scrollX, top = window.scrollY;
    document.querySelectorAll("[data-live]").forEach(function (part) {
      var now = fresh.getElementById(part.id);
      if (now) { part.replaceWith(document.adoptNode(now)); }
    });
    [".tab-header__mark", ".tab-footer"].forEach(function (name) {
      document.querySelector(name).replaceWith(document.adoptNode(fresh.querySelector(name)));
    });
    told = document.getElementById("synced");
    if (told) { told.open = synced; }
    board.dataset.token = from.dataset.token;
    drawn = Date.now();
    window.scrollTo(left, top);
    var back = focus && document.getElementById(focus);
    if (back && back !== document.activeElement) { back.focus({ preventScroll: true }); }
  }

  function time() { return new Date().toLocaleTimeString("en-GB", { timeZone: "Europe/London", hour: "2-digit", minute: "2-digit" }); }

  function look() {
    if (held || over || busy || document.hidden) { return; }
    busy = true;
    ask(board.dataset.changes).then(function (answer) {
      failed = 0;
      var changed = JSON.parse(answer).token !== board.dataset.token;
      if (!changed && Date.now() - drawn < ANYWAY) { say("Updates by itself."); return null; }
      return ask(board.dataset.page).then(function (page) {
        swap(page);
        if (changed) { say("Updated at " + time() + "."); }
      });
    }).catch(function () {
      failed += 1;
      if (over) { say("Your session has ended: this list no longer updates. Press Refresh to sign in again."); }
      else if (failed > 1) { say("The service does not answer: this list may be out of date."); }
    }).then(function () { busy = false; });
  }

  pause.addEventListener("click", function () {
    held = !held;
    pause.setAttribute("aria-pressed", String(held));
    say(held ? "Held still: this list does not update." : "Updates by itself.");
    if (!held) { look(); }
  });
  document.addEventListener("visibilitychange", look);
  line.hidden = false;
  say("Updates by itself.");
  window.setInterval(look, EVERY);
}());
