// Elements are made here, and here only. Values become text nodes or attributes: nothing that comes from the server is
// read as HTML.

/**
 * el makes an element. Of props, `class` and others are attributes, functions are listeners ("click"), true is an
 * attribute without a value; null and false leave out. Children are elements or texts; null is left out.
 */
export function el(tag, props, ...children) {
  const node = document.createElement(tag);
  for (const [name, value] of Object.entries(props ?? {})) {
    if (typeof value === "function") node.addEventListener(name, value);
    else if (value === true) node.setAttribute(name, "");
    else if (value !== null && value !== undefined && value !== false) node.setAttribute(name, value);
  }
  append(node, children);
  return node;
}

/** append adds children as el takes them. */
export function append(node, children) {
  for (const child of children.flat(Infinity)) {
    if (child === null || child === undefined || child === false) continue;
    node.append(child instanceof Node ? child : document.createTextNode(String(child)));
  }
}

/** fill replaces what is in a node. */
export function fill(node, ...children) {
  const fresh = document.createDocumentFragment();
  append(fresh, children);
  node.replaceChildren(fresh);
}

/** setText sets a text, unless it stands there: what did not change is neither drawn nor read out again. */
export function setText(node, text) {
  if (node.textContent !== text) node.textContent = text;
}

/**
 * table makes a table with a caption for those who cannot see it. On a narrow screen each row becomes a card, and the
 * heads stand before the cells.
 */
export function table(caption, heads, rows, props) {
  return el("table", { class: "cards", ...props },
    el("caption", { class: "unseen" }, caption),
    el("thead", null, el("tr", null, heads.map((h) => el("th", { scope: "col", class: h.number ? "number" : null }, h.text ?? h)))),
    el("tbody", null, rows.map((cells) => tableRow(heads, cells))));
}

/** tableRow makes a row: the first cell is its head. */
export function tableRow(heads, cells) {
  return el("tr", null, cells.map((cell, i) => {
    const head = heads[i];
    const props = { "data-label": head.text ?? head, class: head.number ? "number" : null };
    return i === 0 ? el("th", { scope: "row", ...props }, cell) : el("td", props, cell);
  }));
}

/** setTroubleTo shows what is wrong with the page as a whole; an empty text hides it. */
export function setTroubleTo(text) {
  const node = document.getElementById("trouble");
  setText(node, text);
  node.hidden = text === "";
}

/** announce tells those who cannot see the page what is new. */
export function announce(text) { setText(document.getElementById("news"), text); }

/** confirmed asks once, and returns whether the answer is yes. */
export function confirmed(heading, text, yes) {
  const dialog = document.getElementById("ask-dialog");
  setText(document.getElementById("ask-heading"), heading);
  setText(document.getElementById("ask-text"), text);
  const button = document.getElementById("ask-yes");
  setText(button, yes);
  return new Promise((resolve) => {
    const once = new AbortController();
    const answer = (value) => {
      once.abort();
      dialog.close();
      resolve(value);
    };
    button.addEventListener("click", () => answer(true), { signal: once.signal });
    document.getElementById("ask-no").addEventListener("click", () => answer(false), { signal: once.signal });
    dialog.addEventListener("cancel", (ev) => {
      ev.preventDefault();
      answer(false);
    }, { signal: once.signal });
    dialog.showModal();
    document.getElementById("ask-no").focus();
  });
}
