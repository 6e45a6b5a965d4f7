// Dragging a card to another column, by mouse at once and by finger after a short press. The menu does the same by keys.
"use strict";

const drag = { card: null, ghost: null, column: null, x: 0, y: 0, pressed: 0, carrying: false, justDropped: false };
const SLACK = 6;
const PRESS_MILLISECONDS = 350;
const EDGE = 60;

function pickUp() {
  const box = drag.card.getBoundingClientRect();
  drag.ghost = drag.card.cloneNode(true);
  drag.ghost.removeAttribute("id");
  drag.ghost.classList.add("ghost");
  drag.ghost.setAttribute("aria-hidden", "true");
  drag.ghost.style.width = `${box.width}px`;
  document.body.append(drag.ghost);
  drag.card.classList.add("is-carried");
  drag.carrying = true;
}

function carry(event) {
  drag.ghost.style.transform = `translate(${event.clientX + 8}px, ${event.clientY + 8}px) rotate(1.5deg)`;
  const under = document.elementFromPoint(event.clientX, event.clientY);
  const column = under ? under.closest(".bucket") : null;
  if (column !== drag.column) {
    drag.column?.classList.remove("is-target");
    column?.classList.add("is-target");
    drag.column = column;
  }
  const board = drag.card.closest(".board");
  const box = board.getBoundingClientRect();
  if (event.clientX > box.right - EDGE) board.scrollLeft += 16;
  if (event.clientX < box.left + EDGE) board.scrollLeft -= 16;
  if (event.clientY > innerHeight - EDGE) scrollBy(0, 16);
  if (event.clientY < EDGE) scrollBy(0, -16);
}

function putDown() {
  clearTimeout(drag.pressed);
  drag.ghost?.remove();
  drag.card?.classList.remove("is-carried");
  drag.column?.classList.remove("is-target");
  Object.assign(drag, { card: null, ghost: null, column: null, carrying: false });
}

// `onDrop(card, column)` is called when a card was dropped on a column that is not its own.
function allowDragging(onDrop) {
  document.addEventListener("pointerdown", (event) => {
    const card = event.target.closest(".board .task");
    if (!card || event.button !== 0 || event.target.closest(".acts, button, select, input")) return;
    Object.assign(drag, { card, x: event.clientX, y: event.clientY });
    if (event.pointerType !== "mouse") drag.pressed = setTimeout(() => drag.card && pickUp(), PRESS_MILLISECONDS);
  });
  document.addEventListener("pointermove", (event) => {
    if (!drag.card) return;
    const moved = Math.hypot(event.clientX - drag.x, event.clientY - drag.y) > SLACK;
    if (!drag.carrying && moved && event.pointerType === "mouse") pickUp();
    else if (!drag.carrying && moved) putDown();
    if (drag.carrying) carry(event);
  });
  document.addEventListener("pointerup", () => {
    const { card, column, carrying } = drag;
    putDown();
    if (!carrying) return;
    drag.justDropped = true;
    setTimeout(() => { drag.justDropped = false; }, 0);
    if (column && column !== card.closest(".bucket")) onDrop(card, column);
  });
  document.addEventListener("pointercancel", putDown);
  document.addEventListener("keydown", (event) => { if (event.key === "Escape" && drag.carrying) putDown(); });
  document.addEventListener("touchmove", (event) => { if (drag.carrying) event.preventDefault(); }, { passive: false });
  document.addEventListener("contextmenu", (event) => { if (drag.card) event.preventDefault(); });
  document.addEventListener("selectstart", (event) => { if (drag.carrying) event.preventDefault(); });
  document.addEventListener("dragstart", (event) => { if (event.target.closest?.(".task")) event.preventDefault(); });
  document.addEventListener("click", (event) => {
    if (drag.justDropped) { event.preventDefault(); event.stopPropagation(); }
  }, true);
}
