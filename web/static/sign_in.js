// Inside a frame of Teams: asks Teams for the tab's token and opens a session with it. Anywhere else the button stays.
(function () {
  "use strict";
  if (window.parent === window) { return; }
  var state = document.getElementById("sso-state");
  var button = document.getElementById("sign-in");
  var own = document.querySelector("script[data-sso]").dataset;
  function failed(words) {
    state.textContent = words;
    button.target = "_blank";
    button.rel = "noopener";
  }
  function loaded() {
    return new Promise(function (resolve, reject) {
      var library = document.createElement("script");
      library.src = own.teams;
      library.onload = resolve;
      library.onerror = reject;
      document.head.appendChild(library);
    });
  }
  state.textContent = "Signing you in …";
  loaded()
    .then(function () { return microsoftTeams.app.initialize(); })
    .then(function () { return microsoftTeams.authentication.getAuthToken(); })
    .then(function (token) {
      return fetch(own.sso + window.location.search, {
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
