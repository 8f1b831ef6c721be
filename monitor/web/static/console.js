// Keeps an open page true: listens for what changed, fetches the page anew, and swaps the parts that it concerns.
// Everything works without it.
"use strict";

const words = document.body.dataset;
const [DAY, HOUR, MINUTE, SECOND] = words.units.split("|");
let skew = Number(words.now) - Date.now() / 1000;
const now = () => Date.now() / 1000 + skew;

// ---- durations that run -------------------------------------------------------------------------------------------
function duration(seconds) {
  let rest = Math.floor(Math.abs(seconds));
  const parts = [];
  for (const [step, unit] of [[86400, DAY], [3600, HOUR], [60, MINUTE], [1, SECOND]]) {
    const count = Math.floor(rest / step);
    rest %= step;
    if (count) parts.push(`${count} ${unit}`);
    else if (parts.length) break;
    if (parts.length === 2) break;
  }
  return parts.join(" ") || `0 ${SECOND}`;
}

function tick() {
  for (const time of document.querySelectorAll("time[data-ago]")) {
    put(time, words.sayAgo, now() - Number(time.dataset.ago));
  }
  for (const time of document.querySelectorAll("time[data-due]")) {
    const left = Number(time.dataset.due) - now();
    put(time, left < 0 ? words.sayOver : words.sayLeft, left);
    if (left < 0) time.classList.replace("due-running", "due-overdue");
  }
}

function put(time, pattern, seconds) {
  const text = pattern.replace("{}", duration(Math.max(0, pattern === words.sayAgo ? seconds : Math.abs(seconds))));
  if (time.textContent !== text) time.textContent = text;
}

// ---- parts that are swapped ---------------------------------------------------------------------------------------
let wanted = new Set();
let timer = null;
let busy = false;
let shownAt = words.shownAt;

function concerned(topics) {
  return [...document.querySelectorAll("[data-live]")].filter((part) => {
    const own = part.dataset.live.split(" ");
    return topics.has("all") || own.some((topic) => topics.has(topic));
  });
}

function ask(topics) {
  for (const topic of topics) wanted.add(topic);
  if (timer === null && concerned(wanted).length) timer = setTimeout(refresh, 400 + Math.random() * 400);
}

async function refresh() {
  timer = null;
  if (busy || document.hidden) return;
  const topics = wanted;
  wanted = new Set();
  busy = true;
  try {
    const url = new URL(location.href);
    url.searchParams.delete("done");
    const answer = await fetch(url, { headers: { "X-Refresh": "1" }, cache: "no-store", redirect: "manual" });
    if (answer.type === "opaqueredirect") return location.reload();
    if (!answer.ok) return;
    const fresh = new DOMParser().parseFromString(await answer.text(), "text/html");
    skew = Number(fresh.body.dataset.now) - Date.now() / 1000;
    document.title = fresh.title;
    for (const part of concerned(topics)) swap(part, fresh.getElementById(part.id));
    tick();
  } catch {
    for (const topic of topics) wanted.add(topic);
  } finally {
    busy = false;
    if (wanted.size && timer === null) timer = setTimeout(refresh, 2000);
  }
}

function swap(part, fresh) {
  if (!fresh || !part.isConnected || typedIn(part) || same(part, fresh)) return;
  const open = new Set([...part.querySelectorAll("details[open][id]")].map((one) => one.id));
  const focused = part.contains(document.activeElement) ? address(document.activeElement) : null;
  for (const one of fresh.querySelectorAll("details[id]")) if (open.has(one.id)) one.open = true;
  const adopted = document.importNode(fresh, true);
  part.replaceWith(adopted);
  if (focused) adopted.querySelector(focused)?.focus({ preventScroll: true });
  if (!adopted.hasAttribute("data-every")) adopted.classList.add("swapped");
}

function typedIn(part) {
  if (!part.hasAttribute("data-careful")) return false;
  if (part.querySelector("details[open]") || part.querySelector("[aria-busy=true]")) return true;
  return [...part.querySelectorAll("textarea")].some((area) => area.value !== area.defaultValue);
}

const plain = (part) =>
  part.outerHTML.replace(/ class="swapped"| swapped|(>[^<]*)(?=<\/time>)|value="[^"]*"(?=><button| ?\/?>)/g, "");
const same = (part, fresh) => plain(part) === plain(fresh);

