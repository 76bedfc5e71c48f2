// A run's events as they come, over connections that break.

import { pause, Refused, request } from "./api.js";

const silence = 45_000; // ms without a byte, after which a connection is taken for dead: three keep-alive comments
const shortest = 500, longest = 15_000; // ms between attempts

/**
 * events yields a stream's events, a few at a time, up to the one that completes the run. A connection that breaks is
 * taken up again after the last event that came. tell is called with true when events come, with false when they are
 * waited for.
 */
export async function* events(path, signal, tell) {
  let last = "";
  for (let wait = shortest; ; wait = Math.min(wait * 2, longest)) {
    try {
      const connection = new AbortController();
      const either = AbortSignal.any([signal, connection.signal]);
      const response = await request("GET", path, { signal: either, headers: last ? { "Last-Event-ID": last } : {} });
      if (response.status === 204) return; // there is nothing left
      tell(true);
      for await (const frames of frameBatches(response.body, connection)) {
        wait = shortest;
        const batch = [];
        for (const { id, data } of frames) {
          if (id) last = id;
          const event = parse(data);
          if (event) batch.push(event);
        }
        if (batch.length > 0) yield batch;
        if (batch.at(-1)?.type === "complete") return;
      }
    } catch (error) {
      signal.throwIfAborted();
      if (error instanceof Refused && error.status >= 400 && error.status < 500 && error.status !== 429) throw error;
    }
    tell(false);
    await pause(wait * (0.75 + Math.random() / 2), signal);
  }
}

function parse(data) {
  try {
    return JSON.parse(data);
  } catch {
    return null; // what is not understood is passed over
  }
}

/** frameBatches yields the frames of a body, those at a time that came in one piece. */
async function* frameBatches(body, connection) {
  const reader = body.pipeThrough(new TextDecoderStream()).getReader();
  let rest = "";
  try {
    for (;;) {
      const watchdog = setTimeout(() => connection.abort(), silence);
      const { done, value } = await reader.read().finally(() => clearTimeout(watchdog));
      if (done) return;
      const parts = (rest + value).split("\n\n");
      rest = parts.pop();
      const frames = parts.map(frameOf).filter((frame) => frame.data !== "");
      if (frames.length > 0) yield frames;
    }
  } finally {
    connection.abort(); // whoever stops listening leaves no connection behind
  }
}

/** frameOf reads the lines of a frame. */
export function frameOf(text) {
  const frame = { id: "", data: "" };
  for (const line of text.split("\n")) {
    if (line.startsWith("id:")) frame.id = line.slice(3).trim();
    else if (line.startsWith("data:")) frame.data += (frame.data && "\n") + line.slice(line[5] === " " ? 6 : 5);
  }
  return frame;
}
