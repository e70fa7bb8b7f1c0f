// Sends what is written every three seconds, and ticks. What is not sent stays in the page alone.
"use strict";
const EVERY = 3000;
const told = document.querySelector("[data-told]");
const forms = new Map(); // form -> { sent, busy }

function words(form) {
  return ["text", "kind", "owner", "class", "said"].map((name) => form.elements[name].value).join("\u0000");
}

function isUnsaved(form) {
  const state = forms.get(form);
  return words(form) !== state.sent && (form.elements.text.value.trim() !== "" || form.elements.version.value !== "0");
}

function say(form, text) {
  form.querySelector("[data-said]").textContent = text;
}

function tell(text) {
  if (told.textContent !== text) told.textContent = text;
}

function watch(form) {
  forms.set(form, { sent: words(form), busy: false });
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    send(form);
  });
  form.addEventListener("input", () => say(form, "Not saved yet"));
}

async function renew() {
  const answer = await fetch("/desk/token", { credentials: "same-origin", redirect: "manual" });
  if (!answer.ok) return false;
  const { token } = await answer.json();
  for (const each of document.querySelectorAll("input[name=token]")) each.value = token;
  return true;
}

async function post(form) {
  return fetch(form.action, {
    method: "POST",
    body: new URLSearchParams(new FormData(form)),
    headers: { Accept: "application/json" },
    credentials: "same-origin",
    redirect: "manual",
  });
}

async function send(form) {
  const state = forms.get(form);
  if (state.busy || !isUnsaved(form)) return;
  state.busy = true;
  const going = words(form);
  try {
    let answer = await post(form);
    const isOut = answer.type === "opaqueredirect" || answer.status === 401 || answer.status === 403;
    if (isOut && (await renew())) answer = await post(form);
    if (answer.type === "opaqueredirect" || answer.status === 401 || answer.status === 403) {
      tell("You are signed out. What you wrote is still on this page and is not saved. Sign in again in another window; it is then sent by itself.");
    } else if ([409, 422].includes(answer.status) && answer.headers.get("Content-Type") === "application/json") {
      tell((await answer.json()).said);
    } else if (!answer.ok) {
      tell("Not saved: the service did not answer as it should. It is tried again.");
    } else {
      kept(form, state, going, await answer.json());
    }
  } catch {
    tell("Not saved: the service cannot be reached. It is tried again; leave this page open.");
  }
  state.busy = false;
}

function kept(form, state, going, saved) {
  const isFirst = form.dataset.minute === "new" && form.elements.version.value === "0";
  form.elements.key.value = saved.key;
  form.elements.version.value = saved.version;
  state.sent = going;
  say(form, words(form) === going ? `Saved at ${new Date(Date.now() + ahead).toTimeString().slice(0, 5)}` : "Not saved yet");
  if (saved.beside) {
    tell(`Somebody else (${saved.by}) changed paragraph ${saved.beside} while you wrote. Both are kept: theirs stands there, yours beside it as paragraph ${saved.number}. Theirs: ${saved.theirs}`);
  } else if (![...forms.keys()].some((each) => each !== form && isUnsaved(each)) && !told.textContent.includes("Both are kept")) {
    tell("");
  }
  if (isFirst) another(form, saved.number);
}

// A new, empty paragraph below one that was written.
function another(form, number) {
  const next = form.cloneNode(true);
  form.dataset.minute = "kept";
  form.setAttribute("aria-label", `Paragraph ${number}`);
  form.querySelector("label").textContent = `Paragraph ${number}`;
  rename(form, `p-${number}`);
  next.elements.key.value = crypto.randomUUID();
  next.elements.version.value = "0";
  next.elements.text.value = "";
  for (const name of ["kind", "owner", "class", "said"]) next.elements[name].value = form.elements[name].value;
  say(next, "");
  form.after(next);
  watch(next);
}

function rename(form, id) {
  form.id = id;
  for (const name of ["text", "kind", "owner", "class", "said"]) {
    const field = form.elements[name];
    field.labels[0].htmlFor = `${name}-${id}`;
    field.id = `${name}-${id}`;
  }
}

// By the service's clock: a device may be minutes off.
const clock = document.querySelector("[data-now]");
const ahead = clock ? Date.parse(clock.dataset.now) - Date.now() : 0;

function tick() {
  const now = Date.now() + ahead;
  for (const step of document.querySelectorAll("[data-from]")) {
    const from = Date.parse(step.dataset.from);
    const to = Date.parse(step.dataset.to);
    step.classList.toggle("gw-clock__step--now", from <= now && now < to);
    step.classList.toggle("gw-clock__step--over", to <= now);
    if (from <= now && now < to) step.setAttribute("aria-current", "step");
    else step.removeAttribute("aria-current");
  }
}

for (const form of document.querySelectorAll("form[data-minute]")) watch(form);
setInterval(() => [...forms.keys()].forEach(send), EVERY);
setInterval(tick, 1000);
tick();
addEventListener("beforeunload", (event) => {
  if ([...forms.keys()].some(isUnsaved)) event.preventDefault();
});
