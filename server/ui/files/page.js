// The page: which of its views is shown, by the part of the address after #.

import { announce, el, fill, setTroubleTo } from "./dom.js";
import { forgetKey, showKeyState } from "./key.js";
import { history } from "./history.js";
import { overview } from "./overview.js";
import { runView } from "./run.js";

let shown = new AbortController();
let first = true;

/** show shows the view that the address names. */
function show() {
  const [path, query] = location.hash.replace(/^#/, "").split("?");
  const [, page = "", id = ""] = path.split("/");
  if (!first && path && !path.startsWith("/")) return; // a place on the page
  shown.abort(new DOMException("another page is shown", "AbortError"));
  shown = new AbortController();
  const main = document.getElementById("main");
  const name = page === "runs" ? "run" : page || "overview";
  for (const link of document.querySelectorAll("nav a")) {
    if (link.dataset.page === name || link.dataset.page === "history" && name === "run") link.setAttribute("aria-current", "page");
    else link.removeAttribute("aria-current");
  }
  setTroubleTo("");
  announce("");
  document.title = "proxbox";
  view(name, main, query, id).catch((error) => failed(main, error));
  if (!first) main.querySelector("h1")?.focus({ preventScroll: true });
  if (!first) window.scrollTo(0, 0);
  first = false;
}

function view(name, main, query, id) {
  switch (name) {
    case "overview": return overview(main, shown.signal);
    case "history": return history(main, shown.signal, new URLSearchParams(query));
    case "run": return runView(main, shown.signal, decodeURIComponent(id));
  }
  fill(main, el("h1", { tabindex: "-1" }, "There is no such page"), el("p", null, el("a", { href: "#/" }, "Overview")));
  return Promise.resolve();
}

function failed(main, error) {
  if (error.name === "AbortError") return;
  setTroubleTo(error.message);
  if (!main.querySelector("h1")) fill(main, el("h1", { tabindex: "-1" }, "Nothing to show"));
}

document.getElementById("forget").addEventListener("click", () => {
  forgetKey();
  show();
});
showKeyState();
addEventListener("hashchange", show);
show();
