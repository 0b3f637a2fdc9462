// Below the lanes, on the same axis: what is reserved and what of it is at work, the queue, and what is stored. Above: the overview.
const rowsOf = (list, at) => list.map(one => one[at]);
const charts = [
  ...recording.pools.filter(pool => pool.rows.length).map(pool => ({ title: pool.name, times: rowsOf(pool.rows, 0), limit: pool.limit,
    reserved: rowsOf(pool.rows, 1), work: rowsOf(pool.rows, 2), tall: 36, above: 18 })),
  ...(recording.queue.length ? [{ title: "in the queue", times: rowsOf(recording.queue, 0), values: rowsOf(recording.queue, 1), tone: "wait", tall: 18, above: 4 }] : []),
  { title: "artifacts stored", times: rowsOf(recording.stored, 0), values: rowsOf(recording.stored, 1), tone: "done", tall: 18, above: 4 },
  { title: "log events", times: rowsOf(recording.stored, 0), values: rowsOf(recording.stored, 2), tone: "rest", tall: 18, above: 4 },
];
for (const chart of charts) chart.high = (chart.reserved || chart.values).reduce((a, b) => Math.max(a, b), Math.max(1, chart.limit || 0));

function atNow(chart, list) { const i = upto(chart.times, now) - 1; return i < 0 ? 0 : list[i]; }

// What a chart says of this moment, in words: they stand above it, and screen readers hear them.
function chartWords(chart) {
  if (!chart.reserved) return `${chart.title} ${atNow(chart, chart.values)}`;
  const reserved = atNow(chart, chart.reserved), work = atNow(chart, chart.work), idle = reserved - work;
  const quota = chart.limit === null ? "" : `, quota ${chart.limit}`;
  return `${chart.title}: reserved ${reserved}${quota}; at work ${work}` + (idle > 0 ? `, ${idle} held and not at work` : "");
}

function drawCharts() {
  const found = canvas("charts", charts.reduce((sum, chart) => sum + chart.tall + chart.above, 6));
  if (!found) return;
  const [pen, width] = found, axis = across(width), right = Math.min(axis.x(now), width - MARGIN);
  let y = 0;
  for (const chart of charts) {
    const base = y + chart.above + chart.tall;
    pen.strokeStyle = COLORS.rule; pen.beginPath(); pen.moveTo(names, base + 0.5); pen.lineTo(width - MARGIN, base + 0.5); pen.stroke();
    if (chart.reserved) {
      drawSteps(pen, axis, chart, chart.reserved, base, right, hatched(pen));
      drawSteps(pen, axis, chart, chart.work, base, right, COLORS.work);
      drawSteps(pen, axis, chart, chart.reserved, base, right, null);
      if (chart.limit !== null) drawQuota(pen, base - chart.limit / chart.high * chart.tall, width);
    } else drawSteps(pen, axis, chart, chart.values, base, right, COLORS[chart.tone]);
    fitted(pen, chartWords(chart), 2, chart.reserved ? y + 10 : base - 8, chart.reserved ? width : names - 4);
    y = base;
  }
  drawNow(pen, axis.x, width, 0, y);
  $("charts").setAttribute("aria-label", charts.map(chartWords).join(". "));
}

function drawQuota(pen, y, width) {
  pen.strokeStyle = COLORS.ink; pen.setLineDash([5, 3]); pen.beginPath(); pen.moveTo(names, y); pen.lineTo(width - MARGIN, y); pen.stroke(); pen.setLineDash([]);
}

// A line of steps as [x, value] for the time in sight: of many steps within a pixel the highest. Kept until the view changes.
const kept = new Map();
function columns(list, at, axis, width) {
  const wanted = `${view.begin} ${view.span} ${width} ${names}`, known = kept.get(list);
  if (known && known.wanted === wanted) return known.found;
  const found = [], first = Math.max(0, upto(at, view.begin) - 1);
  for (let i = first; i < list.length; i++) {
    const x = Math.max(names, axis.x(at[i]));
    if (x > width - MARGIN) break;
    const before = found[found.length - 1];
    if (!before || x - before[0] >= 1) found.push([x, list[i], list[i]]);
    else { before[1] = Math.max(before[1], list[i]); before[2] = list[i]; }
  }
  kept.set(list, { wanted, found });
  return found;
}

