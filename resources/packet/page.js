"use strict";
/* One review: shows item by item what the data block holds, keeps what is said of it, and saves it as a small file. */

const $ = (id) => document.getElementById(id);
const packet = JSON.parse($("packet").textContent);
const pair = packet.kind === "pair";
const noun = pair ? "Pair" : "Answer";
const LETTERS = ["A", "B"];
const CHOICES = pair
  ? [["left", "A is better"], ["right", "B is better"], ["tie", "Tie"], ["both_bad", "Both bad"]]
  : [[1, "Very bad"], [2, "Bad"], [3, "Usable"], [4, "Good"], [5, "Very good"]];
const KEPT_AS = `workbench-packet-${packet.packet}`;
const KEYS = [
  [pair ? "1 – 4" : "1 – 5", pair ? "A better, B better, tie, both bad" : "very bad to very good"], ["Enter", "next"],
  ["N", "write a note; Enter goes on, Shift Enter is a new line"], ["Z", "undo"], ["S", "skip"], ["← →", "the one before, the one after"],
  ["Ctrl S", "save my ratings"], ["?", "this list"],
];
if (packet.criteria.length) KEYS.splice(1, 0, ["Shift 1 …", "a criterion: the first one that is open, or the one in focus"], ["↑ ↓", "between criteria"]);

const state = { rater: packet.for, at: 0, items: {}, undo: [], dirty: false, kept: false };
let since = performance.now();

const blank = () => ({ choice: null, note: "", skipped: false, seconds: 0, at: "", answers: packet.items[0].answers.map(() => ({})) });
const current = () => state.items[packet.items[state.at].item] ?? blank();
const isRated = (said) => Boolean(said) && (said.choice !== null || said.answers.some((answer) => Object.keys(answer).length));
const hasWords = (said) => isRated(said) || Boolean(said && (said.note || said.skipped));

// -- what is kept -------------------------------------------------------------------------------------------------

function restore() {
  let kept = null;
  try { kept = JSON.parse(localStorage.getItem(KEPT_AS)); } catch { return; }
  if (!kept || typeof kept.items !== "object") return;
  for (const { item } of packet.items) {
    const said = kept.items?.[item];
    if (!said || !Array.isArray(said.answers) || said.answers.length !== blank().answers.length) continue;
    state.items[item] = { ...blank(), ...said };
  }
  if (!packet.for && typeof kept.rater === "string") state.rater = kept.rater;
  const open = packet.items.findIndex(({ item }) => !hasWords(state.items[item]));
  state.at = open < 0 ? packet.items.length - 1 : open;
}

function keep() {
  try {
    localStorage.setItem(KEPT_AS, JSON.stringify({ rater: state.rater, items: state.items }));
    state.kept = true;
    $("kept").textContent = `Kept in this browser, ${new Date().toTimeString().slice(0, 5)}`;
  } catch {
    state.kept = false;
    $("kept").textContent = "Not kept, save often";
  }
  $("kept").classList.toggle("lost", !state.kept);
}

function say(change) {
  const { item } = packet.items[state.at];
  const before = state.items[item];
  const after = structuredClone(before ?? blank());
  change(after);
  after.seconds = Math.round((after.seconds + spent()) * 10) / 10;
  after.at = new Date().toISOString();
  if (isRated(after)) after.skipped = false;
  state.undo.push([state.at, before]);
  state.items[item] = after;
  state.dirty = true;
  keep();
}

function spent() {
  const now = performance.now();
  const seconds = Math.min((now - since) / 1000, 600);
  since = now;
  return seconds;
}

function undo() {
  const step = state.undo.pop();
  if (!step) return tell("Nothing to undo.");
  const [at, before] = step;
  const { item } = packet.items[at];
  if (at === state.at) $("note").value = (before ?? blank()).note;
  if (before) state.items[item] = before;
  else delete state.items[item];
  state.dirty = true;
  keep();
  go(at);
}

// -- saving -------------------------------------------------------------------------------------------------------

const fileName = () => `ratings-${(state.rater || "name").toLowerCase().replace(/[^\p{L}\p{N}]+/gu, "-").replace(/^-+|-+$/g, "").slice(0, 60) || "name"}.json`;

