// What live pages need besides htmx: whether they are live, a way to halt them, and a bound on their lines.
// Pages without this work; they only stand still.
(function () {
  "use strict";

  var MOST = 500; // lines on a page
  var live = document.getElementById("live");
  var button = document.getElementById("live-pause");
  var log = document.getElementById("log");
  var halted = false;

  function show(state) {
    if (!live) { return; }
    live.hidden = false;
    live.textContent = live.dataset[state];
    live.className = "pill " + { on: "good", off: "bad", paused: "warn" }[state];
  }

  function toEnd() { if (log) { log.scrollTop = log.scrollHeight; } }

  function atEnd() { return log && log.scrollHeight - log.scrollTop - log.clientHeight < 40; }

  document.body.addEventListener("htmx:sseOpen", function () { show(halted ? "paused" : "on"); });
  document.body.addEventListener("htmx:sseError", function () { show("off"); });

  if (button) {
    button.hidden = false;
    button.textContent = button.dataset.pause;
    button.addEventListener("click", function () {
      if (halted) { window.location.reload(); return; } // with all that came meanwhile
      halted = true;
      button.textContent = button.dataset.resume;
      show("paused");
    });
  }

  // "all" are the lines anew: they go where those stand that are there, which is an element within.
  document.body.addEventListener("htmx:sseBeforeMessage", function (event) {
    if (halted) { event.preventDefault(); return; }
    var lines = document.getElementById("log-lines");
    if (event.detail.type === "all" && lines) {
      event.preventDefault();
      var follow = atEnd();
      lines.innerHTML = event.detail.data; // escaped by the server, as the page itself
      if (follow) { toEnd(); }
      return;
    }
    if (event.detail.type === "lines" && lines) {
      event.preventDefault();
      var stay = !atEnd();
      lines.insertAdjacentHTML("beforeend", event.detail.data);
      while (lines.childElementCount > MOST) { lines.firstElementChild.remove(); }
      if (!stay) { toEnd(); }
    }
  });

  toEnd();
}());
