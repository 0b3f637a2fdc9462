"use strict";
const data = JSON.parse(document.getElementById("data").textContent);
const states = data.states, $ = id => document.getElementById(id);
const [WIDE, TALL] = data.size, SVG = "http://www.w3.org/2000/svg";
const KINDS = [["due", "This has to happen at some time"], ["command", "Callers may do this"], ["fault", "This may go wrong"]];

// ---- the way: the place of each step among those of its state; the address has it
let way = [], address = "", known = new Set(), revealed = false, cut = false;
const shared = () => location.hash.slice(1).split(".").filter(part => /^\d+$/.test(part)).map(Number);

// The states of a way, as far as it leads; *cut* says whether it leads nowhere at some step.
function visited(places) {
  const numbers = [0];
  cut = false;
  for (const place of places) {
    const step = states[numbers.at(-1)].steps[place];
    if (!step || step.to === null) { cut = true; break; }
    numbers.push(step.to);
  }
  return numbers;
}
function go(places) {
  location.hash = `#${places.join(".")}`;
  show();
}
function shortest(number) {
  const places = [];
  while (states[number].way) { places.push(states[number].way[1]); number = states[number].way[0]; }
  return places.reverse();
}
const undo = () => go(way.slice(0, -1)), start = () => go([]);

// ---- what breaks: the states where a law is broken, and all from which they can be reached
const broken = states.flatMap((state, number) => state.broken ? [number] : []);
const doomed = new Set(broken);
{
  const before = states.map(() => []), open = [...broken];
  states.forEach((state, number) => state.steps.forEach(step => { if (step.to !== null) before[step.to].push(number); }));
  while (open.length) for (const number of before[open.pop()]) if (!doomed.has(number)) { doomed.add(number); open.push(number); }
}
const isRed = number => states[number].broken && (revealed || known.has(number));

// ---- small helpers: everything reaches the page as text
function element(name, text = "", attributes = {}) {
  const node = document.createElement(name);
  node.textContent = text;
  for (const [key, value] of Object.entries(attributes)) node.setAttribute(key, value);
  return node;
}
function button(text, act, attributes = {}) {
  const node = element("button", text, { type: "button", ...attributes });
  node.addEventListener("click", act);
  return node;
}
function table(caption, head, rows) {
  const node = element("table"), body = node.createTBody(), number = value => typeof value === "number";
  node.setAttribute("aria-label", caption);
  const top = node.createTHead().insertRow();
  head.forEach((name, place) => top.append(element("th", name, { scope: "col", class: rows.length && number(rows[0][place]) ? "number" : "" })));
  for (const row of rows) {
    const line = body.insertRow();
    for (const value of row.slice(0, head.length)) line.append(value instanceof Node ? value : element("td", value ?? "no limit", { class: number(value) ? "number plain" : "plain" }));
    if (row[head.length]) {  // a note, in a row of its own
      const note = body.insertRow();
      note.className = "note";
      note.append(element("td", row[head.length], { colspan: head.length }));
    }
  }
  const box = element("div", "", { class: "table" });
  box.append(node);
  return box;
}
function status(shown) {
  const cell = element("td", "", { class: "plain status" }), svg = shape("svg", { class: "mark", viewBox: "0 0 16 16", "aria-hidden": true }, cell);
  shape("path", { d: data.marks[shown].path, style: `--fill: ${data.marks[shown].color}` }, svg);
  cell.append(shown);
  return cell;
}

// ---- the parts of the page
function showChoices(number) {
  const parts = [], steps = states[number].steps;
  let shown = 0;
  for (const [kind, words] of KINDS) {
    const list = element("ol", "", { class: kind });
    steps.forEach((step, place) => {
      if (step.kind !== kind) return;
      const item = element("li"), choice = button(`${++shown}. ${data.texts[step.text]}`, () => go([...way, place]), { "data-key": shown });
      choice.title = data.texts[step.call];
      let mark = "";
      if (step.to === null) { choice.disabled = true; mark = "leads to a state that this page does not hold"; }
      else if (isRed(step.to)) mark = `✗ breaks the law “${states[step.to].broken[0]}”`;
      else if (revealed && doomed.has(step.to)) mark = "a law can be broken after this";
      if (mark) choice.append(element("span", mark, { class: "warned" }));
      choice.classList.toggle("breaks", step.to !== null && Boolean(isRed(step.to)));
      item.append(choice); list.append(item);
    });
    if (list.children.length) parts.push(element("h3", words), list);
  }
  if (states[number].rest !== undefined) parts.unshift(element("p", steps.length ? "At rest: nothing more has to happen." : "At rest: nothing more can happen."));
  else if (!steps.length) parts.push(element("p", "A law is broken here: the explorer goes no further."));
  $("choices").replaceChildren(...parts);
}

