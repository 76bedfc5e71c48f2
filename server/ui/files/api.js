// The server's API.

import { askForKey, currentKey } from "./key.js";

const base = new URL("../", document.baseURI); // the page is one level below the API
let clockAhead = 0; // of the server's clock, in ms

/** Refused is an answer that is not what was asked for. Its message is a sentence. */
export class Refused extends Error {
  constructor(status, message) {
    super(message);
    this.status = status;
  }
}

/** serverNow returns what the server's clock shows, in ms since 1970. */
export function serverNow() { return Date.now() + clockAhead; }

/**
 * request asks the server and returns its response, which is a good one. Where it wants an API key, the person is asked
 * for one.
 */
export async function request(method, path, { body, headers, signal } = {}) {
  for (;;) {
    const key = currentKey();
    const response = await reach(new URL(path, base), {
      method, signal, cache: "no-store",
      headers: {
        ...headers,
        ...(key ? { "X-Proxbox-API-Key": key } : {}),
        ...(body === undefined ? {} : { "Content-Type": "application/json" }),
      },
      body: body === undefined ? undefined : JSON.stringify(body),
    });
    if (response.ok) return response;
    const reason = await detailOf(response);
    if (response.status !== 401) throw new Refused(response.status, reason);
    if (key === currentKey() && !await askForKey(reason)) throw new Refused(401, reason);
    signal?.throwIfAborted();
  }
}

async function reach(url, init) {
  try {
    const response = await fetch(url, init);
    const date = Date.parse(response.headers.get("Date") ?? "");
    // The header has whole seconds: a clock that is as near as that is taken for right.
    if (!Number.isNaN(date)) clockAhead = Math.abs(date - Date.now()) > 2000 ? date - Date.now() : 0;
    return response;
  } catch (error) {
    if (init.signal?.aborted) throw error;
    throw new Refused(0, "The server cannot be reached. This is tried again.");
  }
}

async function detailOf(response) {
  const text = await response.text().catch(() => "");
  try {
    const { detail, message } = JSON.parse(text);
    if (typeof detail === "string" || typeof message === "string") return detail ?? message;
  } catch {
    // no JSON
  }
  return `The server answers ${response.status} ${response.statusText}.`;
}

/** getJSON asks for something and returns it. */
export async function getJSON(path, signal) { return (await request("GET", path, { signal })).json(); }

/** postJSON sends something and returns the answer. */
export async function postJSON(path, body) { return (await request("POST", path, { body: body ?? {} })).json(); }

/** runPath returns the path of a run. */
export function runPath(id, rest = "") { return `runs/${encodeURIComponent(id)}${rest}`; }

/** pause waits, or throws when the signal says so. */
export function pause(ms, signal) {
  return new Promise((resolve, reject) => {
    const stop = () => {
      clearTimeout(timer);
      reject(signal.reason);
    };
    const timer = setTimeout(() => {
      signal?.removeEventListener("abort", stop);
      resolve();
    }, ms);
    if (signal?.aborted) stop();
    else signal?.addEventListener("abort", stop, { once: true });
  });
}
