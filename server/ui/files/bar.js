// The bar of a run's progress.

import { el, setText } from "./dom.js";
import { count } from "./words.js";

/** progressBar makes a bar, with a function that sets it. Before the total is known it shows that something goes on. */
export function progressBar(label) {
  const inner = el("div", { class: "inner" });
  const bar = el("div", { class: "bar", role: "progressbar", "aria-label": label, "aria-valuemin": "0" }, inner);
  const text = el("span", { class: "bar-text" });
  const set = (done, total, open) => {
    bar.classList.toggle("busy", open && total === 0);
    if (total > 0) {
      const share = Math.min(1, done / total);
      bar.setAttribute("aria-valuemax", total);
      bar.setAttribute("aria-valuenow", Math.min(done, total));
      bar.setAttribute("aria-valuetext", `${done} of ${total}`);
      inner.style.width = `${share * 100}%`;
      setText(text, `${count(done)} of ${count(total)} (${Math.floor(share * 100)} %)`);
      return;
    }
    bar.removeAttribute("aria-valuenow");
    bar.setAttribute("aria-valuetext", open ? "the total is not known yet" : "");
    inner.style.width = "";
    setText(text, "");
  };
  return { node: el("div", { class: "progress" }, bar, text), set };
}
