// The film in words: the sentence of the moment, chapters, events with what they rest on, and the laws.
function make(tag, text, more = {}) {
  const node = Object.assign(document.createElement(tag), more);
  if (text) node.textContent = text;
  return node;
}

// The rows of the specification: code, words, grade, source.
function sources(rests_on) {
  const list = make("dl");
  for (const [code, says, grade, source] of recording.sources[rests_on] || []) {
    list.append(make("dt", grade ? `${code} (${grade})` : code), make("dd", source ? `${says} Source: ${source}.` : says));
  }
  return list.children.length ? list : make("p", `Rests on: ${rests_on}.`);
}

// The row of the tables that fired, and what it rests on.
function behind(e) {
  const list = make("dl"), row = recording.rows[[e.thing, e.trigger, e.from, e.to].join("|")];
  const arrow = e.from ? `: ${e.from} → ${e.to}` : "";
  list.append(make("dt", "in the journal"), make("dd", `${e.t.toFixed(3)} s, ${e.thing} ${e.name} ${e.trigger}${arrow}`));
  if (!row) return [list];
  if (row.guard) list.append(make("dt", "if"), make("dd", row.guard.replaceAll("_", " ")));
  if (row.effects.length) list.append(make("dt", "so the twin"), ...row.effects.map(effect => make("dd", effect)));
  list.append(make("dt", `the row rests on ${row.rests_on}`));
  return [list, sources(row.rests_on)];
}

// ---- the sentence: what the last chapter of this moment says, or else what happened last
const TELLING = ["tuning", "training", "signal", "call", "refused", "artifact", "warm_pool", "reservation", "log", "occupancy"];
const TOLD = ["breach", "inevitable", "stop", "failure", "preemption", "interruption", "end", "release", "begin"];
function sentenceNow(count) {
  if (!count) return { t: 0, words: steps.length ? "Before the first step." : "Before the first event." };
  const last = times[count - 1];
  const here = chapters.filter(one => one.t <= now && (one.t === last || one.t > last)).sort((a, b) => TOLD.indexOf(a.kind) - TOLD.indexOf(b.kind));
  if (here.length) return here.includes(chosen) ? chosen : here[0];
  let best = null;
  for (let i = count - 1; i >= 0 && times[i] === last && count - i < 200; i--) {
    const e = entry(i);
    if (e.trigger !== "child_ended" && (!best || TELLING.indexOf(e.thing) <= TELLING.indexOf(best.thing))) best = e;
  }
  return { t: last, words: `${(best || entry(count - 1)).sentence}.` };
}

// How many training jobs are in which status now.
function statesNow() {
  const found = new Map();
  for (const lane of jobLanes) {
    const last = lane.spans[lane.spans.length - 1];
    if (!lane.training || lane.spans[0][1] > now || lane.ended && last[2] <= now) continue;
    const span = lane.spans.find(([, from, to]) => from <= now && now < to) || last;
    const status = recording.phases[span[0]][0].split(":")[0];
    found.set(status, (found.get(status) || 0) + 1);
  }
  const jobs = [...found].map(([status, count]) => `${count} in ${status}`).join(", ");
  return `Training jobs now: ${jobs || "none"}.`;
}

// ---- chapters; *chosen* is the one that was gone to last, of several at one moment
let chosen = null;
const chapterTimes = chapters.map(one => one.t);
const chapterNodes = chapters.map(chapter => {
  const item = make("li"), button = make("button", "", { type: "button" });
  const said = chapter.kind === "stop" ? chapter.words.split(". ")[0] : chapter.words;  // the rest is above the film
  button.append(make("span", SIGNS[chapter.kind], { className: `sign ${chapter.kind}`, ariaHidden: "true" }), make("time", instant(chapter.t)), said);
  button.addEventListener("click", () => { playing = false; visit(chapter); });
  item.append(button); $("chapters").append(item);
  return button;
});
const leftOut = Object.entries(recording.left_out).map(([kind, count]) => `${count} × ${kind}`).join(", ");
$("left-out").hidden = !leftOut;
$("left-out").textContent = `Too many to list: ${leftOut}.`;

