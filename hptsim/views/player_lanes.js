// The lanes: a bar for each phase of each job, up to now. Only those in sight are drawn, so that ten thousand are as quick as ten.
const SIGNS = { begin: "+", stop: "■", release: "▲", failure: "✗", preemption: "◆", interruption: "⚡", end: "✓", inevitable: "!", breach: "✗" };
const TONES = {
  stop: "end-text", breach: "end-text", inevitable: "end-text", release: "done-text",
  failure: "lost", preemption: "lost", interruption: "lost",
};
const jobLanes = recording.lanes.filter(lane => !lane.pool);  // the others are warm pools, each below its training job
const laneOf = new Map(recording.lanes.flatMap((lane, place) => lane.pool ? [] : [[lane.training || lane.tuning, place]]));
let shownLanes = recording.lanes, shownFor = "";

// All lanes, or of too many for the window those of jobs that exist in the time in sight, with their tuning jobs.
function lanesInSight(room) {
  const all = recording.lanes, wanted = all.length <= room ? "all" : `${room} ${view.begin} ${view.span}`;
  if (wanted === shownFor) return shownLanes;
  shownFor = wanted;
  const until = view.begin + view.span;
  const lives = lane => lane.spans[0][1] < until && lane.spans[lane.spans.length - 1][2] >= view.begin;
  shownLanes = wanted === "all" || view.span >= end ? all : all.filter(lives);
  return shownLanes;
}

// A training job is called by what its name adds to that of its tuning job.
function label(lane) {
  if (lane.pool) return `  warm pool of ${lane.training}`;
  if (!lane.training) return lane.tuning;
  return "  " + (lane.tuning && lane.training.startsWith(`${lane.tuning}-`) ? lane.training.slice(lane.tuning.length + 1) : lane.training);
}

function drawLanes() {
  const found = canvas("lanes");
  if (!found) return;
  const [pen, width, height] = found, room = Math.max(1, Math.floor((height - AXIS) / 18));
  const lanes = lanesInSight(room);
  row = Math.max(18, Math.min(26, Math.floor((height - AXIS) / Math.max(1, lanes.length))));
  const visible = Math.max(1, Math.floor((height - AXIS) / row));
  view.first = Math.max(0, Math.min(Math.round(view.first), lanes.length - visible));
  const seen = lanes.slice(view.first, view.first + visible);
  words(pen, 13);
  const measured = lane => { words(pen, 13, lane.training ? "" : "bold"); return pen.measureText(label(lane)).width; };
  names = Math.min(width * 0.36, 14 + Math.max(56, ...seen.map(measured)));
  const { x } = across(width);
  drawAxis(pen, width, height, x);
  seen.forEach((lane, place) => drawLane(pen, lane, AXIS + place * row, x, width));
  drawMarkers(pen, width, height, x);
  if (lanes.length > visible) drawScroll(pen, width, height, lanes.length, visible);
  $("lanes").setAttribute("aria-label", `${seen.length} of ${recording.lanes.length} lanes, from ${instant(view.begin)} to ${instant(view.begin + view.span)}`);
}

function drawLane(pen, lane, y, x, width) {
  if (!lane.spans.length || lane.spans[0][1] > now) return;
  pen.fillStyle = COLORS.ink; words(pen, 13, lane.training ? "" : "bold");
  pen.fillText(clipped(pen, label(lane), names - 8), 2, y + row / 2);
  const inset = lane.training ? 2 : Math.round(row * 0.28), tall = row - 2 * inset;
  let last = 0;
  for (const [phase, from, to, instances, why] of lane.spans) {
    if (from > now) break;
    const a = Math.max(names, x(from)), b = Math.min(width - MARGIN, x(Math.min(to, now)));
    last = Math.min(to, now);
    if (b < names || a > width - MARGIN) continue;
    const [status, tone] = recording.phases[phase], wide = Math.max(1.5, b - a);
    pen.fillStyle = tone === "var(--idle)" ? hatched(pen) : shade(tone); pen.fillRect(a, y + inset, wide, tall);
    if (wide > 3) { pen.strokeStyle = COLORS.edge; pen.strokeRect(a + 0.5, y + inset + 0.5, wide - 1, tall - 1); }
    if (lane.training && wide > 60) {
      words(pen, 11); const text = status.replace(":", ", ");
      if (why) drawHeld(pen, instances, why, a, y, wide, tone);
      else if (pen.measureText(text).width < wide - 8) { pen.fillStyle = readable(shade(tone)); pen.fillText(text, a + 4, y + row / 2); }
    }
  }
  if (lane.pool && lane.spans[lane.spans.length - 1][2] <= now) drawPoolEnd(pen, lane.pool.end, x(last), y, width);
  if (lane.ended && lane.spans[lane.spans.length - 1][2] <= now) drawMark(pen, recording.marks[lane.ended], x(last) + 2, y + row / 2 - 6);
}

// What a warm pool holds and why, as far as there is room; on a hatched bar, most of which stays, words have a ground of their own.
function drawHeld(pen, instances, why, left, y, wide, tone) {
  const idle = tone === "var(--idle)", room = idle ? 0.65 * wide : wide - 8;
  const text = [`${instances} ${why}`, why].find(one => pen.measureText(one).width < room);
  if (!text) return;
  if (idle) { pen.fillStyle = COLORS.paper; pen.fillRect(left + 6, y + row / 2 - 7, pen.measureText(text).width + 4, 14); }
  pen.fillStyle = idle ? COLORS.ink : readable(shade(tone)); pen.fillText(text, left + (idle ? 8 : 4), y + row / 2);
}

