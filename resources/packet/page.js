"use strict";
/* What is shown: item by item on screen, all of them on paper. */

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
  const said = current();
  const decided = said.choice !== null || said.skipped || (!pair && isRated(said));
  if (!decided) return tell(`Choose first (1 to ${CHOICES.length}), or skip with S.`);
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
