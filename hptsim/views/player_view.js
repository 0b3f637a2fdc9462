// What is shown: the moment, the part of the time in sight, and the colors; and how a canvas is prepared.
let now = 0, playing = false;
const view = { begin: 0, span: end || 1, first: 0, follow: true };  // first: the first lane in sight
let names = 60, row = 18;
const AXIS = 42, MARGIN = 10;

const color = name => getComputedStyle(document.documentElement).getPropertyValue(`--${name}`).trim();
let COLORS = {}, HATCH = null;
function readColors() {
  const used = "paper rule edge ink muted act work idle wait done end lost rest data start there done-text end-text";
  for (const name of used.split(" ")) COLORS[name] = color(name);
  HATCH = null;
}

// The color that a page's variable has, such as var(--work).
const shade = variable => COLORS[variable.slice(6, -1)];

// Ink or paper, whichever is easier to read on a color.
function luminance(hex) {
  const linear = part => part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4;
  const [r, g, b] = [1, 3, 5].map(at => linear(parseInt(hex.slice(at, at + 2), 16) / 255));
  return 0.2126 * r + 0.7152 * g + 0.0722 * b + 0.05;
}
function readable(fill) {
  const contrast = other => { const parts = [luminance(fill), luminance(other)]; return Math.max(...parts) / Math.min(...parts); };
  return contrast(COLORS.ink) > contrast(COLORS.paper) ? COLORS.ink : COLORS.paper;
}

// Reserved and not at work: hatched, so that it is told apart without colors.
function hatched(pen) {
  if (HATCH) return HATCH;
  const tile = document.createElement("canvas"); tile.width = tile.height = 8;
  const draw = tile.getContext("2d");
  draw.fillStyle = COLORS.idle; draw.fillRect(0, 0, 8, 8);
  draw.strokeStyle = COLORS.ink; draw.globalAlpha = 0.55; draw.beginPath();
  for (const at of [-8, 0, 8]) { draw.moveTo(at, 8); draw.lineTo(at + 8, 0); }
  draw.stroke();
  return HATCH = pen.createPattern(tile, "repeat");
}

// A canvas of its size on the screen, cleared: its pen, width and height. Nothing where it is not shown yet.
function canvas(id, height) {
  const node = $(id), ratio = window.devicePixelRatio || 1;
  if (height && node.style.height !== `${height}px`) node.style.height = `${height}px`;
  const wide = node.clientWidth, tall = node.clientHeight;
  if (!wide || !tall) return null;
  if (node.width !== Math.round(wide * ratio) || node.height !== Math.round(tall * ratio)) {
    node.width = Math.round(wide * ratio); node.height = Math.round(tall * ratio);
  }
  const pen = node.getContext("2d");
  pen.setTransform(ratio, 0, 0, ratio, 0, 0);
  pen.clearRect(0, 0, wide, tall);
  pen.textBaseline = "middle";
  return [pen, wide, tall];
}
function words(pen, size, weight = "") { pen.font = `${weight} ${size}px system-ui, sans-serif`; }

// Where a time is across a picture of this width; lanes and charts have the same axis.
function across(width) {
  const scale = (width - names - MARGIN) / view.span;
  return { x: t => names + (t - view.begin) * scale, t: x => view.begin + (x - names) / scale };
}

function look(begin, span) {
  view.span = Math.min(Math.max(span, Math.max(end, 1) / 1e5, 0.5), end || 1);
  view.begin = Math.max(0, Math.min(end - view.span, begin));
}
function zoom(factor, at = now) {
  const part = Math.min(1, Math.max(0, (at - view.begin) / view.span));
  const span = view.span * factor;
  look(at - part * span, span);
}
// Keep the moment in sight.
function followNow() {
  const part = (now - view.begin) / view.span;
  if (part >= 0 && part <= (playing ? 0.8 : 1)) return;
  look(playing && part < 1.2 && part > 0 ? now - 0.8 * view.span : now - 0.3 * view.span, view.span);
}
