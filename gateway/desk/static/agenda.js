// Lets a case be dragged to its place. A move is sent as a form, as the buttons beside it send theirs.
"use strict";
const list = document.querySelector("[data-order]");
const form = document.querySelector("form[data-place]");
let held = null;

function caseOf(event) {
  return event.target instanceof Element ? event.target.closest("[data-case]") : null;
}

// The case before which it would be put down; null for the end of the list.
function nextOf(event) {
  const here = caseOf(event);
  if (!here) return null;
  const box = here.getBoundingClientRect();
  return event.clientY < box.top + box.height / 2 ? here : here.nextElementSibling;
}

function mark(next) {
  for (const each of list.children) {
    each.classList.toggle("gw-agenda__case--before", each === next);
    each.classList.toggle("gw-agenda__case--after", !next && each === list.lastElementChild);
  }
}

function clear() {
  held = null;
  for (const each of list.children) {
    each.classList.remove("gw-agenda__case--before", "gw-agenda__case--after", "gw-agenda__case--held");
  }
}

if (list && form) {
  for (const each of list.querySelectorAll("[data-case]")) each.draggable = true;
  list.addEventListener("dragstart", (event) => {
    held = caseOf(event);
    if (!held) return;
    // Whatever it is let go over, also outside this page, learns nothing.
    event.dataTransfer.clearData();
    event.dataTransfer.setData("text/plain", "");
    event.dataTransfer.effectAllowed = "move";
    held.classList.add("gw-agenda__case--held");
  });
  list.addEventListener("dragover", (event) => {
    if (!held) return;
    event.preventDefault();
    mark(nextOf(event));
  });
  list.addEventListener("drop", (event) => {
    if (!held) return;
    event.preventDefault();
    const next = nextOf(event);
    if (next !== held && next !== held.nextElementSibling) {
      form.elements.reference.value = held.dataset.case;
      form.elements.before.value = next ? next.dataset.case : "";
      form.requestSubmit();
    }
    clear();
  });
  list.addEventListener("dragend", clear);
}
