// Shows and hides questions as Forms does while a person fills the page; without it the server decides alone.
"use strict";

function chosen(question) {
  const picked = [...question.querySelectorAll("input:checked, select, textarea, input[type=text], input[type=date]")];
  return picked.map((field) => field.value);
}

function refresh(questions) {
  const byKey = new Map(questions.map((question) => [question.dataset.key, question]));
  let stopped = false;
  for (const question of questions) {
    const wanted = byKey.get(question.dataset.showKey);
    const shown = !wanted || (!wanted.hidden && chosen(wanted).includes(question.dataset.showValue));
    question.hidden = stopped || !shown;
    const stops = !question.hidden && question.dataset.stopValue !== undefined
      && chosen(question).includes(question.dataset.stopValue);
    const note = question.querySelector(".stop-note");
    if (note) note.hidden = !stops;
    stopped = stopped || stops;
  }
}

const questions = [...document.querySelectorAll(".question[data-key]")];
document.addEventListener("change", () => refresh(questions));
refresh(questions);
document.querySelector(".problems")?.focus();