function address(element) {
  if (element.id) return `#${CSS.escape(element.id)}`;
  const href = element.getAttribute("href");
  return href ? `a[href="${CSS.escape(href)}"]` : null;
}

for (const part of document.querySelectorAll("[data-every]")) {
  const topics = part.dataset.live.split(" ");
  setInterval(() => {  // a part that is over, such as a sweep, comes back without its rhythm
    if (!document.hidden && source && document.getElementById(part.id)?.hasAttribute("data-every")) ask(topics);
  }, Number(part.dataset.every) * 1000);
}

// ---- the connection -----------------------------------------------------------------------------------------------
const pulse = document.getElementById("pulse");
const lost = document.getElementById("lost");
let source = null;
let failures = 0;
let lastBeat = 0;
let retry = null;

function connect() {
  clearTimeout(retry);
  source = new EventSource("/events");
  source.addEventListener("beat", (event) => {
    const beat = JSON.parse(event.data);
    const missed = lastBeat === 0 ? String(beat.commits) !== words.commits : failures > 0;
    failures = 0;
    lastBeat = Date.now();
    shownAt = beat.clock;
    show(beat.ready);
    if (missed) ask(["all"]);
  });
  source.addEventListener("changed", (event) => {
    lastBeat = Date.now();
    ask(JSON.parse(event.data));
  });
  source.onerror = fail;
}

function fail() {
  source?.close();
  source = null;
  failures += 1;
  if (failures > 1 || lastBeat) {
    lost.textContent = words.lost.replace("{}", shownAt);
    lost.hidden = false;
    pulse.hidden = true;
  }
  clearTimeout(retry);
  if (!document.hidden) retry = setTimeout(connect, Math.min(30000, 1000 * 2 ** Math.min(failures, 5)) * (0.75 + Math.random() / 2));
}

function show(ready) {
  lost.hidden = true;
  pulse.hidden = false;
  const text = ready ? words.live : words.trouble;
  if (pulse.textContent !== text) pulse.textContent = text;
  pulse.classList.toggle("trouble", !ready);
}

document.addEventListener("visibilitychange", () => {
  if (document.hidden) {
    source?.close();
    source = null;
    clearTimeout(retry);
  } else if (!source) {
    connect();
    ask(["all"]);
  }
});
window.addEventListener("pagehide", () => source?.close());

// ---- forms --------------------------------------------------------------------------------------------------------
document.addEventListener("submit", (event) => {
  const button = event.submitter;
  if (!(button instanceof HTMLButtonElement) || event.target.method !== "post") return;
  if (button.getAttribute("aria-busy") === "true") return event.preventDefault();
  button.setAttribute("aria-busy", "true");
  if (!button.name) button.lastChild.textContent = words.busy;
});

document.addEventListener("change", (event) => {
  if (event.target instanceof HTMLSelectElement && event.target.form?.hasAttribute("data-filter")) event.target.form.requestSubmit();
});

document.addEventListener("click", async (event) => {
  const button = event.target.closest("[data-copy]");
  if (!button) return;
  const text = document.getElementById(button.dataset.copy);
  try {
    await navigator.clipboard.writeText(text.textContent);
    button.lastChild.textContent = button.dataset.copied;
  } catch {  // not over HTTPS: select it, so that one key copies it
    getSelection().selectAllChildren(text);
  }
});

document.addEventListener("change", (event) => {
  const box = event.target;
  if (!box.matches?.("[data-all]")) return;
  for (const one of document.querySelectorAll(`input[name="${box.dataset.all}"]`)) one.checked = box.checked;
});

document.addEventListener("keydown", (event) => {
  if (event.key === "/" && !event.ctrlKey && !event.metaKey && !/^(INPUT|TEXTAREA|SELECT)$/.test(document.activeElement.tagName)) {
    const search = document.querySelector("[data-search]");
    if (search) { event.preventDefault(); search.focus(); }
  }
  if (event.key === "Escape") document.querySelector(".menu[open]")?.removeAttribute("open");
});

document.addEventListener("click", (event) => {
  const menu = document.querySelector(".menu[open]");
  if (menu && !menu.contains(event.target)) menu.removeAttribute("open");
});

window.addEventListener("pageshow", (event) => {
  if (event.persisted) for (const button of document.querySelectorAll("[aria-busy]")) button.removeAttribute("aria-busy");
});

setInterval(tick, 1000);
setInterval(() => { if (source && lastBeat && Date.now() - lastBeat > 45000) fail(); }, 5000);
connect();