function ratings() {
  const items = [];
  for (const item of packet.items) {
    const said = state.items[item.item];
    if (!hasWords(said)) continue;
    const out = { item: item.item, digest: digestOf(item), at: said.at, seconds: said.seconds };
    if (said.note) out.note = said.note;
    if (said.skipped) out.skipped = true;
    if (pair && said.choice) out.winner = said.choice;
    if (isRated(said)) out.answers = said.answers.map((answer) => {
      const one = {};
      if (!pair && said.choice) one.stars = said.choice;
      if (Object.keys(answer).length) one.criteria = answer;
      return one;
    });
    items.push(out);
  }
  return { schema: 1, kind: "packet-ratings", packet: packet.packet, rater: state.rater, saved: new Date().toISOString(), items };
}

function save() {
  keepNote();
  if (!state.rater) {
    tell("Write your name first: your ratings go back under it.");
    $("rater").focus();
    return;
  }
  const made = ratings();
  if (!made.items.length) return tell("Nothing is rated yet.");
  const link = document.createElement("a");
  link.href = URL.createObjectURL(new Blob([JSON.stringify(made, null, 1) + "\n"], { type: "application/json" }));
  link.download = fileName();
  document.body.append(link);
  link.click();
  link.remove();
  setTimeout(() => URL.revokeObjectURL(link.href), 60000);
  state.dirty = false;
  tell(`Saved as ${link.download}, in your browser's downloads. Send it back${packet.from ? ` to ${packet.from}` : ""}.`);
}

// -- what is shown ------------------------------------------------------------------------------------------------

function tell(text) {
  $("said").textContent = text;
  $("said").hidden = !text;
}

function words(answer) {
  const count = answer.text.split(/\s+/).filter(Boolean).length;
  return !count && answer.pictures.length ? "" : count === 1 ? "1 word" : `${count} words`;
}

function part(title, text, pictures = []) {
  const made = element("div");
  made.append(element("h2", "", title));
  const inside = element("div", "text");
  inside.dir = "auto";
  if (text) inside.append(element("p", "", text));
  for (const source of pictures) inside.append(picture(source, title));
  made.append(inside);
  return made;
}

function picture(source, what) {
  const made = element("img");
  made.alt = `Picture: ${what}`;
  if (/^data:image\/(png|jpeg|webp|gif);base64,/.test(source)) made.src = source;
  return made;
}

function showCase(parent, given) {
  parent.replaceChildren(...given.parts.map(({ title, text, pictures }) => part(title, text, pictures)));
  if (given.reference) parent.append(part("What a good answer says", given.reference));
  parent.hidden = !parent.childElementCount;
}

function showAnswer(answer, place) {
  const made = element("article", "answer");
  const head = element("h2");
  const name = pair ? `Answer ${LETTERS[place]}` : "Answer";
  if (pair) head.append(element("span", "badge", LETTERS[place]));
  head.append(element("span", "", name), element("span", "length", words(answer)));
  const text = element("div", "text");
  text.dir = "auto";
  text.tabIndex = 0;
  text.setAttribute("aria-label", name);
  showText(text, answer.text || (answer.pictures.length ? "" : "(empty answer)"));
  for (const source of answer.pictures) text.append(picture(source, name));
  made.append(head, text);
  return made;
}

function rubric(place) {
  const made = element("div", "rubric");
  packet.criteria.forEach((criterion, index) => made.append(criterionRow(criterion, index, place)));
  return made;
}

function criterionRow(criterion, index, place) {
  const row = element("div", "row");
  const points = element("div", "points");
  const help = element("span", "help");
  points.setAttribute("role", criterion.points ? "radiogroup" : "group");
  points.setAttribute("aria-label", `${criterion.name}${pair ? `, answer ${LETTERS[place]}` : ""}`);
  Object.assign(points.dataset, { place, index });
  if (criterion.points) {
    for (const point of criterion.points) {
      const made = element("button", "", point.label);
      made.type = "button";
      made.title = point.meaning;
      made.setAttribute("role", "radio");
      made.addEventListener("click", () => rate(place, index, point.value));
      points.append(made);
    }
  } else {
    const field = element("input");
    Object.assign(field, { type: "number", min: 0, max: 100, step: 1, placeholder: "0 – 100" });
    field.setAttribute("aria-label", points.getAttribute("aria-label"));
    field.addEventListener("change", () => rate(place, index, field.value === "" ? null : Math.min(100, Math.max(0, Number(field.value)))));
    points.append(field);
  }
  row.append(element("span", "name", criterion.name), points, help);
  return row;
}

function rate(place, index, value) {
  say((said) => {
    const before = said.answers[place][index];
    if (value === null || before === value) delete said.answers[place][index];
    else said.answers[place][index] = value;
  });
  mark();
}

