// The page around the twin: Python says what is so, this draws it.
import { loadPyodide } from "./pyodide/pyodide.mjs";

const $ = id => document.getElementById(id);
const SETUP = ["parallel", "total", "on_sigterm", "save_s", "reservation", "seed"];
const NAMES = 105, ROW = 18, SVG = "http://www.w3.org/2000/svg";
const RESERVED = "var(--idle)", OCCUPIED = "var(--work)";
let Twin, twin, view, timer = null, last = 0;

// The site's button says light or dark for this page too.
try { document.documentElement.dataset.theme = localStorage.getItem("theme") ?? "auto"; } catch { /* nothing may be stored here */ }

async function load() {
  if (location.protocol === "file:") {
    throw new Error("a browser loads no Python from a file. Serve this page: python docs/build.py --serve");
  }
  const python = await loadPyodide();
  const wheels = await (await fetch("wheels.json")).json();
  for (const wheel of wheels) {
    const answer = await fetch(`wheels/${wheel}`);
    python.unpackArchive(new Uint8Array(await answer.arrayBuffer()), "zip");
  }
  python.FS.writeFile("twin.py", await (await fetch("twin.py")).text());
  Twin = python.pyimport("twin").Twin;
}

// ---- the setup that the address names, as in ?parallel=1&save_s=100: what it gets wrong, in words
function fromAddress() {
  const wrong = [];
  for (const [name, value] of new URLSearchParams(location.search)) {
    if (!SETUP.includes(name)) { wrong.push(`${name} is no setting: the settings are ${SETUP.join(", ")}.`); continue; }
    const input = $(name), before = input.value;
    input.value = value;  // a slider moves to the nearest value that it has, a list without this choice to none
    if (input.value === value) continue;
    const may = input.options ? [...input.options].map(one => one.value).join(", ") : `${input.min} to ${input.max}`;
    input.value = before;
    wrong.push(`${name} cannot be “${value}”: it may be ${may}.`);
  }
  return wrong.length ? `The address is not all right. ${wrong.join(" ")}` : "";
}
function toAddress() {
  history.replaceState(null, "", `?${new URLSearchParams(SETUP.map(name => [name, $(name).value]))}`);
}

// ---- what the reader does
function again() {
  pause();
  for (const name of [...SETUP, "speed"]) if ($(`${name}-value`)) $(`${name}-value`).textContent = $(name).value;
  const number = name => Number($(name).value);
  twin?.destroy();
  twin = Twin(number("parallel"), number("total"), $("on_sigterm").value, number("save_s"), $("reservation").value, number("seed"));
  $("player").hidden = true;
  $("play").disabled = false;
  show();
}

function pause() { clearInterval(timer); timer = null; $("run").textContent = "Run"; }

function run() {
  if (timer) return pause();
  last = performance.now();
  timer = setInterval(() => {
    const now = performance.now();
    twin.run(view.now_s + (now - last) / 1000 * Number($("speed").value));
    last = now;
    show();
  }, 100);
  $("run").textContent = "Pause";
}

function stop() { twin.stop(); show(); }
function step() { pause(); twin.next_event(); show(); }

function play() {
  pause();
  $("player").srcdoc = twin.recording();
  $("player").hidden = false;
}

// ---- what there is to see
function words() {
  const [yours, next] = view.jobs, asked = yours.stop_s !== null;
  const second = seconds => `${seconds.toFixed(0)} s`;
  if (yours.ended_s === null && !asked) {
    return ["", view.now_s === 0 ? "Press Run, and then Stop at a moment of your choosing." : "Your tuning job is at work. Press Stop."];
  }
  if (yours.ended_s === null) {
    const line = next?.waiting ? " The tuning job next still waits." : "";
    const free = yours.reserved ? `Nothing of what it still holds is free: ${yours.reserved} of ${view.limit} instances stay reserved for it.` :
      "It holds no instance any more.";
    return ["missed", `Stopping. ${free}${line}`];
  }
  if (!asked) return ["met", `${yours.status} by itself at ${second(yours.ended_s)}: nobody pressed Stop. Start again?`];
  const took = `Stopped ${second(yours.ended_s - yours.stop_s)} after you pressed Stop. `;
  const freed = view.released ? `At that instant, and not before, ${view.released} of its instances were released.` :
    "It held nothing any more at that instant: every instance had been given back when its training job ended.";
  return ["met", took + freed + (next?.reserved ? " The tuning job next has instances now." : "")];
}

