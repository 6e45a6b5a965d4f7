// In Teams' dialog for a channel's tab: tells Teams which page was chosen, when the person presses Save there.
(function () {
  "use strict";
  var own = document.querySelector("script[data-address]").dataset;
  var state = document.getElementById("configure-state");
  function chosen() { return document.querySelector("#configure input[name=page]:checked"); }
  function failed() { state.textContent = "This page sets up a channel's tab. Open it in Teams: add a tab to a channel."; }
  if (window.parent === window) { failed(); return; }
  function save(event) {
    var page = chosen();
    var label = document.querySelector("label[for='" + page.id + "']").textContent;
    microsoftTeams.pages.config.setConfig({
      entityId: "tasking" + page.value.replace(/\//g, "-"),
      suggestedDisplayName: label,
      contentUrl: own.address + page.value + "?theme={app.theme}",
      websiteUrl: own.address + page.value
    }).then(function () { event.notifySuccess(); }, function () { event.notifyFailure("Teams did not keep it."); });
  }
  var library = document.createElement("script");
  library.src = own.teams;
  library.onerror = failed;
  library.onload = function () {
    microsoftTeams.app.initialize().then(function () {
      microsoftTeams.pages.config.registerOnSaveHandler(save);
      microsoftTeams.pages.config.setValidityState(chosen() !== null);
      document.getElementById("configure").addEventListener("change", function () {
        microsoftTeams.pages.config.setValidityState(chosen() !== null);
      });
    }).catch(failed);
  };
  document.head.appendChild(library);
})();