function showWay(numbers) {
  const items = ["the beginning", ...way.map((place, i) => data.texts[states[numbers[i]].steps[place].text])].map((text, i) => {
    const item = element("li"), one = button(text, () => go(way.slice(0, i)));
    if (i === way.length) one.setAttribute("aria-current", "step");
    item.append(one);
    return item;
  });
  $("way").replaceChildren(...items);
  $("way").scrollTop = $("way").scrollHeight;
  $("undo").disabled = $("start").disabled = !way.length;
}

function showNow(number) {
  const face = data.faces[states[number].face], parts = [];
  $("now-head").textContent = `State ${number}, as it is now`;
  if (face.tuning.length) parts.push(element("h3", "Tuning jobs"), table("Tuning jobs", ["name", "status"], face.tuning.map(([name, shown, note]) => [name, status(shown), note])));
  if (face.training.length) parts.push(element("h3", "Training jobs"), table("Training jobs", ["name", "status", "secondary"], face.training.map(([name, shown, second, note]) => [name, status(shown), second, note])));
  if (!parts.length) parts.push(element("p", "No job exists."));
  if (face.quota.length) parts.push(element("h3", "Instances"), table("Instances", ["type", "quota", "reserved", "occupied", "queue"], face.quota));
  parts.push(element("h3", "Stored models"));
  const list = element("ul", "", { class: "plain" });
  list.append(...(face.artifacts.length ? face.artifacts : ["none"]).map(uri => element("li", uri, { class: "small" })));
  $("now").replaceChildren(...parts, list);
}

function showSaid(step) {
  const said = step ? step.said.map(place => data.texts[place]) : [], codes = new Map(said.flatMap(one => one[2]));
  const items = said.map(([text, restsOn]) => {
    const item = element("li", text);
    if (restsOn) item.append(" ", element("code", `(${restsOn})`));
    return item;
  });
  $("said").replaceChildren(...(items.length ? items : [element("li", step ? "nothing" : "nothing has happened yet")]));
  $("codes").hidden = !codes.size;
  $("codes").lastElementChild.replaceChildren(...[...codes].map(([code, words]) => {
    const item = element("li");
    item.append(element("b", code), `: ${words}`);
    return item;
  }));
}

function showLaws(number, step, numbers) {
  const state = states[number], open = new Set([...document.querySelectorAll("#laws details[open]")].map(node => node.dataset.group));
  const tested = new Set([step && step.tested, state.rest].filter(one => one !== undefined && one !== null).flatMap(place => data.texts[place]));
  const seen = new Set(way.flatMap((place, i) => states[numbers[i]].steps[place].seen)), groups = new Map();
  data.laws.forEach((law, place) => {
    const name = law.sometimes ? "Seen on this way, of what a good test sees" : law.group;
    if (!groups.has(name)) groups.set(name, []);
    groups.get(name).push([law, law.sometimes ? seen.has(place) : tested.has(place)]);
  });
  const sorted = [...groups].sort((one, other) => one[1][0][0].sometimes - other[1][0][0].sometimes);
  let asked = 0;
  const rows = sorted.map(([name, laws]) => {
    const part = element("details", "", { "data-group": name }), list = element("ul", "", { class: "plain" }), count = laws.filter(one => one[1]).length;
    const red = laws.some(([law]) => state.broken && law.name === state.broken[0]);
    if (!laws[0][0].sometimes) asked += count;
    const words = laws[0][0].sometimes ? `${count} of ${laws.length}` : red ? "broken" : `${laws.length}, ${count} tested now`;
    const head = element("summary", `${name}: ${words}`);
    head.classList.toggle("red", Boolean(red));
    for (const [law, was] of laws) {
      const item = element("li", `${law.name}: ${law.says} (${law.rests_on})`);
      item.title = law.sources.map(([code, said]) => `${code}: ${said}`).join("\n");
      item.classList.toggle("tested", was);
      if (state.broken && law.name === state.broken[0]) { item.classList.add("red"); item.append(` It is broken: ${state.broken[1]}`); }
      list.append(item);
    }
    part.open = red || open.has(name);
    part.append(head, list);
    return part;
  });
  const when = [step ? "by the last step" : "", state.rest === undefined ? "" : "at rest"].filter(Boolean).join(" and ");
  const always = data.laws.filter(law => !law.sometimes).length;
  const verdict = state.broken ? `The law “${state.broken[0]}” is broken.` : "No law is broken.";
  $("laws").replaceChildren(element("p", `${verdict} ${asked} of ${always} were tested ${when}.`), ...rows);
}

