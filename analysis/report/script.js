"use strict";
// Adds to a page that is whole without it: cards at the marks of the front, arrow keys, and buttons that copy.
(() => {
  document.documentElement.classList.add("scripted");
  const all = (selector, within = document) => [...within.querySelectorAll(selector)];
  const figure = document.querySelector("#front figure");
  const marks = figure ? all("a.mark[data-trial]", figure) : [];

  const copyOf = (number) => {
    const article = document.getElementById(`trial-${number}`);
    if (!article) return null;
    const copy = article.cloneNode(true);
    copy.removeAttribute("id");
    return copy;
  };
  const light = (number) => all("[data-trial]").forEach((one) => {
    one.classList.toggle("lit", number !== null && one.dataset.trial === number);
  });

  const card = document.createElement("aside");
  card.className = "card";
  card.setAttribute("role", "tooltip");
  card.id = "card";
  card.hidden = true;
  if (figure) figure.append(card);

  const show = (mark) => {
    const copy = copyOf(mark.dataset.trial);
    if (!copy) return;
    light(mark.dataset.trial);
    card.replaceChildren(copy);
    card.hidden = false;
    mark.setAttribute("aria-describedby", "card");
    const room = figure.getBoundingClientRect();
    const at = mark.querySelector(".symbol").getBoundingClientRect();
    const x = at.left + at.width / 2 - room.left;
    const right = x < room.width / 2;
    card.style.left = `${right ? x + 16 : Math.max(0, x - 16 - card.offsetWidth)}px`;
    card.style.top = `${Math.max(0, at.top - room.top - card.offsetHeight / 3)}px`;
  };
  const hide = () => {
    card.hidden = true;
    light(null);
    marks.forEach((mark) => mark.removeAttribute("aria-describedby"));
  };

  const dialog = document.createElement("dialog");
  dialog.setAttribute("aria-label", "Network");
  document.body.append(dialog);
  const open = (mark) => {
    const copy = copyOf(mark.dataset.trial);
    if (!copy) return;
    const close = document.createElement("button");
    close.type = "button";
    close.className = "close";
    close.textContent = "close";
    close.addEventListener("click", () => dialog.close());
    dialog.replaceChildren(close, copy);
    hide();
    dialog.showModal();
    (dialog.querySelector("[data-copy]") || close).focus();
    dialog.addEventListener("close", () => mark.focus(), { once: true });
  };
  dialog.addEventListener("click", (event) => {
    if (event.target === dialog || event.target.closest("a[href^='#trial-']")) dialog.close();
  });

  const value = (mark, name) => Number(mark.dataset[name]);
  const step = (mark, name, by) => {
    const order = [...marks].sort((a, b) => value(a, name) - value(b, name));
    const next = order[order.indexOf(mark) + by];
    if (next) next.focus();
  };
  const keys = {
    ArrowLeft: ["macs", -1], ArrowRight: ["macs", 1], ArrowDown: ["accuracy", -1], ArrowUp: ["accuracy", 1],
  };
  marks.forEach((mark) => {
    mark.addEventListener("pointerenter", () => show(mark));
    mark.addEventListener("pointerleave", hide);
    mark.addEventListener("focus", () => show(mark));
    mark.addEventListener("blur", hide);
    mark.addEventListener("click", (event) => {
      event.preventDefault();
      open(mark);
    });
    mark.addEventListener("keydown", (event) => {
      if (event.key === "Escape") hide();
      if (event.key !== "Enter" && !(event.key in keys)) return;
      event.preventDefault();
      if (event.key === "Enter") open(mark);
      else step(mark, ...keys[event.key]);
    });
  });

  const copied = async (text, code) => {
    try {
      await navigator.clipboard.writeText(text);
    } catch {  // Not every browser lets a file write there by itself.
      getSelection().selectAllChildren(code);
      document.execCommand("copy");
    }
  };
  document.addEventListener("click", async (event) => {
    const button = event.target.closest("button[data-copy]");
    if (!button) return;
    const code = button.parentElement.querySelector("code");
    await copied(code.textContent, code);
    button.textContent = "copied";
    setTimeout(() => { button.textContent = "copy"; }, 1500);
  });
})();