// The area below a line of steps up to now, or without a fill the line itself.
function drawSteps(pen, axis, chart, list, base, right, fill) {
  const scale = chart.tall / chart.high, found = columns(list, chart.times, axis, pen.canvas.clientWidth);
  pen.beginPath();
  for (let i = 0; i < found.length && found[i][0] <= right; i++) {
    const [x, high, last] = found[i], next = i + 1 < found.length ? Math.min(right, found[i + 1][0]) : right;
    for (const [from, to, value] of next - x > 2 && high !== last ? [[x, x + 1, high], [x + 1, next, last]] : [[x, next, high]]) {
      const y = base - value * scale;
      if (!fill) { pen.lineTo(from, y); pen.lineTo(to, y); } else if (value) pen.rect(from, y, to - from, base - y);
    }
  }
  if (fill) { pen.fillStyle = fill; pen.fill(); } else { pen.strokeStyle = COLORS.ink; pen.stroke(); }
}

// Words in the largest letters in which they fit.
function fitted(pen, text, left, y, width) {
  let size = 13;
  do words(pen, size); while (pen.measureText(text).width > width - left && --size > 9);
  pen.fillStyle = COLORS.ink; pen.fillText(clipped(pen, text, width - left), left, y);
}

// ---- the overview: how many training jobs are in which phase, over the whole film; counted once, drawn once for each width
const COLUMNS = 400;
let counts = null, picture = null;
function counted() {
  const made = recording.phases.map(() => new Float64Array(COLUMNS + 1));
  const of = t => Math.min(COLUMNS - 1, Math.floor(t / (end || 1) * COLUMNS));
  for (const lane of jobLanes.filter(one => one.training)) {
    for (const [phase, from, to] of lane.spans) {
      made[phase][of(from)]++; made[phase][to < end ? Math.max(of(from) + 1, of(to)) : COLUMNS]--;
    }
  }
  let most = 1;
  for (const list of made) for (let i = 1; i < COLUMNS; i++) list[i] += list[i - 1];
  for (let i = 0; i < COLUMNS; i++) most = Math.max(most, made.reduce((sum, list) => sum + list[i], 0));
  return { made, most };
}

function drawOverview() {
  const found = canvas("overview");
  if (!found) return;
  const [pen, width, height] = found, x = t => t / (end || 1) * width, base = height - 1, tall = height - 14;
  counts = counts || counted();
  const node = $("overview");
  if (!picture || picture.width !== node.width || picture.tone !== COLORS.paper) {
    picture = Object.assign(document.createElement("canvas"), { width: node.width, height: node.height, tone: COLORS.paper });
    const draw = picture.getContext("2d"), ratio = window.devicePixelRatio || 1;
    draw.scale(ratio, ratio);
    for (let i = 0; i < COLUMNS; i++) {
      let y = base;
      counts.made.forEach((list, phase) => {
        const part = list[i] / counts.most * tall;
        draw.fillStyle = shade(recording.phases[phase][1]);
        draw.fillRect(Math.floor(i * width / COLUMNS), y - part, Math.ceil(width / COLUMNS), part);
        y -= part;
      });
    }
    words(draw, 11, "bold"); draw.textBaseline = "middle"; draw.textAlign = "center";
    for (const { t, kind } of chapters) {
      if (!(kind in TONES)) continue;
      draw.fillStyle = COLORS[TONES[kind]]; draw.fillText(SIGNS[kind], Math.max(5, Math.min(width - 5, x(t))), 7);
    }
  }
  pen.drawImage(picture, 0, 0, width, height);
  pen.fillStyle = COLORS.paper; pen.globalAlpha = 0.6;
  pen.fillRect(0, 0, x(view.begin), height); pen.fillRect(x(view.begin + view.span), 0, width, height);
  pen.globalAlpha = 1; pen.strokeStyle = COLORS.act;
  pen.strokeRect(x(view.begin) + 0.5, 0.5, Math.max(3, x(view.begin + view.span) - x(view.begin)) - 1, height - 1);
  pen.lineWidth = 2; pen.beginPath(); pen.moveTo(x(now), 0); pen.lineTo(x(now), height); pen.stroke(); pen.lineWidth = 1;
}
