"use strict";
/* One review: what the data block holds, what is said of it and kept in this browser, and the small file that is saved. */

const $ = (id) => document.getElementById(id);
const packet = JSON.parse($("packet").textContent);
const pair = packet.kind === "pair";
const noun = pair ? "Pair" : "Answer";
const LETTERS = ["A", "B"];
const CHOICES = pair
  ? [["left", "A is better"], ["right", "B is better"], ["tie", "Tie"], ["both_bad", "Both bad"]]
  : [[1, "Very bad"], [2, "Bad"], [3, "Usable"], [4, "Good"], [5, "Very good"]];
const KEPT_AS = `workbench-packet-${packet.packet}`;
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
