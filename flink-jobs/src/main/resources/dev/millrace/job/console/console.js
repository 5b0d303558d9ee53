"use strict";

// The page shows what /console/events sends, a picture of all topics every second.

const $ = (id) => document.getElementById(id);
const style = (name) => getComputedStyle(document.documentElement).getPropertyValue(name).trim();
const short = (id) => (id ? id.slice(0, 10) : "–");
const time = (millis) => new Date(millis).toLocaleTimeString([], { hourCycle: "h23" });
const number = (n) => n.toLocaleString("en");
const named = (of) => (of.tenant ? of.tenant + " / " + of.domain : of.domain);
const many = (n, what) => number(n) + " " + what + (n === 1 ? "" : "s");
const DAY_SECONDS = 86400;

/** Between the marks below a chart, seconds. */
const STEPS = [1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 21600, DAY_SECONDS, 7 * DAY_SECONDS];

const charts = new Map();
const learned = [];
let last = null;

function element(tag, attributes = {}, ...children) {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (name.startsWith("on")) made.addEventListener(name.slice(2), value);
    else made.setAttribute(name, value);
  }
  made.append(...children);
  return made;
}

function headers() {
  const key = sessionStorage.getItem("key");
  return key ? { Authorization: "Bearer " + key } : {};
}

let watching = new AbortController();

/** Reads the server-sent events with fetch, which unlike EventSource can send the key in a header. */
async function watch() {
  if (!sessionStorage.getItem("key") && (await (await fetch("/ready")).json()).keys) {
    wantKey("the gateway wants an operator's API key");
    return;
  }
  watching = new AbortController();
  const response = await fetch("/console/events", { headers: headers(), signal: watching.signal });
  if (response.status === 401 || response.status === 403) {
    wantKey((await response.json()).error.message);
    return;
  }
  if (!response.ok) throw new Error((await response.json()).error.message);
  const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
  let text = "";
  for (let part = await reader.read(); !part.done; part = await reader.read()) {
    text += part.value;
    const end = text.lastIndexOf("\n\n");
    if (end >= 0) {
      const event = text.slice(0, end).split("\n\n").pop();
      text = text.slice(end + 2);
      last = JSON.parse(event.slice(event.indexOf("data: ") + 6));
      status(last.unheard ? "down" : "up", last.unheard || "live");
      $("clock").textContent = time(last.now);
      show(last);
    }
  }
  throw new Error("the gateway has ended");
}

function wantKey(why) {
  sessionStorage.removeItem("key");
  $("key-form").hidden = false;
  status("down", why);
}

function connect() {
  watch().catch((failure) => {
    status("down", "no connection: " + failure.message + "; trying again");
    setTimeout(connect, 2000);
  });
}

function status(state, text) {
  say($("status"), state, text);
}

/** What stays as it was is not read out again. */
function say(place, state, text) {
  place.className = state;
  if (place.textContent !== text) place.textContent = text;
}

function show(picture) {
  flow(picture);
  models(picture);
  domains(picture);
  experts(picture);
  levels(picture);
  latency(picture);
  releases(picture);
  refused(picture);
}

/** A lane is what stands in it, and what passes between: [name, note] and [topic, count, rate]. */
function flow(picture) {
  const topic = (name) => picture.topics[name] || { count: 0, rate: 0 };
  const accepted = picture.domains.reduce((sum, d) => sum + d.accepted.reduce((a, b) => a + b, 0), 0);
  const candidates = picture.domains.reduce((sum, d) => sum + d.candidates, 0);
  const live = picture.domains.filter((d) => d.current && d.current.release).length;
  const rejected = topic("rejected");
  const passing = (name) => [name, topic(name).count, topic(name).rate];
  $("flow").replaceChildren(
    lane("What teaches", [
      ["events", "POST /v1/samples, Kafka"], passing("samples"),
      ["score", number(rejected.count) + " refused, " + rate(rejected)], ["learned", accepted, learnedRate(picture.now, accepted)],
      ["batch · train · gate", many(candidates, "candidate") + ", " + many(topic("verdicts").count, "verdict")], passing("releases"),
      ["serve", live + (live === 1 ? " domain has" : " domains have") + " a release"]]),
    lane("What is asked", [
      ["callers", "HTTP, Kafka, SQL"], passing("requests"),
      ["serve", picture.failed ? many(picture.failed, "request") + " refused" : "no request refused"], passing("answers"),
      ["callers", latencyNote(picture)]]));
}

