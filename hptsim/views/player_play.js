// Playing, keys, the pointer, and the page's address; and how the film opens.
// Words last: what is measured before them need not be laid out again.
function draw() { drawLanes(); drawCharts(); drawOverview(); drawTexts(); }

// Go to a moment. The address follows when nothing has moved for a while, or at once where going back is to lead here.
let settling = 0;
function go(t, how = null) {
  now = Math.max(0, Math.min(end, t));
  $("slider").value = now;
  if (view.follow) {
    followNow();
    const chapter = chapters[upto(chapterTimes, now) - 1];
    if (chapter && chapter.t === now) showLane(chapter.job);
    else if (playing) showNewest();
  }
  draw();
  clearTimeout(settling);
  if (how === "push") address(true);
  else if (!playing && how !== "opening") settling = setTimeout(() => address(false), 300);
}

// While it plays, the lane that began last stays in sight.
const begins = recording.lanes.map((lane, place) => [lane.spans[0][1], place]).sort((a, b) => a[0] - b[0]), beginTimes = begins.map(one => one[0]);
function showNewest() {
  const count = upto(beginTimes, now), place = count ? shownLanes.indexOf(recording.lanes[begins[count - 1][1]]) : -1;
  const visible = Math.max(1, Math.floor(($("lanes").clientHeight - AXIS) / row));
  if (place >= 0 && (place < view.first || place >= view.first + visible)) view.first = place - visible + 2;
}

// Go to a chapter, and show the time around it: of a stop, all of it.
function visit(chapter, how = "push") {
  chosen = chapter;
  const took = chapter.until === null ? 0 : chapter.until - chapter.t;
  if (took > 0 && took < end / 4) look(chapter.t - 1.5 * took, 3.5 * took);
  else if (chapter.t < view.begin || chapter.t > view.begin + view.span) look(chapter.t - view.span / 2, view.span);
  view.follow = true;
  drawLanes();
  go(chapter.t, how);
  showLane(chapter.job); draw();
}

// ---- the address: #t=1860; a frame within a notebook has none
function address(push) {
  const text = `#t=${Number(now.toFixed(3))}`;
  if (location.protocol === "about:" || location.hash === text) return;
  if (push) location.hash = text; else history.replaceState(null, "", text);
}
function addressed() {
  const found = /^#t=(\d+(?:\.\d*)?)$/.exec(location.hash);
  return found ? Number(found[1]) : null;
}
window.addEventListener("popstate", () => {
  const t = addressed();
  if (t !== null && Math.abs(t - now) > 0.001) { playing = false; view.follow = true; go(t, "opening"); }
});

// ---- the pace: with lingering, three quarters of the film go to where much happens, and most of that to the chapters
const BINS = 600, pace = new Float64Array(BINS + 1), even = matchMedia("(prefers-reduced-motion: reduce)");
function setPace() {
  const weight = new Float64Array(BINS), of = t => Math.min(BINS - 1, Math.floor(t / (end || 1) * BINS));
  for (const t of moments) weight[of(t)] = Math.min(4, weight[of(t)] + 1);
  for (const { t, kind, until } of chapters) {
    weight[of(t)] += kind === "stop" || kind === "breach" ? 12 : 3;
    if (kind === "stop" && until !== null && until - t < end / 10) for (let bin = of(t); bin <= of(until); bin++) weight[bin] += 4;
  }
  const sum = weight.reduce((a, b) => a + b, 0) || 1, share = $("linger").checked ? 0.75 : 0;
  for (let bin = 0; bin < BINS; bin++) pace[bin + 1] = pace[bin] + share * weight[bin] / sum + (1 - share) / BINS;
}
const filmSeconds = () => Math.max(12, Math.min(90, 10 + moments.length / 8)) / Number($("speed").value);
function partOf(t) {
  const at = Math.min(BINS, t / (end || 1) * BINS), bin = Math.min(BINS - 1, Math.floor(at));
  return pace[bin] + (pace[bin + 1] - pace[bin]) * (at - bin);
}
function timeOf(part) {
  const bin = Math.max(0, Math.min(BINS - 1, upto(pace, part) - 1)), wide = pace[bin + 1] - pace[bin];
  return (bin + (wide > 0 ? Math.min(1, (part - pace[bin]) / wide) : 1)) / BINS * end;
}

let last = 0, due = 0;
function frame(stamp) {
  if (!playing) return;
  if (even.matches) {  // no movement: from event to event, a second and more for each
    if (stamp >= due) { due = stamp + 1200 / Number($("speed").value); go(moments[upto(moments, now)] ?? end); }
  } else {
    const part = partOf(now) + (stamp - last) / 1000 / filmSeconds();
    go(part >= pace[BINS] ? end : Math.max(now, timeOf(part)));
  }
  last = stamp;
  if (now >= end) { playing = false; go(end); } else requestAnimationFrame(frame);
}
function toggle() {
  playing = !playing;
  if (playing) {
    if (now >= end) { now = 0; look(0, view.span); }
    view.follow = true; last = performance.now(); due = last; requestAnimationFrame(frame);
  } else address(false);
  draw();
}

