"use strict";
// Everything works without this file: it only spares reloading, counts down, and knows keys.

const main = document.querySelector("main");
let begun = performance.now();
let waiting = null;
let source = null;
// Nobody listened since the page was made: it may have been opened behind others.
let lost = true;
let decidedTo = 0;

const now = () => Number(main.dataset.now) + (performance.now() - begun) / 1000;

function clockTime(seconds) {
  const whole = Math.floor(Math.abs(seconds));
  const two = (number) => String(number).padStart(2, "0");
  return `${Math.floor(whole / 3600)}:${two(Math.floor(whole / 60) % 60)}:${two(whole % 60)}`;
}

function passed(open, from, to) {
  return open.split(" ").filter(Boolean).reduce((sum, span) => {
    const [start, end] = span.split("-").map(Number);
    return sum + Math.max(0, Math.min(end, to) - Math.max(start, from));
  }, 0);
}

function showAge(at) {
  const age = document.getElementById("age");
  if (!age || !main.dataset.changes) return;
  const { decided, limit, fresh, old } = age.dataset;
  const seconds = Math.max(0, at - Math.max(Number(decided), decidedTo));
  const isOld = seconds > Number(limit);
  age.textContent = (isOld ? old : fresh).replace("{age}", clockTime(seconds));
  age.classList.toggle("bad", isOld);
  // Said aloud once, when it becomes so.
  if (isOld) age.setAttribute("role", "alert");
  else age.removeAttribute("role");
}

function count() {
  const at = now();
  showAge(at);
  for (const cell of main.querySelectorAll("[data-left]")) {
    const { left, open, due, budget } = cell.dataset;
    const rest = Number(left) - passed(open, Number(main.dataset.now), at);
    const text = cell.querySelector("[data-text]");
    const isBroken = cell.closest(".broken") !== null;
    text.textContent = (rest < 0 && !isBroken ? "−" : "") + clockTime(rest);
    text.classList.toggle("bad", rest < 0 || isBroken);
    const row = cell.closest("tr");
    const percent = Math.floor((100 * (Number(budget) - rest)) / Number(budget));
    row.querySelector("progress").value = Math.min(Number(budget), Number(budget) - rest);
    row.querySelector("[data-percent]").textContent = `${Math.max(0, percent)} %`;
    row.classList.toggle("soon", percent >= Number(main.dataset.soon));
    // What is due goes to another list; the server says to which.
    if (Number(left) >= 0 && due && at > Number(due) && !cell.dataset.over) {
      cell.dataset.over = "yes";
      refresh(1500);
    }
  }
}

// A delivery that is on its way will have gone on by then.
let owed = null;
function lookAgain() {
  clearTimeout(owed);
  const next = main.querySelector("[data-again]")?.dataset.again;
  if (next) owed = setTimeout(refresh, 1000 * Math.min(3600, Math.max(5, next - now() + 1)), 0);
}

function refresh(after) {
  waiting ??= setTimeout(update, after);
}

// What is new comes first, so what was there before is found from the end.
function replace(part, fresh) {
  const folds = () => [...part.querySelectorAll("details")].reverse();
  const stops = () => [...part.querySelectorAll("a, button, summary, [tabindex]")].reverse();
  const opened = folds().map((one) => one.open);
  const place = stops().indexOf(document.activeElement);
  part.innerHTML = fresh.innerHTML;
  folds().slice(0, opened.length).forEach((one, index) => { one.open = opened[index]; });
  if (place >= 0) stops()[place]?.focus({ preventScroll: true });
}

async function update() {
  waiting = null;
  if (document.hidden) return;
  // Who is writing is not disturbed.
  if (main.querySelector("textarea:focus, form.action input:focus, form.action select:focus")) {
    return refresh(2000);
  }
  // A refusal is shown at the address of its form.
  const response = await fetch(main.dataset.here ?? location.href, { headers: { Accept: "text/html" } }).catch(() => null);
  if (response === null || !response.ok) return refresh(5000);
  if (response.redirected) {
    keep();
    return location.reload();
  }
  const page = new DOMParser().parseFromString(await response.text(), "text/html");
  const focused = document.activeElement?.closest("[data-row]")?.dataset.row;
  const known = new Set([...main.querySelectorAll("[data-row]")].map((row) => row.dataset.row));
  for (const part of main.querySelectorAll("[data-live]")) {
    const fresh = page.querySelector(`[data-live="${CSS.escape(part.dataset.live)}"]`);
    if (!fresh || fresh.innerHTML === part.innerHTML) continue;
    // What is written in a form stays, whoever else is at work.
    if (part.querySelector("details[open] form.action")) continue;
    replace(part, fresh);
  }
  main.dataset.now = page.querySelector("main").dataset.now;
  begun = performance.now();
  for (const row of main.querySelectorAll("[data-row]")) {
    if (!known.has(row.dataset.row)) row.classList.add("fresh");
    if (row.dataset.row === focused) row.querySelector("a")?.focus();
  }
  count();
  lookAgain();
}

