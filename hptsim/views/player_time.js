"use strict";
// The recording, and times in words. Entries are kept as numbers and looked up when they are shown.
const recording = JSON.parse(document.getElementById("data").textContent);
const $ = id => document.getElementById(id);
const steps = recording.steps;  // of a counterexample: it has no clock, and its steps are a second apart
const times = recording.entries.map(entry => entry[0]);
const moments = [...new Set([...times, ...steps.map((_, i) => i + 1)])].sort((a, b) => a - b);
const end = recording.end;
const chapters = recording.chapters.map(([t, kind, job, words, until, atWork]) => ({ t, kind, job, words, until, atWork }));

function entry(place) {
  const [t, kind, name, phrase] = recording.entries[place], [thing, trigger, from, to] = recording.kinds[kind];
  const called = recording.names[name];
  return { t, thing, trigger, from, to, name: called, sentence: recording.phrases[phrase].replace("{name}", () => called) };
}

// How many numbers of a sorted list are at most t.
function upto(list, t) {
  let low = 0, high = list.length;
  while (low < high) { const mid = (low + high) >> 1; if (list[mid] <= t) low = mid + 1; else high = mid; }
  return low;
}

// ---- lengths of time: 43.2 s, 30 min 43 s, 1 h 02 min, 2 d 03 h
const UNITS = [["d", 86400], ["h", 3600], ["min", 60], ["s", 1]];

// A time in its two or three largest units; *fine* is the smallest difference that is to be seen.
function lasting(t, fine = 0.1) {
  if (t < 120 && fine < 60) return `${t.toFixed(fine < 0.1 ? 2 : fine < 1 ? 1 : 0)} s`;
  const least = fine < 60 ? 1 : fine < 3600 ? 60 : 3600;  // of a unit
  let rest = Math.round(t / least) * least;
  const parts = [];
  for (const [unit, length] of UNITS) {
    const count = Math.floor(rest / length + 1e-9);
    rest -= count * length;
    if (length < least && parts.length) break;
    if (parts.length) parts.push(`${String(count).padStart(2, "0")} ${unit}`);
    else if (count) parts.push(`${count} ${unit}`);
  }
  while (parts.length > 1 && parts[parts.length - 1].startsWith("00 ")) parts.pop();
  return parts.join(" ") || "0 s";
}

// What the clock and lists say of a moment.
function instant(t) { return steps.length ? `step ${Math.min(Math.floor(t), steps.length)}` : lasting(t); }

// ---- dates: in the zone in which the scenario's epoch is written
const [, zone] = /(Z|[+-]\d\d:\d\d)$/.exec(recording.epoch) || [];
const shift = !zone || zone === "Z" ? 0 : (zone[0] === "-" ? -1 : 1) * (60 * Number(zone.slice(1, 3)) + Number(zone.slice(4))) * 60000;
const since1970 = zone ? Date.parse(recording.epoch) + shift : null;
function dated(t) { return new Date(since1970 + t * 1000).toISOString(); }  // its Z is the epoch's zone
const WEEKDAYS = ["Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"];
function date(t) { return `${WEEKDAYS[new Date(since1970 + t * 1000).getUTCDay()]} ${dated(t).slice(0, 10)}`; }
function dateAndTime(t) { return since1970 === null || steps.length ? "" : `${date(t)} ${dated(t).slice(11, 19)} ${zone === "Z" ? "UTC" : zone}`; }

// ---- the ticks of an axis: round lengths, as close as words allow
const ROUND = [0.1, 0.2, 0.5, 1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 10800, 21600, 43200, 86400];
function ticks(begin, span, most) {
  const wanted = span / Math.max(1, most);
  let length = steps.length ? Math.max(1, Math.ceil(wanted)) : ROUND.find(one => one >= wanted);
  for (let days = 1; !length; days *= days === 2 || days === 20 || days === 200 ? 2.5 : 2) if (86400 * days >= wanted) length = 86400 * days;
  const found = [];
  for (let count = Math.ceil(begin / length - 1e-9); count * length <= begin + span + 1e-9; count++) found.push(count * length);
  return { length, found };
}
function tickWords(t, length) {
  if (steps.length) return t > steps.length ? "" : t ? `step ${t}` : "";
  return lasting(t, Math.min(length, 3600));
}
function tickDate(t, length, first) {
  if (since1970 === null || steps.length) return "";
  const text = dated(t), midnight = text.slice(11, 19) === "00:00:00";
  if (length >= 86400) return date(t);
  const clock = length < 60 ? text.slice(11, 19) : text.slice(11, 16);
  return first || midnight ? `${date(t)} ${clock}` : clock;
}