function choose(number) {
  if (number >= CHOICES.length) return;
  say((said) => { said.choice = CHOICES[number][0]; });
  mark();
}

function mark() {
  const said = current();
  [...$("choices").children].forEach((made, number) => {
    const on = said.choice === CHOICES[number][0];
    made.setAttribute("aria-checked", on);
    made.tabIndex = on || (said.choice === null && number === 0) ? 0 : -1;
  });
  for (const points of document.querySelectorAll("#answers .points")) {
    const criterion = packet.criteria[points.dataset.index];
    const value = said.answers[points.dataset.place][points.dataset.index];
    const chosen = criterion.points?.find((point) => point.value === value);
    if (criterion.points) criterion.points.forEach((point, at) => {
      points.children[at].setAttribute("aria-checked", point === chosen);
      points.children[at].tabIndex = point === chosen || (!chosen && at === 0) ? 0 : -1;
    });
    else points.firstChild.value = value ?? "";
    points.nextSibling.textContent = chosen?.meaning || criterion.help;
  }
  [...$("squares").children].forEach((square, at) => {
    const word = isRated(state.items[packet.items[at].item]) ? "rated" : state.items[packet.items[at].item]?.skipped ? "skipped" : "open";
    square.className = word;
    square.setAttribute("aria-label", `${noun} ${at + 1}, ${word}`);
    if (at === state.at) square.setAttribute("aria-current", "step");
    else square.removeAttribute("aria-current");
  });
  const all = packet.items.map(({ item }) => state.items[item]);
  const rated = all.filter(isRated).length;
  const skipped = all.filter((one) => one && one.skipped && !isRated(one)).length;
  $("counts").textContent = `${rated} rated${skipped ? `, ${skipped} skipped` : ""}`;
  $("undo").disabled = !state.undo.length;
  $("farewell").replaceChildren("When you stop, save your ratings and send ", element("code", "", fileName()), packet.from ? ` back to ${packet.from}.` : " back.");
}

function go(at) {
  keepNote();
  if (at < 0 || at >= packet.items.length) return;
  state.at = at;
  since = performance.now();
  const item = packet.items[at];
  $("place").replaceChildren(element("b", "", `${noun} ${at + 1}`), ` of ${packet.items.length}`);
  showCase($("case"), item.case);
  $("answers").replaceChildren(...item.answers.map((answer, place) => {
    const made = showAnswer(answer, place);
    if (packet.criteria.length) made.append(rubric(place));
    return made;
  }));
  $("note").value = current().note;
  tell("");
  mark();
  scrollTo(0, 0);
}

function next() {
  keepNote();
  if (!hasWords(current())) return tell(`Choose first (1 to ${CHOICES.length}), or skip with S.`);
  onward();
}

function onward() {
  const open = (item) => !hasWords(state.items[item.item]);
  const after = state.at + 1 < packet.items.length ? state.at + 1 : packet.items.findIndex(open);
  if (packet.items.every((item) => !open(item)) && state.at + 1 >= packet.items.length) {
    return tell("That was the last one. Save your ratings with Ctrl S and send the file back.");
  }
  go(after);
}

function skip() {
  keepNote();
  if (!isRated(current())) say((said) => { said.skipped = true; });
  mark();
  onward();
}

function keepNote() {
  const text = $("note").value.trim();
  if (packet.items.length && text !== current().note) {
    say((said) => { said.note = text; });
    mark();
  }
}

// -- keys ---------------------------------------------------------------------------------------------------------

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

// -- on paper -----------------------------------------------------------------------------------------------------

function lay() {
  $("print").replaceChildren(...packet.items.map((item, at) => {
    const made = element("article");
    const about = element("section", "case");
    showCase(about, item.case);
    made.append(element("h1", "", `${packet.title}, ${noun.toLowerCase()} ${at + 1} of ${packet.items.length}`), about);
    item.answers.forEach((answer, place) => made.append(showAnswer(answer, place)));
    const said = state.items[item.item];
    made.append(element("p", "boxes", CHOICES.map(([value, text]) => `${said?.choice === value ? "☒" : "☐"} ${text}`).join("    ")));
    packet.criteria.forEach((criterion) => made.append(element("p", "", `${criterion.name}: ____    ${pair ? "____    " : ""}${criterion.help}`)));
    made.append(element("p", "", `Note: ${said?.note ?? ""}`));
    return made;
  }));
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
