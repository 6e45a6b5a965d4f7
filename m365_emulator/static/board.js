// A board that stays where it is: actions swap its content, a task opens over it under its own address, Escape closes.
"use strict";

const panel = document.getElementById("panel");
const grouped = new URLSearchParams(location.search).get("group") || "bucket";
const boardAddress = `${location.pathname}?group=${encodeURIComponent(grouped)}`;
let openedFrom = "";
let isStale = false;

function scrolls() {
  const columns = [...document.querySelectorAll(".board .cards")].map((cards) => cards.scrollTop);
  return { left: document.querySelector(".board").scrollLeft, columns };
}

async function swapBoard(response) {
  const before = scrolls();
  const part = await partOf(response, "#swapped");
  document.getElementById("swapped").replaceWith(part);
  document.querySelector(".board").scrollLeft = before.left;
  document.querySelectorAll(".board .cards").forEach((cards, at) => { cards.scrollTop = before.columns[at] || 0; });
  sayAloud(part);
}

function focusCard(id) {
  const card = document.getElementById(id) || document.querySelector(`[id^="${CSS.escape(id.slice(0, 33))}"]`);
  const folded = card?.closest("details.completed");
  if (folded) folded.open = true;
  const link = card?.querySelector(".opens");
  link?.focus();
  card?.scrollIntoView({ block: "nearest", inline: "nearest" });
}

async function act(form, button) {
  const id = form.closest(".task").id;
  await swapBoard(await sendForm(form, button));
  focusCard(id);
}

async function drop(card, column) {
  const form = card.querySelector(".acts form");
  const to = form.querySelector("[name=to]");
  if (!to) {
    card.querySelector(".acts").open = true;
    return;
  }
  to.value = column.dataset.to;
  await act(form, form.querySelector("[value=place]"));
}

async function fillPanel(response) {
  const part = await partOf(response, "#task-panel");
  const close = document.createElement("button");
  close.type = "button";
  close.className = "quiet close";
  close.textContent = "Close";
  close.addEventListener("click", () => panel.close());
  part.querySelector(".back").replaceChildren(close);
  panel.replaceChildren(part);
  panel.setAttribute("aria-label", part.dataset.title);
  sayAloud(part);
  return part;
}

async function openPanel(link) {
  openedFrom = link.closest(".task").id;
  const part = await fillPanel(await fetch(link.href));
  const title = part.querySelector("h1");
  title.tabIndex = -1;
  panel.showModal();
  title.focus();
  history.pushState({ panel: true }, "", part.dataset.href);
}

async function actInPanel(form, button) {
  const response = await sendForm(form, button);
  isStale = true;
  if (!new URL(response.url).pathname.includes("/tasks/")) {
    panel.close();
    return;
  }
  const { name, value } = button || {};
  const item = form.elements.namedItem("item")?.value;
  const part = await fillPanel(response);
  const fields = [...part.querySelectorAll(`button[name="${name}"]`)];
  const sameItem = fields.find((b) => item !== undefined && b.form.elements.namedItem("item")?.value === item);
  (sameItem || fields.find((b) => b.value === value) || part.querySelector("h1")).focus();
}

panel.addEventListener("close", async () => {
  if (history.state?.panel) history.back();
  panel.replaceChildren();
  if (isStale) {
    isStale = false;
    await swapBoard(await fetch(boardAddress));
  }
  focusCard(openedFrom);
});
panel.addEventListener("click", (event) => { if (event.target === panel) panel.close(); });
addEventListener("popstate", () => {
  if (history.state?.panel) location.reload();
  else if (panel.open) panel.close();
});

document.addEventListener("click", (event) => {
  const link = event.target.closest(".opens");
  if (!link || event.ctrlKey || event.metaKey || event.shiftKey) return;
  event.preventDefault();
  openPanel(link).catch(() => { location.href = link.href; });
});
document.addEventListener("submit", (event) => {
  const form = event.target;
  const inPanel = panel.contains(form);
  if (form.classList.contains("acting") || !(inPanel || form.closest(".task"))) return;
  event.preventDefault();
  (inPanel ? actInPanel : act)(form, event.submitter).catch(() => location.reload());
});
allowDragging((card, column) => { drop(card, column).catch(() => location.reload()); });
if (location.hash.startsWith("#task-")) focusCard(location.hash.slice(1));
