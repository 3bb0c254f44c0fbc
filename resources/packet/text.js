"use strict";
/* Text of a model as nodes. Nothing of it is ever read as HTML: every piece ends in a text node. Headings, lists, quotes, code, bold and
   italic are shown; links and pictures stay the text that they are, because nothing here may be loaded. */

function element(name, className, text) {
  const made = document.createElement(name);
  if (className) made.className = className;
  if (text !== undefined) made.textContent = text;
  return made;
}

const MARKS = /`([^`\n]+)`|\*\*([^*\n]+)\*\*|__([^_\n]+)__|\*([^*\s][^*\n]*)\*/g;

function addInline(parent, text) {
  let end = 0;
  for (const found of text.matchAll(MARKS)) {
    parent.append(text.slice(end, found.index));
    const [whole, code, strong, strongToo, italic] = found;
    parent.append(element(code ? "code" : strong || strongToo ? "strong" : "em", "", code || strong || strongToo || italic));
    end = found.index + whole.length;
  }
  parent.append(text.slice(end));
}

const BULLET = /^\s{0,3}[-*+•]\s+/;
const NUMBER = /^\s{0,3}\d{1,4}[.)]\s+/;

function kindOf(line) {
  if (!line.trim()) return "gap";
  if (/^\s{0,3}```/.test(line)) return "fence";
  if (/^#{1,6}\s/.test(line)) return "heading";
  if (BULLET.test(line)) return "ul";
  if (NUMBER.test(line)) return "ol";
  if (line.startsWith(">")) return "quote";
  if (line.startsWith("|")) return "table";
  return "text";
}

function showText(parent, text) {
  const lines = text.replace(/\r\n?/g, "\n").split("\n");
  let at = 0;
  while (at < lines.length) {
    const kind = kindOf(lines[at]);
    const from = at;
    at += 1;
    if (kind === "fence") {
      while (at < lines.length && kindOf(lines[at]) !== "fence") at += 1;
      parent.append(element("pre", "", lines.slice(from + 1, at).join("\n")));
      at += 1;
      continue;
    }
    if (kind === "gap") continue;
    if (kind !== "heading") while (at < lines.length && kindOf(lines[at]) === kind) at += 1;
    addBlock(parent, kind, lines.slice(from, at));
  }
}

function addBlock(parent, kind, lines) {
  if (kind === "table") {
    parent.append(element("pre", "", lines.join("\n")));
    return;
  }
  if (kind === "ul" || kind === "ol") {
    const list = element(kind);
    if (kind === "ol") list.start = parseInt(lines[0], 10) || 1;
    for (const line of lines) {
      const item = element("li");
      addInline(item, line.replace(kind === "ul" ? BULLET : NUMBER, ""));
      list.append(item);
    }
    parent.append(list);
    return;
  }
  const block = element(kind === "heading" ? "h4" : kind === "quote" ? "blockquote" : "p");
  const strip = { heading: /^#{1,6}\s+/, quote: /^>\s?/ }[kind];
  addInline(block, lines.map((line) => (strip ? line.replace(strip, "") : line)).join("\n"));
  parent.append(block);
}

const CRC = Array.from({ length: 256 }, (_, number) => {
  for (let bit = 0; bit < 8; bit += 1) number = number & 1 ? (number >>> 1) ^ 0xedb88320 : number >>> 1;
  return number >>> 0;
});

/* The same figure that the app keeps: what was edited after it left there is known by it. */
function digestOf(item) {
  const pieces = item.answers.flatMap((answer) => [answer.text, ...answer.pictures]);
  let crc = 0xffffffff;
  for (const byte of new TextEncoder().encode(pieces.join("\u001f"))) crc = (crc >>> 8) ^ CRC[(crc ^ byte) & 255];
  return ((crc ^ 0xffffffff) >>> 0).toString(16).padStart(8, "0");
}