function showBroken(state) {
  $("broken").hidden = !state.broken;
  if (state.broken) $("broken").replaceChildren(element("b", `✗ The law “${state.broken[0]}” is broken: `), state.broken[1]);
}

// ---- the graph
let drawn = null;
function shape(name, attributes, parent) {
  const node = document.createElementNS(SVG, name);
  for (const [key, value] of Object.entries(attributes)) node.setAttribute(key, value);
  return parent.appendChild(node);
}
function titled(node, text) { shape("title", {}, node).textContent = text; }

function drawState(number, [x, y], parent) {
  const state = states[number], shown = data.faces[state.face].shown, radius = state.rest === undefined ? TALL / 2 : 0;
  const node = shape("g", { class: `state${radius ? "" : " rest"}`, "data-state": number, transform: `translate(${x - WIDE / 2} ${y - TALL / 2})` }, parent);
  const box = { width: WIDE, height: TALL, rx: radius };
  shape("rect", { ...box, x: -4, y: -4, width: WIDE + 8, height: TALL + 8, rx: radius && radius + 4, class: "ring" }, node);
  shape("rect", { ...box, style: "fill: var(--paper)" }, node);
  shown.forEach((one, place) => {
    const part = WIDE / shown.length, clip = `inset(0 ${WIDE - part * (place + 1)}px 0 ${part * place}px round 0)`;
    shape("rect", { ...box, class: "status", style: `fill: ${data.marks[one].color}; clip-path: ${clip}` }, node);
    shape("path", { d: data.marks[one].path, class: "shape", transform: `translate(${part * (place + .5) - 5.6} ${TALL / 2 - 5.6}) scale(.7)` }, node);
  });
  shape("rect", { ...box, class: "frame" }, node);
  shape("path", { d: `M${WIDE / 2 - 7} 2l14 14m0 -14l-14 14`, class: "cross" }, node);
  titled(node, `state ${number}: ${shown.join(", ") || "no job"}${state.rest === undefined ? "" : ", at rest"}`);
  node.addEventListener("click", () => go(shortest(number)));
  return node;
}

function draw(places, arrows, bends, size) {
  const svg = document.createElementNS(SVG, "svg"), found = { states: new Map(), arrows: new Map() };
  svg.setAttribute("width", size[0]); svg.setAttribute("height", size[1]); svg.setAttribute("viewBox", `0 0 ${size[0]} ${size[1]}`);
  svg.setAttribute("role", "img"); svg.setAttribute("aria-label", `${places.size} states and the steps between them`);
  const marker = shape("marker", { id: "tip", viewBox: "0 0 8 8", refX: 7, refY: 4, markerWidth: 4, markerHeight: 4, orient: "auto" }, shape("defs", {}, svg));
  shape("path", { d: "M0 0L8 4L0 8z", style: "fill: var(--muted)" }, marker);
  for (const [one, other] of arrows) {
    const name = `${one}>${other}`, [x, y] = places.get(one), [u, v] = places.get(other);
    if (found.arrows.has(name)) continue;
    const points = [[x + WIDE / 2, y], ...(bends.get(name) ?? []), [u - WIDE / 2, v]];
    let line = `M${points[0]}`;
    for (let i = 1; i < points.length; i++) { const [a, b] = points[i - 1], [c, d] = points[i], half = (a + c) / 2; line += `C${half} ${b} ${half} ${d} ${c} ${d}`; }
    found.arrows.set(name, shape("path", { d: line, class: "arrow", "marker-end": "url(#tip)", "data-arrow": name }, svg));
  }
  for (const [number, place] of places) found.states.set(number, drawState(number, place, svg));
  $("box").replaceChildren(svg);
  return found;
}

