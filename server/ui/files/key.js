// The API key of this tab.

const place = "proxbox-api-key";
let held = read();
let asking = null;

function read() {
  try {
    return sessionStorage.getItem(place) ?? "";
  } catch {
    return ""; // the browser keeps nothing: then the key lasts as long as the page
  }
}

function hold(key) {
  held = key;
  try {
    if (key) sessionStorage.setItem(place, key);
    else sessionStorage.removeItem(place);
  } catch {
    // as above
  }
  document.getElementById("forget").hidden = !key;
}

/** currentKey returns the key, or an empty text. */
export function currentKey() { return held; }

/** forgetKey drops it. */
export function forgetKey() { hold(""); }

/** showKeyState shows whether there is a key to forget. */
export function showKeyState() { hold(held); }

/** askForKey asks for a key, once for all that wait for it. It returns false if there is none. */
export function askForKey(reason) {
  asking ??= ask(reason).finally(() => { asking = null; });
  return asking;
}

function ask(reason) {
  const dialog = document.getElementById("key-dialog");
  const form = document.getElementById("key-form");
  const input = document.getElementById("key");
  document.getElementById("key-reason").textContent = reason;
  input.value = "";
  return new Promise((resolve) => {
    const once = new AbortController();
    const done = (given) => {
      once.abort();
      input.value = "";
      dialog.close();
      resolve(given);
    };
    form.addEventListener("submit", (ev) => {
      ev.preventDefault();
      hold(input.value.trim());
      done(true);
    }, { signal: once.signal });
    document.getElementById("key-cancel").addEventListener("click", () => done(false), { signal: once.signal });
    dialog.addEventListener("cancel", (ev) => {
      ev.preventDefault();
      done(false);
    }, { signal: once.signal });
    dialog.showModal();
    input.focus();
  });
}