/** Samples learned from a second, over the last minute: they come a batch at a time. */
function learnedRate(now, count) {
  learned.push([now, count]);
  while (now - learned[0][0] > 60000) learned.shift();
  const seconds = (now - learned[0][0]) / 1000;
  return seconds ? (count - learned[0][1]) / seconds : 0;
}

function latencyNote(picture) {
  return picture.latency.p50 === undefined ? "no answer yet" : "p50 " + picture.latency.p50 + " ms";
}

function lane(name, steps) {
  return element("ol", { class: "lane", "aria-label": name },
    ...steps.map((step) => (step.length === 2 ? node(...step) : arrow(...step))));
}

function node(name, note) {
  return element("li", { class: "node" }, element("b", {}, name), element("span", {}, note));
}

function arrow(name, count, perSecond) {
  return element("li", { class: perSecond > 0 ? "arrow moving" : "arrow" },
    element("span", {}, name), element("b", {}, number(count)),
    element("i", { "aria-hidden": "true" }),
    element("span", {}, perSecond.toFixed(1) + " / s"));
}

function rate(topic) {
  return topic.rate.toFixed(1) + " / s";
}

/** What whoever watches may ask: shared domains and its tenant's own, which go before shared ones of their name. */
function models(picture) {
  const may = (d) => d.current && d.current.release && (d.tenant === null || d.tenant === picture.tenant);
  const names = [...new Set(["base", ...picture.domains.filter(may).map((d) => d.domain)])];
  const select = $("model");
  if ([...select.options].map((o) => o.value).join() !== names.join()) {
    const chosen = select.value;
    select.replaceChildren(...names.map((name) => element("option", {}, name)));
    select.value = names.includes(chosen) && chosen !== "base" ? chosen : names[names.length - 1];
  }
}

const cards = new Map();

function domains(picture) {
  const place = $("domains");
  const gone = new Set(cards.keys());
  for (const domain of picture.domains) {
    gone.delete(named(domain));
    let card = cards.get(named(domain));
    if (!card) {
      card = element("article", { class: "card" });
      card.append(
        element("h3"), element("p"), element("p"),
        element("div", { class: "chart", role: "img", "aria-label": "Held-out bits per byte of " + named(domain) + " over time" }),
        element("div", { class: "bars", role: "img" }), scale(domain), element("p"));
      cards.set(named(domain), card);
      place.append(card);
    }
    fill(card, domain);
  }
  for (const name of gone) removeCard(name);
  if (!picture.domains.length) place.textContent = "No samples yet: POST /v1/samples, or ./millrace produce.";
  else if (place.firstChild.nodeType === Node.TEXT_NODE) place.firstChild.remove();
}

/** Of a domain that the gateway keeps no more: whoever sends samples may name any. */
function removeCard(name) {
  const chart = cards.get(name).querySelector(".chart");
  charts.get(chart)?.destroy();
  charts.delete(chart);
  cards.get(name).remove();
  cards.delete(name);
}

/** What a release is from which callers are withheld: all of them from a shadow. */
function standing(withheld) {
  return withheld === 1 ? "shadow" : withheld ? "on trial" : "live";
}

function fill(card, domain) {
  const [title, about, gain, chart, bars, , reasons] = card.children;
  title.replaceChildren(named(domain));
  const current = domain.current;
  about.replaceChildren(
    many(domain.samples, "sample") + ", " + many(domain.candidates, "candidate") + ", ",
    current && current.release ? "release " : "no release yet",
    current && current.release ? element("code", { title: current.release }, short(current.release)) : "",
    current && current.withheld ? element("span", { class: "badge" }, standing(current.withheld)) : "",
    current && current.action === "pin" ? element("span", { class: "badge" }, "pinned") : "");
  const lastPoint = domain.curve[domain.curve.length - 1];
  gain.textContent = lastPoint
    ? "base " + lastPoint[1].toFixed(3) + ", last candidate " + lastPoint[3].toFixed(3) + " bits per byte (" +
      (100 * (lastPoint[3] / lastPoint[1] - 1)).toFixed(1) + "\u00a0%)"
    : domain.lastRefusal || "waiting for a first batch";
  curve(chart, domain);
  histogram(bars, domain);
  const refusals = Object.entries(domain.refused).sort((a, b) => b[1] - a[1]).map(([r, n]) => r + " " + n);
  reasons.textContent = refusals.length ? "refused: " + refusals.join(", ") : "nothing refused";
}