function show() {
  view = JSON.parse(twin.view());
  if (view.over) pause();
  const yours = view.jobs[0];
  const since = yours.stop_s !== null && yours.ended_s === null ? `, ${(view.now_s - yours.stop_s).toFixed(0)} s after Stop` : "";
  $("clock").textContent = `${view.now_s.toFixed(0)} s${since}`;
  $("stop").disabled = yours.stop_s !== null || yours.ended_s !== null;
  $("run").disabled = $("step").disabled = view.over;
  $("again").disabled = false;
  const [kind, text] = words();
  $("message").className = `said ${kind}`;
  if ($("message").textContent !== text) $("message").textContent = text;
  $("jobs").tBodies[0].replaceChildren(...view.jobs.map(job => {
    const row = document.createElement("tr");
    const waits = job.waiting && !job.began ? `, waits for ${job.waiting} instances` : "";
    for (const text of [job.name, job.status + waits, `${job.reserved} of ${view.limit} instances`]) row.insertCell().textContent = text;
    const status = document.createElement("span");
    status.className = "status";
    status.append(mark(job.status), job.status);
    row.cells[1].replaceChildren(status, waits);
    return row;
  }));
  $("figures").textContent = `reserved ${view.reserved} of ${view.limit} · occupied ${view.occupied} · models stored ${view.models} · ` +
    `log events ${view.logs} · laws kept over ${view.checked} journal entries`;
  $("timeline").textContent = view.timeline.join("\n") || "You have not pressed Stop yet.";
  lanes();
  bands();
  legend();
}

function draw(parent, tag, attributes, text) {
  const node = document.createElementNS(SVG, tag);
  for (const [name, value] of Object.entries(attributes)) node.setAttribute(name, value);
  if (text) node.textContent = text;
  parent.append(node);
  return node;
}

// The shape of a status, in a box of 16 by 16; its words stand beside it.
function mark(status) {
  const svg = document.createElementNS(SVG, "svg"), { path, color } = view.marks[status];
  for (const [name, value] of [["class", "mark"], ["viewBox", "0 0 16 16"], ["aria-hidden", "true"]]) svg.setAttribute(name, value);
  draw(svg, "path", { d: path, style: `--fill: ${color}` });
  return svg;
}

function canvas(id, height) {
  const svg = $(id), width = svg.clientWidth || 800;
  svg.replaceChildren();
  svg.setAttribute("viewBox", `0 0 ${width} ${height}`);
  svg.style.height = `${height}px`;
  const end = Math.max(900, view.now_s * 1.05);
  return [svg, width, seconds => NAMES + (width - NAMES - 20) * seconds / end];
}

function instants(svg, x, height) {
  const stop_s = view.jobs[0].stop_s;
  if (stop_s !== null) draw(svg, "line", { x1: x(stop_s), x2: x(stop_s), y1: 0, y2: height, stroke: "var(--end)", "stroke-width": 2, "stroke-dasharray": "4 3" });
  draw(svg, "line", { x1: x(view.now_s), x2: x(view.now_s), y1: 0, y2: height, stroke: "var(--ink)" });
}

function lanes() {
  const jobs = [...new Set(view.lanes.map(([tuning, training]) => `${tuning}|${training}`))];
  const [svg, , x] = canvas("lanes", Math.max(1, jobs.length) * ROW);
  jobs.forEach((job, place) => {
    const [tuning, training] = job.split("|");
    const label = draw(svg, "text", { x: training ? 14 : 0, y: place * ROW + 13, "font-weight": training ? 400 : 700 }, training.replace(`${tuning}-`, "") || tuning);
    draw(label, "title", {}, training || tuning);
  });
  for (const [tuning, training, phase, begin, end] of view.lanes) {
    const y = jobs.indexOf(`${tuning}|${training}`) * ROW, thin = training ? 3 : 6;
    const bar = draw(svg, "rect", { x: x(begin), width: Math.max(1, x(end) - x(begin)), y: y + thin, height: ROW - 2 * thin, fill: view.colors[phase] });
    draw(bar, "title", {}, `${training || tuning}: ${phase}, ${begin.toFixed(0)} to ${end.toFixed(0)} s`);
    for (const edge of [y + thin, y + ROW - thin]) draw(svg, "line", { x1: x(begin), x2: x(end), y1: edge, y2: edge, stroke: "var(--edge)" });
  }
  instants(svg, x, jobs.length * ROW);
  for (const [tuning, training, status, ended] of view.ends) {
    const lane = jobs.indexOf(`${tuning}|${training}`);
    if (lane < 0) continue;  // it ended in the second in which it was created
    const end = draw(svg, "g", { class: "mark", transform: `translate(${x(ended) + 3} ${lane * ROW + 3}) scale(.75)` });
    draw(draw(end, "path", { d: view.marks[status].path, style: `--fill: ${view.marks[status].color}` }), "title", {}, `${training || tuning}: ${status} at ${ended.toFixed(0)} s`);
  }
}