// ---- keys and buttons
const nextEvent = () => go(moments[upto(moments, now)] ?? end);
const lastEvent = () => { const place = upto(moments, now) - 1; go(moments[place] < now ? moments[place] : moments[place - 1] ?? 0); };
const nextChapter = () => { const found = chapters[upto(chapterTimes, now)]; if (found) visit(found); else go(end); };
const lastChapter = () => { const found = chapters.filter(one => one.t < now).pop(); if (found) visit(found); else go(0); };
// Scroll the lanes; false where there is nothing more to scroll.
function scrollLanes(lanes) {
  const before = view.first;
  view.first += lanes; drawLanes();
  if (view.first !== before) view.follow = false;
  return view.first !== before;
}
function zoomed(factor, at) { zoom(factor, at); draw(); }
const still = action => () => { playing = false; view.follow = true; action(); };
const keys = {
  " ": toggle, ArrowRight: still(nextEvent), ArrowLeft: still(lastEvent), PageDown: still(nextChapter), PageUp: still(lastChapter),
  Home: still(() => go(0)), End: still(() => go(end)), ArrowDown: () => scrollLanes(3), ArrowUp: () => scrollLanes(-3),
  "+": () => zoomed(0.5), "=": () => zoomed(0.5), "-": () => zoomed(2), "−": () => zoomed(2), "0": () => { look(0, end); draw(); },
};
document.addEventListener("keydown", event => {
  const on = event.target.closest?.("button, summary, input[type=checkbox]");  // what has the focus keeps its own keys
  if (event.ctrlKey || event.metaKey || event.altKey || event.target.closest?.("select")) return;
  if (on && on.id !== "play" && [" ", "ArrowUp", "ArrowDown"].includes(event.key)) return;
  if (keys[event.key]) { event.preventDefault(); keys[event.key](); }
});
const BUTTONS = { earlier: "PageUp", back: "ArrowLeft", play: " ", on: "ArrowRight", later: "PageDown", out: "-", in: "+", whole: "0" };
for (const [id, key] of Object.entries(BUTTONS)) $(id).addEventListener("click", () => keys[key]());
$("play").addEventListener("keyup", event => event.preventDefault());
$("slider").addEventListener("input", () => { playing = false; view.follow = true; go(Number($("slider").value)); });
$("linger").addEventListener("change", setPace);

// ---- the pointer: dragging moves the time in sight, a click on the axis goes there, pointing at a bar explains it
let held = null;
$("lanes").addEventListener("pointerdown", event => {
  const box = $("lanes").getBoundingClientRect();
  if (event.clientY - box.top < AXIS) { playing = false; go(across(box.width).t(event.clientX - box.left)); return; }
  explain(event);
  held = { x: event.clientX, y: event.clientY, begin: view.begin, first: view.first };
});
for (const kind of ["pointerup", "pointercancel"]) window.addEventListener(kind, () => { held = null; $("lanes").classList.remove("moving"); });
$("lanes").addEventListener("pointermove", event => {
  if (!held) return explain(event);
  const moved = (event.clientX - held.x) / ($("lanes").clientWidth - names - MARGIN) * view.span;
  if (Math.abs(event.clientX - held.x) > 3) $("lanes").classList.add("moving");
  view.follow = false;
  look(held.begin - moved, view.span); view.first = held.first - (event.clientY - held.y) / row; draw();
});
$("lanes").addEventListener("wheel", event => {
  const box = $("lanes").getBoundingClientRect();
  let moved = true;
  if (event.ctrlKey || event.metaKey) zoomed(event.deltaY > 0 ? 1.25 : 0.8, across(box.width).t(event.clientX - box.left));
  else if (Math.abs(event.deltaX) > Math.abs(event.deltaY)) { view.follow = false; look(view.begin + event.deltaX / 500 * view.span, view.span); draw(); }
  else moved = scrollLanes(Math.sign(event.deltaY) * 3);
  if (moved) event.preventDefault();  // else the page scrolls
}, { passive: false });
let explained = "";
function explain(event) {
  const found = pointedAt(event), key = found ? `${found.name} ${found.place}` : "";
  if (!found || key === explained) return;
  explained = key;
  $("pointed").hidden = false;
  const e = found.place < 0 ? null : entry(found.place);
  $("lanes").title = e ? e.sentence : found.name;
  $("why").replaceChildren(make("p", e ? `${instant(e.t)}: ${e.sentence}` : found.name), ...(e ? behind(e) : []));
}
function overviewAt(event) {
  const box = $("overview").getBoundingClientRect();
  playing = false; view.follow = true;
  go((event.clientX - box.left) / box.width * end);
}
$("overview").addEventListener("pointerdown", event => { $("overview").setPointerCapture(event.pointerId); overviewAt(event); });
$("overview").addEventListener("pointermove", event => { if (event.buttons) overviewAt(event); });

// ---- how it opens
function open() {
  $("slider").max = end;
  $("step").hidden = !steps.length;
  $("linger").parentNode.hidden = steps.length > 0;
  if (steps.length) $("slider").setAttribute("aria-label", "steps of the counterexample");
  readColors(); setPace(); drawLegend();
  const t = addressed(), first = chapters[recording.opening];
  if (first) visit(first, "opening"); else go(0, "opening");
  if (t !== null) { view.follow = true; go(t, "opening"); }
}
function again() { readColors(); draw(); }
matchMedia("(prefers-color-scheme: dark)").addEventListener("change", again);
matchMedia("print").addEventListener("change", again);
new ResizeObserver(draw).observe($("lanes"));
open();