function curve(place, domain) {
  const points = domain.curve;
  if (!points.length) return;
  const data = [
    points.map((p) => p[0] / 1000),
    points.map((p) => p[1]),
    points.map((p) => p[2]),
    points.map((p) => p[3]),
    points.map((p) => (p[4] ? p[3] : null)),
  ];
  draw(place, data, () => ({
    series: [
      {},
      { label: "base", stroke: style("--base"), dash: [4, 4], points: { show: false } },
      { label: "serving", stroke: style("--serving"), width: 2, points: { show: false } },
      { label: "candidate", stroke: style("--candidate"), points: { show: true, size: 4 } },
      { label: "release", paths: () => null, points: { show: true, size: 9, stroke: style("--kept"), fill: style("--kept") } },
    ],
  }), 170);
}

function histogram(bars, domain) {
  const most = Math.max(1, ...domain.accepted.map((n, i) => n + domain.turnedAway[i]));
  bars.setAttribute("aria-label",
    "Histogram of Q of samples: " + domain.accepted.map((n, i) => (i * domain.bin).toFixed(3) + ": " + n + " learned, " + domain.turnedAway[i] + " refused").join("; "));
  bars.replaceChildren(
    ...domain.accepted.map((kept, i) => {
      const bar = element("div", { title: "Q " + (i * domain.bin).toFixed(3) });
      for (const [n, name] of [[kept, "kept"], [domain.turnedAway[i], "away"]]) {
        const part = element("i", { class: name });
        part.style.height = (46 * n) / most + "px";
        bar.append(part);
      }
      return bar;
    }));
  if (domain.threshold !== undefined) {
    const mark = element("s", { title: "Q " + domain.threshold.toFixed(2) + " was the least that passed" });
    mark.style.left = Math.min(100, (100 * domain.threshold) / (domain.bin * domain.accepted.length)) + "%";
    bars.append(mark);
  }
}

/** Where the bars begin and end. */
function scale(domain) {
  return element("p", { class: "scale", "aria-hidden": "true" },
    element("span", {}, "Q 0"), element("span", {}, (domain.bin * domain.accepted.length).toFixed(1) + " and more"));
}

function experts(picture) {
  const known = picture.domains.filter((d) => d.experts.length);
  if (!known.length) return;
  const place = $("experts");
  const signature = known.map((d) => named(d) + d.experts.join()).join();
  if (place.signature === signature) return;
  place.signature = signature;
  const columns = Math.max(...known.map((d) => d.experts.length));
  const head = element("tr", {}, element("th", { scope: "col" }, "domain"),
    ...Array.from({ length: columns }, (unused, i) => element("th", { scope: "col" }, String(i))));
  place.replaceChildren(element("table", {}, element("thead", {}, head),
    element("tbody", {}, ...known.map((d) => heatRow(d)))));
}

function heatRow(domain) {
  const most = Math.max(...domain.experts);
  return element("tr", {}, element("th", { scope: "row" }, named(domain)),
    ...domain.experts.map((share, i) => {
      const says = "expert " + i + ": " + (100 * share).toFixed(1) + " %";
      const cell = element("td", { title: says }, element("span", { class: "unseen" }, says));
      cell.style.background = "color-mix(in srgb, var(--serving) " + Math.round((100 * share) / most) + "%, var(--card))";
      return cell;
    }));
}

function levels(picture) {
  const parts = Object.entries(picture.from).map(([name, n]) => number(n) + " from " + name);
  const l = picture.latency;
  $("levels").textContent =
    (parts.join(", ") || "no answers yet") +
    (l.p50 === undefined ? "" : "; the last " + l.points.length + ": p50 " + l.p50 + " ms, p99 " + l.p99 + " ms");
  $("shares").replaceChildren(
    ...Object.entries(picture.from).map(([name, n]) => {
      const part = element("span", { class: "level " + name }, name);
      part.style.flexGrow = n;
      return part;
    }));
}

