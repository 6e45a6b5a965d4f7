// Arrow right and left go through the points of a meeting, unless somebody is typing or choosing.
(function () {
  "use strict";
  var keys = { ArrowRight: "next", ArrowLeft: "prev" };
  document.addEventListener("keydown", function (event) {
    var busy = event.altKey || event.ctrlKey || event.metaKey || event.shiftKey;
    if (busy || !keys[event.key] || event.target.closest("input, textarea, select, [contenteditable]")) { return; }
    var link = document.querySelector("main a[rel=" + keys[event.key] + "]");
    if (link) { event.preventDefault(); link.click(); }
  });
  var deciding = document.getElementById("deciding");
  if (deciding && !document.getElementById("errors")) { deciding.scrollIntoView({ block: "start" }); }
}());