// What was written stays in this tab while its writer has to sign in again, or the server cannot
// take it; nobody else who signs in here gets it.
const KEPT = "written";

function keep() {
  const shown = [...main.querySelectorAll("form.action")].filter((one) => !one.closest("details:not([open])"));
  const written = shown.map((form) => {
    const fields = [...new FormData(form)].filter(([name]) => name !== "csrf" && name !== "command_id");
    return { action: form.getAttribute("action"), fields };
  });
  if (written.length) sessionStorage.setItem(KEPT, JSON.stringify({ who: document.body.dataset.who, written }));
}

function bringBack() {
  const kept = JSON.parse(sessionStorage.getItem(KEPT));
  if (!kept) return;
  if ("keep" in main.dataset) {
    sessionStorage.setItem(KEPT, JSON.stringify({ ...kept, waits: true }));
    return;
  }
  // It was taken, or is another's.
  if (!kept.waits || kept.who !== document.body.dataset.who) return sessionStorage.removeItem(KEPT);
  for (const { action, fields } of kept.written) {
    const form = main.querySelector(`form.action[action="${CSS.escape(action)}"]`);
    if (!form) continue;
    sessionStorage.removeItem(KEPT);
    form.closest("details")?.setAttribute("open", "");
    for (const [name, value] of fields) form.elements[name].value = value;
  }
}

function listen() {
  const changes = main.dataset.changes;
  if (!changes || source || document.hidden) return;
  const state = document.getElementById("connection");
  source = new EventSource(changes);
  source.addEventListener("changed", () => refresh(200));
  source.addEventListener("time", (event) => { decidedTo = Number(event.data); });
  source.onopen = () => {
    state.textContent = state.dataset.liveText;
    state.classList.remove("bad");
    // What happened while nobody listened is in a fresh page.
    if (lost) refresh(0);
    lost = false;
  };
  source.onerror = () => {
    lost = true;
    state.textContent = state.dataset.lost;
    state.classList.add("bad");
    if (source?.readyState !== EventSource.CLOSED) return;
    // It was refused and does not try again: asking for the page says why, or mends it.
    deafen();
    setTimeout(listen, 5000);
    refresh(1000);
  };
}

// Browsers open few connections to a server: who is not seen gives its own back.
function deafen() {
  source?.close();
  source = null;
  lost = true;
}

addEventListener("pagehide", deafen);
addEventListener("pageshow", listen);
document.addEventListener("visibilitychange", () => (document.hidden ? deafen() : listen()));

function move(step) {
  const links = [...main.querySelectorAll("[data-row] a[data-open]")];
  if (!links.length) return;
  const here = links.indexOf(document.activeElement);
  const next = here < 0 ? (step > 0 ? 0 : links.length - 1) : here + step;
  links[Math.max(0, Math.min(links.length - 1, next))].focus();
}

function filter() {
  const field = document.querySelector("form.filters select, form.filters input:not([type=hidden])");
  field?.closest("details")?.setAttribute("open", "");
  field?.focus();
}

function showKeys() {
  document.getElementById("keys")?.showModal();
}

document.documentElement.classList.add("script");
document.getElementById("help")?.addEventListener("click", showKeys);
document.addEventListener("submit", (event) => { if (event.target.matches("form.action")) keep(); });
bringBack();
document.addEventListener("click", (event) => {
  const button = event.target.closest("[data-copy]");
  if (!button) return;
  const text = button.previousElementSibling;
  text.select();
  navigator.clipboard.writeText(text.value).then(() => { button.textContent = button.dataset.done; }, () => {});
});

document.addEventListener("keydown", (event) => {
  const typing = event.target.closest("input, select, textarea");
  if (typing || event.ctrlKey || event.metaKey || event.altKey) return;
  switch (event.key) {
    case "j": move(1); break;
    case "k": move(-1); break;
    case "/": filter(); break;
    case "?": showKeys(); break;
    default: return;
  }
  event.preventDefault();
});

// A link of a made-up desk has its token where browsers keep it to themselves. Whoever came by it
// still presses the button: no other site signs anybody in.
const token = document.getElementById("token");
if (token && location.hash.length > 1) {
  token.value = location.hash.slice(1);
  history.replaceState(null, "", location.pathname + location.search);
  document.querySelector("main form button").focus();
}

if (main.querySelector("[data-left]") || main.dataset.changes) {
  count();
  lookAgain();
  setInterval(count, 1000);
  listen();
}