function latency(picture) {
  const points = picture.latency.points.slice().sort((a, b) => a[0] - b[0]);
  if (!points.length) return;
  const marks = picture.releases.map((r) => r.at / 1000);
  const place = $("latency");
  place.marks = marks;
  draw(place, [points.map((p) => p[0] / 1000), points.map((p) => p[1])], () => ({
    series: [{}, { label: "ms", stroke: style("--serving"), paths: () => null, points: { show: true, size: 4 } }],
    hooks: {
      draw: [(u) => {
        u.ctx.strokeStyle = style("--candidate");
        for (const at of place.marks) {
          const x = u.valToPos(at, "x", true);
          if (x >= u.bbox.left && x <= u.bbox.left + u.bbox.width) {
            u.ctx.beginPath();
            u.ctx.moveTo(x, u.bbox.top);
            u.ctx.lineTo(x, u.bbox.top + u.bbox.height);
            u.ctx.stroke();
          }
        }
      }],
    },
  }), 200);
}

function draw(place, data, options, height) {
  const width = place.clientWidth;
  const known = charts.get(place);
  if (known && known.width === width) {
    known.setData(data);
    return;
  }
  if (known) known.destroy();
  const axis = { stroke: style("--quiet"), grid: { stroke: style("--line"), width: 1 }, ticks: { stroke: style("--line") } };
  const axes = [{ ...axis, size: 32, space: 70, incrs: STEPS, values: moments }, { ...axis, size: 55 }];
  charts.set(place, new uPlot({ width, height, cursor: { show: false }, axes, ...options() }, data, place));
}

/** Below a chart of more than a day stand days. */
function moments(chart, seconds) {
  const days = chart.scales.x.max - chart.scales.x.min > DAY_SECONDS;
  return seconds.map((at) => (days ? new Date(at * 1000).toLocaleDateString() : time(at * 1000)));
}

function releases(picture) {
  const current = new Map(picture.domains.filter((d) => d.current).map((d) => [d.current.release, standing(d.current.withheld)]));
  const known = (r) => [r.at, r.release, r.action, current.get(r.release), r.samples, r.behind, r.rules.length].join();
  rows("releases", picture.releases.slice().reverse(), known, (r) =>
    element("tr", {},
      element("td", { title: new Date(r.at).toLocaleString() }, time(r.at)),
      element("td", { class: "name" }, named(r) + (r.kind === "alignment" ? " (alignment)" : "")),
      element("td", {}, r.action),
      element("td", {}, element("code", { title: r.release }, short(r.release)), current.has(r.release) ? " " + current.get(r.release) : ""),
      element("td", {}, element("code", { title: r.parent || "" }, short(r.parent))),
      element("td", {}, String(r.batch)),
      element("td", { class: "detail" }, r.reason, about(r)),
      element("td", {}, ...(r.release ? ["pin", "rollback"].map((action) =>
        element("button", { "aria-label": action + " " + named(r) + " to " + short(r.release), onclick: () => order(action, r) },
          action === "pin" ? "Pin" : "Roll back")) : []))));
}

/** The verdict and the releases behind one. */
function about(r) {
  if (!r.rules.length && !r.behind) return "";
  const more = r.behind - r.parents.length;
  const line = (rule) => element("li", {}, (rule.passed ? "✓ " : "✗ ") + rule.rule + " ",
    element("small", {}, Object.entries(rule.figures).map(([k, v]) => k + " " + Number(v.toPrecision(4))).join(", ")));
  return element("details", {},
    element("summary", {}, many(r.samples, "sample") + ", " + many(r.behind + 1, "release")),
    element("p", {}, [r.release, ...r.parents].map(short).join(" ← ") + (more ? " ← and " + more + " more" : "") + " ← base"),
    element("ul", {}, ...r.rules.map(line)));
}

function refused(picture) {
  rows("refused", picture.refused.slice().reverse(), (r) => [r.at, r.id, r.reason, r.detail].join(), (r) =>
    element("tr", {},
      element("td", { title: new Date(r.at).toLocaleString() }, time(r.at)),
      element("td", { class: "name" }, r.domain || "–"),
      element("td", { class: "name" }, r.id || "–"),
      element("td", {}, r.reason),
      element("td", { class: "detail" }, r.detail)));
}