// ---- laws, in their groups
const groups = new Map();
const lawItems = recording.laws.map(law => {
  const about = law.kind === "sometimes" ? "Seen in this run" : law.group;
  if (!groups.has(about)) {
    const node = make("details", "", { className: "group" }), list = make("ul");
    node.append(make("summary"), list); $("laws").append(node);
    groups.set(about, { node, list, about, laws: [] });
  }
  const item = make("li"), body = make("details"), head = make("summary");
  body.append(head, make("p", `${law.says[0].toUpperCase()}${law.says.slice(1)}.`));
  body.addEventListener("toggle", () => { if (body.open && body.children.length < 3) body.append(sources(law.rests_on)); });
  item.append(body); groups.get(about).list.append(item);
  groups.get(about).laws.push(law);
  return { item, head, shown: null };
});
const placeOf = new Map(recording.laws.map((law, place) => [law, place]));
const STATES = { "": "○", checked: "✓", now: "◆", red: "✗" };

function lawState(law, count, fresh, over) {
  if (over && law.name === recording.broken.law) return "red";
  if (!recording.checked || law.first_entry === null || law.first_entry >= count) return "";
  const tested = law.kind === "sometimes" ? times[law.first_entry] === times[count - 1] : law.tested_by.some(event => fresh.has(event));
  return tested ? "now" : "checked";
}

function drawLaws(count, fresh, over) {
  const states = recording.laws.map(law => lawState(law, count, fresh, over));
  states.forEach((state, place) => {
    const { item, head, shown } = lawItems[place];
    if (state === shown) return;
    lawItems[place].shown = state;
    item.className = state === "now" ? "checked now" : state;
    head.textContent = `${STATES[state]} ${recording.laws[place].name}`;
  });
  for (const { node, about, laws } of groups.values()) {
    const mine = laws.map(law => states[placeOf.get(law)]), checked = mine.filter(state => state).length, lit = mine.filter(state => state === "now").length;
    const red = mine.includes("red"), seen = about === "Seen in this run";
    node.classList.toggle("now", lit > 0); node.classList.toggle("red", red);
    if (red && !node.open) node.open = true;
    const said = red ? "broken" : seen ? `${checked} of ${laws.length}` : checked ? `${checked} of ${laws.length} checked, all hold` : "not checked yet";
    node.firstChild.textContent = `${red ? "✗ " : lit ? "◆ " : ""}${about}: ${said}`;
  }
  const always = states.filter((state, place) => state && recording.laws[place].kind !== "sometimes").length;
  const all = recording.laws.filter(law => law.kind !== "sometimes").length;
  $("count").textContent = !recording.checked ? "Laws (not checked: this journal came without its account)"
    : over ? "Laws: one is broken" : always ? `Laws: ${always} of ${all} checked so far, all hold` : `Laws: none of ${all} checked yet`;
}

// ---- events: those of the last moment, and what came before
function eventNode(place, fresh) {
  const e = entry(place), item = make("li"), body = make("details", "", { className: fresh ? "new" : "" }), head = make("summary");
  head.append(make("time", instant(e.t)), e.sentence);
  body.append(head);
  body.addEventListener("toggle", () => { if (body.open && body.children.length < 2) body.append(...behind(e)); });
  item.append(body);
  return item;
}

// The last moment first, and within a moment in order.
function newestFirst(from, until) {
  const found = [];
  for (let stop = until; stop > from;) {
    let start = stop - 1;
    while (start > from && times[start - 1] === times[stop - 1]) start--;
    for (let place = start; place < stop; place++) found.push(place);
    stop = start;
  }
  return found;
}

function clockWords() {
  if (steps.length) return `${instant(now)} of ${steps.length}`;
  const seconds = now.toLocaleString("en-US", { minimumFractionDigits: 1, maximumFractionDigits: 1 });
  return [now < 120 ? instant(now) : `${lasting(now)} (${seconds} s)`, dateAndTime(now)].filter(Boolean).join(" · ");
}

