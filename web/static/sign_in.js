// Inside a frame of Teams: asks Teams for the tab's token and opens a session with it. Anywhere else the button stays.
(function () {
  "use strict";
  if (window.parent === window || !window.microsoftTeams) { return; }
  var state = document.getElementById("sso-state");
  var button = document.getElementById("sign-in");
  var address = document.querySelector("script[data-sso]").dataset.sso;
  function failed(words) {
    state.textContent = words;
    button.target = "_blank";
    button.rel = "noopener";
  }
  state.textContent = "Signing you in …";
  microsoftTeams.app.initialize()
    .then(function () { return microsoftTeams.authentication.getAuthToken(); })
    .then(function (token) {
      return fetch(address + window.location.search, {
        method: "POST", credentials: "same-origin", headers: { Authorization: "Bearer " + token }
      });
    })
    .then(function (answer) { return answer.json().then(function (told) { return { ok: answer.ok, told: told }; }); })
    .then(function (got) {
      if (!got.ok) { failed(got.told.title); return; }
      window.location.replace(got.told.next || window.location.href);
    })
    .catch(function () { failed("Teams could not sign you in. Use the button: it opens a window of its own."); });
})();