// Who holds how much of the quota, stacked; the line over it is how much is in use.
function bands() {
  const height = 110, [svg, width, x] = canvas("bands", height), y = count => height - 20 - (height - 34) * count / view.limit;
  const hatch = draw(draw(svg, "defs", {}), "pattern", { id: "hatch", width: 7, height: 7, patternUnits: "userSpaceOnUse", patternTransform: "rotate(45)" });
  draw(hatch, "rect", { width: 4, height: 7, fill: RESERVED });
  for (const [count, words] of [[0, "0"], [view.limit / 2, "instances"], [view.limit, `quota: ${view.limit}`]]) {
    draw(svg, "text", { x: NAMES - 8, y: y(count) + 4, "text-anchor": "end" }, words);
  }
  view.held.forEach(([time_s, yours, next], place) => {
    const to = x(view.held[place + 1]?.[0] ?? view.now_s), from = x(time_s), wide = Math.max(0, to - from);
    draw(svg, "rect", { x: from, width: wide, y: y(yours), height: y(0) - y(yours), fill: RESERVED });
    draw(svg, "rect", { x: from, width: wide, y: y(yours + next), height: y(yours) - y(yours + next), fill: "url(#hatch)" });
    draw(svg, "line", { x1: from, x2: to, y1: y(yours + next), y2: y(yours + next), stroke: "var(--edge)" });
  });
  const points = view.bands.flatMap(([time_s, , occupied], place) => {
    const to = view.bands[place + 1]?.[0] ?? view.now_s;
    return [`${x(time_s)},${y(occupied)}`, `${x(to)},${y(occupied)}`];
  });
  draw(svg, "polyline", { points: points.join(" "), fill: "none", stroke: OCCUPIED, "stroke-width": 3 });
  draw(svg, "line", { x1: x(0), x2: "100%", y1: y(view.limit), y2: y(view.limit), stroke: "var(--ink)", "stroke-dasharray": "2 3" });
  const tick_s = [100, 200, 500, 1000, 2000, 5000].find(tick => x(tick) - x(0) > 55) ?? 10000;
  for (let t = 0; x(t) < width - 22; t += tick_s) {
    draw(svg, "text", { x: x(t), y: height - 4, "text-anchor": "middle" }, t ? `${t} s` : "0");
  }
  instants(svg, x, height - 18);
}

function legend() {
  const phases = [...new Set(view.lanes.filter(lane => lane[1]).map(lane => lane[2]))].map(phase => [phase, view.colors[phase], ""]);
  const held = [["reserved for yours", RESERVED, ""], ["reserved for next", RESERVED, "hatched"], ["occupied", OCCUPIED, "line"]];
  const ends = [...new Set(view.ends.map(end => end[2]))].map(status => [status]);
  $("legend").replaceChildren(...[...phases, ...held, ...ends].map(([name, color, look]) => {
    const entry = document.createElement("li"), swatch = color ? document.createElement("i") : mark(name);
    if (color) {
      swatch.className = `swatch ${look}`;
      swatch.style.setProperty("--fill", color);
    }
    entry.append(swatch, name);
    return entry;
  }));
}

try {
  await load();
  for (const name of SETUP) $(name).addEventListener("input", () => { toAddress(); again(); });
  $("speed").addEventListener("input", () => { $("speed-value").textContent = $("speed").value; });
  $("setup").addEventListener("submit", event => event.preventDefault());
  for (const [name, act] of Object.entries({ run, step, stop, again, play })) $(name).addEventListener("click", act);
  window.addEventListener("resize", show);
  const wrong = fromAddress();
  again();
  if (wrong) $("message").textContent = wrong;
} catch (error) {
  $("clock").textContent = "";
  $("message").textContent = `The twin could not be started: ${error.message}`;
  throw error;
}