const targets = number => [...new Set(states[number].steps.map(step => step.to).filter(to => to !== null))];
// A graph that is too large to be drawn whole: the last states of the way, what is next, and what is next after that.
function drawAround(numbers) {
  const taken = new Set(), fresh = list => [...new Set(list)].filter(one => !taken.has(one) && taken.add(one));
  const past = fresh([...numbers].reverse().slice(0, 4)), soon = fresh(targets(past[0])), later = fresh(soon.flatMap(targets));
  const columns = [...past.slice(1).reverse().map(one => [one]), [past[0]], soon, later].filter(column => column.length);
  const tall = Math.max(...columns.map(column => column.length)) * (TALL + 10), places = new Map();
  columns.forEach((column, across) => column.forEach((number, down) => places.set(number, [WIDE + across * 3 * WIDE, TALL + (down + .5) * tall / column.length])));
  const arrows = [...places.keys()].filter(one => !later.includes(one)).flatMap(one => targets(one).filter(to => places.has(to)).map(to => [one, to]));
  return draw(places, arrows, new Map(), [columns.length * 3 * WIDE, tall + 2 * TALL]);
}

function showGraph(numbers) {
  const here = numbers.at(-1), whole = data.drawing;
  if (!whole) drawn = drawAround(numbers);
  else drawn ??= draw(new Map(whole.places.entries()), states.flatMap((_, one) => targets(one).map(to => [one, to])),
    new Map(whole.bends.map(([one, other, points]) => [`${one}>${other}`, points])), whole.size);
  const passed = new Set(numbers), next = new Set(targets(here)), steps = new Set(numbers.slice(1).map((to, i) => `${numbers[i]}>${to}`));
  for (const [number, node] of drawn.states) {
    node.classList.toggle("here", number === here);
    node.classList.toggle("path", passed.has(number));
    node.classList.toggle("next", next.has(number) && !passed.has(number));
    node.classList.toggle("red", Boolean(isRed(number)));
  }
  for (const [name, node] of drawn.arrows) {
    node.classList.toggle("path", steps.has(name));
    node.classList.toggle("next", name.startsWith(`${here}>`) && !steps.has(name));
  }
  const box = $("box"), seen = drawn.states.get(here).getBoundingClientRect(), frame = box.getBoundingClientRect();
  box.scrollBy(seen.left - frame.left - frame.width / 3, seen.top - frame.top - frame.height / 2);
}

// ---- all of it
function show() {
  const within = $("choices").contains(document.activeElement) || $("way").contains(document.activeElement);
  address = location.hash;
  const wanted = shared(), numbers = visited(wanted), here = numbers.at(-1), state = states[here];
  way = wanted.slice(0, numbers.length - 1);
  if (state.broken) known.add(here);
  const step = way.length ? states[numbers.at(-2)].steps[way.at(-1)] : null;
  showChoices(here); showWay(numbers); showNow(here); showSaid(step); showLaws(here, step, numbers); showBroken(state); showGraph(numbers);
  const count = state.steps.length, last = step ? data.texts[step.text] : "nothing has happened yet";
  $("spoken").textContent = `${cut ? "The address leads no further than here. " : ""}Step ${way.length}: ${last}. ${count} thing${count === 1 ? "" : "s"} may happen next.`;
  if (within) $("next").focus({ preventScroll: true });
  if (window.parent !== window) window.parent.postMessage({ hptsimWay: way }, "*");  // a page around this one may follow the way
}
$("undo").addEventListener("click", undo);
$("start").addEventListener("click", start);
$("number").max = states.length - 1;
$("go").addEventListener("click", () => { const number = Number($("number").value); if ($("number").value && states[number]) go(shortest(number)); });
$("number").addEventListener("keydown", event => { if (event.key === "Enter") $("go").click(); });
$("graph-head").textContent = data.drawing ? "The graph of states" : "The states around this one: the graph is too large to be drawn whole";
$("fit").hidden = !data.drawing;
$("fit").addEventListener("click", () => { $("fit").setAttribute("aria-pressed", $("box").classList.toggle("fit")); show(); });
if (broken.length) {
  $("warning").hidden = false;
  $("warned").textContent = `In ${broken.length} of the ${states.length} states a law is broken.`;
  $("lead").addEventListener("click", () => go(shortest(broken[0])));
  $("reveal").addEventListener("click", () => { revealed = !revealed; $("reveal").setAttribute("aria-pressed", revealed); show(); });
}
document.addEventListener("keydown", event => {
  if (event.ctrlKey || event.altKey || event.metaKey || event.target.tagName === "INPUT") return;
  const key = event.key.toLowerCase();
  if (key === "u" && way.length) undo();
  else if (key === "s") start();
  else if (/^[1-9]$/.test(key)) document.querySelector(`#choices [data-key="${key}"]:not(:disabled)`)?.click();
});
window.addEventListener("hashchange", () => { if (location.hash !== address) show(); });
show();