/** Rows that are as they were stay: focus is where it was, and what was opened is open. */
function rows(id, items, key, row) {
  const body = $(id);
  const before = body.known || new Map();
  const alike = new Map();
  body.known = new Map(items.map((item) => {
    const nth = (alike.get(key(item)) || 0) + 1;
    alike.set(key(item), nth);
    const name = key(item) + " " + nth;
    return [name, before.get(name) || row(item)];
  }));
  for (const [name, old] of before) if (body.known.get(name) !== old) old.remove();
  [...body.known.values()].forEach((wanted, i) => {
    if (body.children[i] !== wanted) body.insertBefore(wanted, body.children[i] || null);
  });
}

function order(action, release) {
  const dialog = $("confirm");
  $("confirm-text").textContent =
    (action === "pin" ? "Pin " : "Roll back ") + named(release) + " to " + short(release.release) +
    "? Serving switches to it, and learning goes on from it.";
  $("why").value = "";
  dialog.onclose = async () => {
    if (dialog.returnValue !== "yes") return;
    const what = action + " " + named(release) + " to " + short(release.release);
    try {
      const response = await fetch("/v1/releases", {
        method: "POST",
        headers: { "Content-Type": "application/json", ...headers() },
        body: JSON.stringify({ action, release: release.release, reason: $("why").value || null }),
      });
      if (!response.ok) throw new Error((await response.json()).error.message);
      say($("ordered"), "up", what + " is ordered");
    } catch (failure) {
      say($("ordered"), "down", what + " is not ordered: " + failure.message);
    }
  };
  dialog.showModal();
}

/* Takes each event of a stream: its data, without "data: ". A comment, as a silent stream sends, is none. */
async function eachEvent(body, take) {
  const reader = body.pipeThrough(new TextDecoderStream()).getReader();
  let rest = "";
  for (let part = await reader.read(); !part.done; part = await reader.read()) {
    const events = (rest + part.value).split("\n\n");
    rest = events.pop();
    events.filter((event) => event.startsWith("data: ")).map((event) => event.slice(6)).filter((data) => data !== "[DONE]").forEach(take);
  }
}

function whoAnswered(about) {
  const learned = about.learned_to.map((o) => o.topic + "/" + o.partition + " up to " + o.offset).join(", ");
  const event = last && last.releases.find((r) => r.release === about.release);
  const samples = event && event.samples ? many(event.samples, "sample") + ": " : "";
  return (about.release ? "release " + short(about.release) + ", " + about.gate.verdict + " by the gate" : "the base alone") +
    ", from " + about.from + (learned ? ", had learned " + samples + learned : "");
}

async function ask(event) {
  event.preventDefault();
  const answer = $("answer");
  answer.textContent = "asking …";
  const prompt = $("prompt").value;
  try {
    const response = await fetch("/v1/completions", {
      method: "POST",
      headers: { "Content-Type": "application/json", ...headers() },
      body: JSON.stringify({
        model: $("model").value, prompt, stream: true,
        max_tokens: Number($("tokens").value), temperature: Number($("temperature").value),
      }),
    });
    if (!response.ok) throw new Error((await response.json()).error.message);
    const text = element("b", {}, "");
    const source = element("small", {}, "");
    answer.replaceChildren(prompt, text, source);
    await eachEvent(response.body, (data) => {
      const part = JSON.parse(data);
      if (part.error) throw new Error(part.error.message);
      text.textContent += part.choices[0].text;
      if (part.millrace) {
        if (part.millrace.differs) text.textContent = part.millrace.text;
        source.textContent = whoAnswered(part.millrace);
      }
    });
  } catch (failure) {
    answer.textContent = "Not answered: " + failure.message;
  }
}

$("ask").addEventListener("submit", ask);
$("key-form").addEventListener("submit", (event) => {
  event.preventDefault();
  sessionStorage.setItem("key", $("key").value);
  $("key-form").hidden = true;
  connect();
});
/* A page that is left is kept for "back", and would keep one of the six connections that a browser has. */
window.addEventListener("pagehide", () => watching.abort());
window.addEventListener("resize", () => last && show(last));
matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => {
  charts.forEach((chart) => chart.destroy());
  charts.clear();
  if (last) show(last);
});
connect();
