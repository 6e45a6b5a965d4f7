// Sends the page's own forms without leaving the page, and puts the answer's part in place. Without it they post as ever.
"use strict";

async function partOf(response, selector) {
  const page = new DOMParser().parseFromString(await response.text(), "text/html");
  const found = page.querySelector(selector);
  if (!found) throw new Error(`the answer has no ${selector}`);
  return document.adoptNode(found);
}

// The answer to a form, as fetched after redirects; `button` is the one that was pressed.
function sendForm(form, button) {
  const body = new URLSearchParams(new FormData(form, button));
  return fetch(form.getAttribute("action") || location.href, { method: "POST", body });
}

function sayAloud(part) {
  const words = part.querySelector(".problems p, .said");
  const place = document.getElementById("spoken");
  if (place && words) place.textContent = words.textContent;
}