let shownCount = -1, shownOver = null, shownWords = "", shownChapter = -2;
function drawTexts() {
  const count = upto(times, now), over = Boolean(recording.broken) && now >= (steps.length || end);
  $("clock").textContent = clockWords();
  $("slider").setAttribute("aria-valuetext", $("clock").textContent);
  $("play").textContent = playing ? "Pause" : "Play";
  $("sentence").setAttribute("aria-live", playing ? "off" : "polite");
  $("play").setAttribute("aria-pressed", String(playing));
  const chapter = chosen && chosen.t === now ? chapters.indexOf(chosen) : upto(chapterTimes, now) - 1;
  if (chapter !== shownChapter) markChapter(chapter);
  if (steps.length) drawStep();
  const said = sentenceNow(count);
  if (count === shownCount && over === shownOver && said.words === shownWords) return;
  shownCount = count; shownOver = over; shownWords = said.words;
  $("sentence").textContent = `${count || said.t ? `${instant(said.t)}: ` : ""}${said.words}`;
  $("state").textContent = statesNow();
  const fresh = new Set(), last = times[count - 1];
  let begin = count;
  while (begin > 0 && times[begin - 1] === last) begin--;
  for (let i = begin; i < count; i++) {
    const e = entry(i);
    fresh.add(e.thing).add(`${e.thing} ${e.trigger}`);
    if (e.to in recording.marks && !["InProgress", "Stopping"].includes(e.to) && e.from !== e.to) fresh.add(`${e.thing} ends`);
  }
  if (now >= end) fresh.add("rest");
  const from = Math.max(0, Math.min(begin, count - 12), count - 60);
  $("events").replaceChildren(...newestFirst(from, count).map(place => eventNode(place, place >= begin)));
  drawLaws(count, fresh, over);
  drawBroken(over, count);
}

function markChapter(place) {
  chapterNodes[shownChapter]?.removeAttribute("aria-current");
  shownChapter = place;
  const node = chapterNodes[place], list = $("chapters");
  if (!node) return;
  node.setAttribute("aria-current", "true");
  const top = node.offsetTop - list.offsetTop;
  if (top < list.scrollTop || top > list.scrollTop + list.clientHeight - 50) list.scrollTop = top - 40;
}

function drawBroken(over, count) {
  $("broken").hidden = !over;
  if (!over || $("broken").children.length) return;
  const box = $("broken"), { law, reason, rests_on } = recording.broken, more = make("details"), last = count && entry(count - 1);
  more.append(make("summary", "what the law rests on"), sources(rests_on));
  box.append(make("b", `law broken: ${law}`), make("p", reason));
  if (last && !(steps.length && last.t < steps.length)) box.append(make("p", `at: ${instant(last.t)}, ${last.sentence}`));
  box.append(more);
}

function drawStep() {
  const number = Math.min(Math.floor(now), steps.length), [said, call, again] = steps[number - 1] || ["before the first step", "", false];
  $("step").replaceChildren(`${number}. ${said}${again ? " (again and again)" : ""}`, make("code", call), make("span", " The explorer has no clock: the steps are spaced evenly.", { className: "quiet" }));
}

// ---- what colors and shapes mean: those that this film has
const SAID = {
  stop: "a stop", release: "quota is given back", failure: "a failure", preemption: "a preemption",
  interruption: "a spot interruption", breach: "a law is broken", inevitable: "it becomes inevitable",
};
function key(mark, style, said, text = "") {
  const item = make("li"), sign = make("span", text, { className: mark });
  sign.style.cssText = style;
  item.append(sign, said);
  return item;
}
function endKey(status) {
  const item = key("", "", status), svg = document.createElementNS("http:" + "//www.w3.org/2000/svg", "svg"), path = document.createElementNS(svg.namespaceURI, "path");
  svg.setAttribute("class", "mark"); svg.setAttribute("viewBox", "0 0 16 16"); svg.setAttribute("aria-hidden", "true");
  path.setAttribute("d", recording.marks[status].path); path.style.setProperty("--fill", recording.marks[status].color);
  svg.append(path); item.firstChild.replaceWith(svg);
  return item;
}
function drawLegend() {
  const tones = new Map(), kinds = new Set(chapters.map(one => one.kind)), ends = new Set(recording.lanes.map(lane => lane.ended).filter(Boolean));
  const ofJobs = new Set(jobLanes.flatMap(lane => lane.spans.map(([phase]) => phase)));  // a warm pool's colors are those of the charts
  for (const [status, tone] of recording.phases.filter((_, phase) => ofJobs.has(phase))) tones.set(tone, [...(tones.get(tone) || []), status.replace(":", ", ")]);
  const used = recording.pools.some(pool => pool.rows.length);
  $("legend").replaceChildren(
    ...[...tones].map(([tone, statuses]) => key("swatch", `--fill: ${tone}`, statuses.join("; "))),
    ...[...ends].map(endKey),
    ...(used ? [key("swatch", "--fill: var(--work)", "at work"), key("swatch hatched", "", "reserved, not at work"), key("sign", "", "quota", "╌╌")] : []),
    ...Object.keys(TONES).filter(kind => kinds.has(kind)).map(kind => key("sign", `color: var(--${TONES[kind]})`, SAID[kind], SIGNS[kind])));
}