// Why a warm pool has ended, behind its bar.
function drawPoolEnd(pen, end, left, y, width) {
  if (left < names || left > width - 60) return;
  words(pen, 11); pen.fillStyle = COLORS.muted; pen.fillText(clipped(pen, end, width - left - 8), left + 4, y + row / 2);
}

// The shape of a status in which a job has ended, behind its bar.
function drawMark(pen, mark, left, top) {
  if (left < names) return;
  pen.save(); pen.translate(left, top); pen.scale(0.75, 0.75);
  const path = new Path2D(mark.path);
  pen.fillStyle = shade(mark.color); pen.strokeStyle = COLORS.edge;
  pen.fill(path, "evenodd"); pen.stroke(path); pen.restore();
}

function clipped(pen, text, wide) {
  if (pen.measureText(text).width <= wide) return text;
  let count = text.length - 1;
  while (count > 1 && pen.measureText(`${text.slice(0, count)}…`).width > wide) count--;
  return `${text.slice(0, count)}…`;
}

function drawAxis(pen, width, height, x) {
  const { length, found } = ticks(view.begin, view.span, (width - names) / 125);
  pen.strokeStyle = COLORS.rule; pen.fillStyle = COLORS.ink; pen.textAlign = "center";
  let right = 0, first = true;
  for (const t of found) {
    const at = Math.round(x(t)) + 0.5;
    pen.beginPath(); pen.moveTo(at, AXIS - 5); pen.lineTo(at, height); pen.stroke();
    const lines = [[tickWords(t, length), 12, COLORS.ink, 8], [tickDate(t, length, first), 11, COLORS.muted, 22]];
    const placed = lines.map(([text, size]) => {
      words(pen, size);
      const half = pen.measureText(text).width / 2;
      return { middle: Math.max(names + half, Math.min(width - half - 2, at)), half };
    });
    if (placed.some(({ middle, half }) => middle - half < right)) continue;
    lines.forEach(([text, size, color, y], line) => {
      words(pen, size); pen.fillStyle = color; pen.fillText(text, placed[line].middle, y);
    });
    right = Math.max(...placed.map(({ middle, half }) => middle + half)) + 8; first = false;
  }
  pen.textAlign = "left";
}

// A sign at each stop, release and failure, faint where it is still to come, and a line where quota is at stake. And now.
const LINES = { stop: [], release: [2, 3], breach: [6, 3], inevitable: [6, 3] };
function drawMarkers(pen, width, height, x) {
  words(pen, 12, "bold"); pen.textAlign = "center";
  let before = null, beside = 0;
  for (const chapter of chapters) {
    const at = Math.round(x(chapter.t)) + 0.5;
    if (!(chapter.kind in TONES) || at < names || at > width - MARGIN + 1) continue;
    pen.globalAlpha = chapter.t > now ? 0.45 : 1;
    pen.strokeStyle = pen.fillStyle = COLORS[TONES[chapter.kind]];
    if (LINES[chapter.kind]) {
      pen.setLineDash(LINES[chapter.kind]); pen.beginPath(); pen.moveTo(at, AXIS - 1); pen.lineTo(at, height); pen.stroke();
    }
    beside = chapter.t === before ? beside + 11 : 0;  // signs of one moment stand side by side
    before = chapter.t;
    pen.fillText(SIGNS[chapter.kind], at + beside, AXIS - 7);
  }
  pen.globalAlpha = 1; pen.setLineDash([]); pen.textAlign = "left";
  drawNow(pen, x, width, AXIS - 10, height);
}
function drawNow(pen, x, width, top, bottom) {
  const at = x(now);
  if (at < names - 1 || at > width) return;
  pen.strokeStyle = COLORS.act; pen.lineWidth = 2; pen.beginPath(); pen.moveTo(at, top); pen.lineTo(at, bottom); pen.stroke(); pen.lineWidth = 1;
}

function drawScroll(pen, width, height, count, visible) {
  const tall = height - AXIS, thumb = Math.max(12, tall * visible / count);
  pen.fillStyle = COLORS.rule; pen.fillRect(width - 6, AXIS, 6, tall);
  pen.fillStyle = COLORS.edge; pen.fillRect(width - 6, AXIS + (tall - thumb) * view.first / Math.max(1, count - visible), 6, thumb);
}

// Bring a job's lane into sight, below the top.
function showLane(job) {
  const place = shownLanes.indexOf(recording.lanes[laneOf.get(job)]);
  if (place < 0) return;
  const visible = Math.max(1, Math.floor(($("lanes").clientHeight - AXIS) / row));
  if (place < view.first || place > view.first + visible - 4) view.first = Math.max(0, place - 1);
}

// The job and the phase that the pointer is on, and the entry that began the phase.
function pointedAt(event) {
  const box = $("lanes").getBoundingClientRect(), t = across(box.width).t(event.clientX - box.left);
  const lane = shownLanes[view.first + Math.floor((event.clientY - box.top - AXIS) / row)];
  if (!lane || event.clientY - box.top < AXIS) return null;
  const name = lane.training || lane.tuning, thing = lane.pool ? "warm_pool" : lane.training ? "training" : "tuning";
  const span = lane.spans.find(([, from, to]) => from <= t && t < to && from <= now);
  if (!span) return { name, place: -1 };
  for (let i = upto(times, span[1]) - 1; i >= 0 && times[i] === span[1]; i--) {
    const e = entry(i);
    if (e.thing === thing && e.name === name && e.to === recording.phases[span[0]][0] && e.from !== e.to) return { name, place: i };
  }
  return { name, place: -1 };
}
