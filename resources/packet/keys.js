"use strict";
/* The keys, and the start of it all. */

const KEYS = [
  [pair ? "1 – 4" : "1 – 5", pair ? "A better, B better, tie, both bad" : "very bad to very good"], ["Enter", "next"],
  ["N", "write a note; Enter goes on, Shift Enter is a new line"], ["Z", "undo"], ["S", "skip"], ["← →", "the one before, the one after"],
  ["Ctrl S", "save my ratings"], ["?", "this list"],
];
if (packet.criteria.length) KEYS.splice(1, 0, ["Shift 1 …", "a criterion: the first one that is open, or the one in focus"], ["↑ ↓", "between criteria"]);


function onKey(event) {
  if ((event.ctrlKey || event.metaKey) && !event.altKey && event.key.toLowerCase() === "s") {
    event.preventDefault();
    save();
    return;
  }
  if (event.ctrlKey || event.metaKey || event.altKey || $("sheet").open || event.isComposing) return;
  const target = event.target;
  if (target === $("note")) {
    if (event.key === "Escape") target.blur();
    else if (event.key === "Enter" && !event.shiftKey) take(event, () => { target.blur(); next(); });
    return;
  }
  if (target.tagName === "INPUT") {
    if (event.key === "Enter" || event.key === "Escape") take(event, () => target.blur());
    return;
  }
  const digit = /^(?:Digit|Numpad)([1-9])$/.exec(event.code);
  if (digit) return take(event, () => (event.shiftKey ? rateFirstOpen(Number(digit[1]) - 1) : choose(Number(digit[1]) - 1)));
  if (event.key === "ArrowUp" || event.key === "ArrowDown") {
    if (target.closest(".points")) take(event, () => toRow(target.closest(".points"), event.key === "ArrowDown" ? 1 : -1));
    return;
  }
  if (event.key === "ArrowLeft" || event.key === "ArrowRight") {
    const step = event.key === "ArrowRight" ? 1 : -1;
    const group = target.closest("#choices, .points");
    return take(event, () => (group ? toNeighbour(group, target, step) : go(state.at + step)));
  }
  const verbs = { n: () => $("note").focus(), z: undo, s: skip, "?": showKeys };
  const verb = verbs[event.key.toLowerCase()];
  if (verb) return take(event, verb);
  if (event.key === "Enter" && (target.tagName !== "BUTTON" || target.closest("#choices, .points"))) take(event, next);
}

function take(event, verb) {
  event.preventDefault();
  if (!event.repeat || event.key.startsWith("Arrow")) verb();
}

function toNeighbour(group, from, step) {
  const all = [...group.querySelectorAll("button")];
  all[(all.indexOf(from) + step + all.length) % all.length]?.focus();
}

function toRow(points, step) {
  const rows = [...document.querySelectorAll("#answers .points")];
  const wanted = rows[rows.indexOf(points) + step];
  if (wanted) (wanted.querySelector('[tabindex="0"]') ?? wanted.firstChild).focus();
}

function rateFirstOpen(number) {
  const said = current();
  const rows = [...document.querySelectorAll("#answers .points")];
  const focused = document.activeElement?.closest?.(".points");
  const row = focused ?? rows.find((one) => said.answers[one.dataset.place][one.dataset.index] === undefined);
  if (!row) return;
  const point = packet.criteria[row.dataset.index].points?.[number];
  if (!point) { if (!focused) row.firstChild.focus(); return; }
  rate(Number(row.dataset.place), Number(row.dataset.index), point.value);
  if (focused) toRow(row, 1);
}

function showKeys() {
  $("sheet-keys").replaceChildren(...KEYS.flatMap(([key, what]) => {
    const term = element("dt");
    term.append(element("kbd", "", key));
    return [term, element("dd", "", what)];
  }));
  $("sheet").showModal();
}

// -- the start ----------------------------------------------------------------------------------------------------

function start() {
  const minutes = Math.max(1, Math.round(packet.minutes));
  const from = [packet.for && `for ${packet.for}`, packet.from && `from ${packet.from}`, packet.by && `by ${packet.by}`].filter(Boolean).join(", ");
  $("title").textContent = `${packet.title}, blind ${pair ? "pairs" : "answers"}`;
  $("subtitle").textContent = `${from ? `${from[0].toUpperCase()}${from.slice(1)}. ` : ""}About ${minutes} min.`;
  $("squares").setAttribute("aria-label", `All ${packet.items.length}`);
  packet.items.forEach((_, at) => {
    const square = element("button");
    square.type = "button";
    square.tabIndex = -1;
    square.addEventListener("click", () => go(at));
    $("squares").append(square);
  });
  $("choices").setAttribute("aria-label", pair ? "Which answer is better" : "How good the answer is");
  CHOICES.forEach(([, text], number) => {
    const made = element("button");
    made.type = "button";
    made.setAttribute("role", "radio");
    const enter = element("span", "next");
    enter.append(element("kbd", "", "Enter"), " next");
    made.append(element("kbd", "", String(number + 1)), element("span", "", text), enter);
    made.addEventListener("click", () => choose(number));
    $("choices").append(made);
  });
  restore();
  $("rater-field").hidden = Boolean(packet.for);
  $("rater").value = state.rater;
  $("rater").addEventListener("input", () => { state.rater = $("rater").value.trim(); keep(); mark(); });
  $("save").addEventListener("click", save);
  $("undo").addEventListener("click", undo);
  $("skip").addEventListener("click", skip);
  $("keys").addEventListener("click", showKeys);
  $("sheet-close").addEventListener("click", () => $("sheet").close());
  $("note").addEventListener("change", keepNote);
  document.addEventListener("keydown", onKey);
  document.addEventListener("visibilitychange", () => { since = performance.now(); });
  addEventListener("beforeprint", lay);
  addEventListener("afterprint", () => $("print").replaceChildren());
  addEventListener("beforeunload", (event) => { keepNote(); if (state.dirty && !state.kept) event.preventDefault(); });
  $("app").hidden = false;
  $("note").value = current().note;
  keep();
  go(state.at);
}

start();
