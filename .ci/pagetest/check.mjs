// Checks the page in a headless Chromium, as a person would use it: node check.mjs CHROMIUM PAGETEST
// The working folder must have the module playwright-core.

import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { createRequire } from "node:module";
import { once } from "node:events";
import { join } from "node:path";
import { createInterface } from "node:readline";

const { chromium } = createRequire(join(process.cwd(), "here.js"))("playwright-core");
const [executablePath, pagetest] = process.argv.slice(2);
const phone = { width: 360, height: 740 };
const key = "0123456789abcdef0123456789abcdef-of-the-check";
const hostile = `<img src=x onerror="document.title='hacked'">`;

const browser = await chromium.launch({
  executablePath,
  args: ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking", "--disable-component-update", "--disable-sync"],
});

/** serve starts a server of its own for a check. */
async function serve() {
  const child = spawn(pagetest, { stdio: ["ignore", "pipe", "inherit"] });
  const [base] = await once(createInterface(child.stdout), "line");
  const ask = async (path, body) => {
    const response = await fetch(base + path, { method: "POST", body });
    assert.ok(response.ok, `${path}: ${response.status} ${await response.clone().text()}`);
    return response;
  };
  return { base, stop: () => child.kill(), set: (what, value) => ask(`/test/${what}?value=${encodeURIComponent(value)}`), ask };
}

/** visit opens the page. What it must never do fails the check: errors, refusals by its policy, requests elsewhere. */
async function visit(server, options) {
  const context = await browser.newContext({ viewport: { width: 1280, height: 860 }, ...options });
  const page = await context.newPage();
  page.setDefaultTimeout(15_000);
  const wrongs = [];
  page.on("pageerror", (error) => wrongs.push(`error: ${error.stack}`));
  page.on("console", (message) => {
    // The browser itself tells of refused and broken requests there.
    if (message.type() === "error" && !message.text().startsWith("Failed to load resource")) wrongs.push(`console: ${message.text()}`);
  });
  page.on("request", (request) => request.url().startsWith(server.base) || wrongs.push(`asks for ${request.url()}`));
  await page.goto(`${server.base}/ui/`);
  page.fits = async (what) => {
    const over = await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
    assert.ok(over <= 0, `${what} is ${over} px too wide`);
  };
  page.close = async () => {
    assert.deepEqual(wrongs, []);
    await context.close();
  };
  return page;
}

const button = (page, name) => page.getByRole("button", { name, exact: true });
const state = (page, name) => page.locator("main .title .pill", { hasText: name }).waitFor();

/** cells returns a row of the counts as numbers: created, updated, deleted, kept, left alone, failed. */
async function cells(page, kind) {
  const row = page.locator("table.counts tbody tr", { has: page.getByRole("rowheader", { name: kind, exact: true }) });
  return (await row.locator("td").allTextContents()).map((text) => Number(text.replaceAll(",", "")));
}

const checks = {
  async "the ends are shown"(server) {
    const page = await visit(server);
    const lab = page.getByRole("row", { name: /^lab/ });
    await lab.waitFor();
    assert.match(await lab.textContent(), /reachable.*quorate.*3 of 4 online.*pve04.*9\.1\.2.*never/);
    assert.match(await page.locator("main").textContent(), /NetBox 4\.7\.3 https:\/\/netbox\.example\.com/);
    await server.set("down", "edge");
    await page.getByText("no node answers: check that the cluster is up").waitFor();
    await page.close();
  },

  async "a plan is looked at and applied, failures are told"(server) { await planAndApply(server, {}); },

  async "the same on a phone"(server) { await planAndApply(server, { viewport: phone, isMobile: true, hasTouch: true }); },

  async "what has changed since the plan was made is refused"(server) {
    const page = await visit(server);
    await button(page, "Run now").click();
    await state(page, "completed");
    await server.set("memory", "4");
    await button(page, "Make a new plan").click();
    const line = page.locator(".plan details", { hasText: "vm141" });
    await line.waitFor();
    assert.match(await line.locator("summary").textContent(), /memory: 2048 → 4096/);
    await line.locator("summary").click();
    assert.equal(await line.locator("table.diff td").first().textContent(), "2048 → 4096");
    await server.set("edit", "vm141");
    await button(page, "Apply this plan").click();
    await button(page, "Apply").click();
    await state(page, "failed");
    await page.getByText("1 object changed since the plan was made, and was left as found.").waitFor();
    assert.match(await page.locator(".failures").textContent(), /guest vm141 lab\/141changed since the plan was made/);
    assert.deepEqual(await cells(page, "guest"), [0, 29, 0, 54, 0, 1]);
    await page.close();
  },

  async "a run is watched over broken connections, nothing is lost and nothing twice"(server) {
    await server.set("delay", "300");
    const page = await visit(server);
    await button(page, "Run now").click();
    const bar = page.getByRole("progressbar");
    await page.getByText(/objects a second · about .* left/).waitFor();
    assert.equal(await bar.getAttribute("aria-valuemax"), "92");
    await page.getByText("Being worked on").waitFor();
    await server.set("cut", "").catch(() => {}); // its own connection, too
    await page.locator("#trouble", { hasText: "this page tries again" }).waitFor();
    await server.set("delay", "0");
    await state(page, "completed");
    assert.equal(await page.locator("#trouble").isVisible(), false);
    assert.equal(await bar.getAttribute("aria-valuenow"), "92");
    assert.deepEqual(await cells(page, "guest"), [84, 0, 0, 0, 0, 0]);
    const left = page.locator("details", { hasText: "the guest agent does not answer (7)" });
    await left.locator("summary").click();
    assert.match(await left.textContent(), /guest vm105/);
    await page.close();
  },

  async "a run is cancelled"(server) {
    await server.set("delay", "2000");
    const page = await visit(server);
    await page.getByLabel("Virtual machines").check();
    await page.getByLabel("lab", { exact: true }).check();
    await button(page, "Run now").click();
    await page.getByRole("heading", { name: "Virtual machines" }).waitFor();
    await button(page, "Cancel this run").click();
    await button(page, "Cancel the run").click();
    await state(page, "cancelled");
    await page.locator(".notice", { hasText: "the run was cancelled" }).waitFor();
    await page.goto(`${server.base}/ui/#/history`);
    const row = page.getByRole("row", { name: /^Virtual machines/ });
    await row.waitFor();
    assert.match(await row.textContent(), /lab.*cancelled/);
    await page.getByLabel("State").selectOption("completed");
    await page.getByText("No run is like that.").waitFor();
    await page.getByLabel("State").selectOption("cancelled");
    await page.getByLabel("Cluster").fill("edge");
    await page.getByText("0 of 1 runs").waitFor();
    await page.getByLabel("Cluster").fill("LAB");
    await row.waitFor();
    await page.reload(); // the filters stand in the address
    await row.waitFor();
    assert.equal(await page.getByLabel("State").inputValue(), "cancelled");
    await page.close();
  },

  async "an API key is asked for, and kept in the tab alone"(server) {
    await server.ask("/auth/register-key", JSON.stringify({ api_key: key, label: "check" }));
    const page = await visit(server);
    const dialog = page.getByRole("dialog", { name: "API key" });
    await dialog.waitFor();
    await page.keyboard.type("wrong".padEnd(40, "-"));
    await page.keyboard.press("Enter");
    await page.getByText("The API key is not valid.").waitFor();
    await page.keyboard.type(key);
    await page.keyboard.press("Enter");
    await page.getByRole("row", { name: /^lab/ }).waitFor();
    await button(page, "Run now").click();
    await state(page, "completed"); // of a stream that an EventSource could not ask for
    await page.reload();
    await state(page, "completed");
    assert.equal(await page.evaluate(() => localStorage.length + document.cookie.length), 0);
    await button(page, "Forget API key").click();
    await dialog.waitFor();
    await page.close();
  },

  async "everything is done by keyboard"(server) {
    const page = await visit(server);
    await page.getByRole("row", { name: /^lab/ }).waitFor();
    const focused = () => page.evaluate(() => document.activeElement.textContent.trim() || document.activeElement.parentElement.textContent.trim());
    const tabTo = async (text) => {
      for (let i = 0; i < 40; i++) {
        await page.keyboard.press("Tab");
        if ((await focused()).startsWith(text)) return;
      }
      assert.fail(`no way to ${text}`);
    };
    await page.keyboard.press("Tab");
    assert.equal(await focused(), "Skip to the content");
    await tabTo("Make a plan");
    await page.keyboard.press("Enter");
    await page.getByText("Apply this plan").waitFor();
    assert.equal(await focused(), "Full update: dry run", "the new page's heading has the focus");
    await tabTo("Apply this plan");
    await page.keyboard.press("Enter");
    await page.getByRole("dialog").waitFor();
    assert.equal(await focused(), "Cancel", "what does no harm has the focus");
    await page.keyboard.press("Escape");
    await page.getByRole("dialog").waitFor({ state: "hidden" });
    assert.equal(await focused(), "Apply this plan");
    await page.keyboard.press("Enter");
    await page.keyboard.press("Shift+Tab");
    await page.keyboard.press("Enter");
    await state(page, "completed");
    await page.close();
  },

  async "it is dark where the system is, and still where that is asked for"(server) {
    const ground = async (page) => page.evaluate(() => getComputedStyle(document.body).backgroundColor);
    const light = await visit(server, { colorScheme: "light" });
    const dark = await visit(server, { colorScheme: "dark", reducedMotion: "reduce" });
    assert.notEqual(await ground(light), await ground(dark));
    await server.set("delay", "1500");
    await button(dark, "Run now").click();
    const inner = dark.locator(".bar .inner");
    await inner.waitFor({ state: "attached" });
    assert.equal(await inner.evaluate((node) => getComputedStyle(node).transitionDuration), "0s");
    await light.close();
    await dark.close();
  },

  async "10,000 objects do not stop it"(server) {
    const page = await visit(server);
    const run = { id: "BIG", state: "running", stage: "full-update", scope: {}, dry_run: false, created: new Date().toISOString(), started: new Date().toISOString(), done: 0, total: 0, objects: {}, children: {} };
    let over = false;
    await page.route("**/runs/BIG", (route) => route.fulfill({ json: over ? { ...run, state: "failed", finished: run.started, failure_count: 2000 } : run }));
    await page.route("**/runs/BIG/events", (route) => {
      over = true;
      return route.fulfill({ contentType: "text/event-stream; charset=utf-8", body: manyEvents(10_000) });
    });
    await page.evaluate(() => {
      window.longest = 0;
      new PerformanceObserver((list) => {
        for (const task of list.getEntries()) window.longest = Math.max(window.longest, task.duration);
      }).observe({ type: "longtask" });
      location.hash = "#/runs/BIG";
    });
    await state(page, "failed");
    assert.deepEqual(await cells(page, "guest"), [0, 8000, 0, 0, 0, 2000]);
    await page.getByText("Failures (2,000)").waitFor();
    const { nodes, longest } = await page.evaluate(() => ({ nodes: document.querySelectorAll("*").length, longest: window.longest }));
    assert.ok(nodes < 3500, `the page has ${nodes} elements`);
    assert.ok(longest < 1500, `it did not react for ${longest} ms`);
    await page.close();
  },
};

async function planAndApply(server, options) {
  const page = await visit(server, options);
  await server.set("reject", "vm113");
  await page.getByText("3 of 4 online").waitFor();
  await page.fits("the overview");
  await button(page, "Make a plan").click();
  await page.locator(".sum", { hasText: "333 to create" }).waitFor();
  await page.fits("the plan");
  // A name is a text, whatever it looks like.
  await page.getByLabel("Name").fill("onerror");
  const line = page.locator(".plan details");
  await page.getByText("1 of 1 object shown").waitFor();
  assert.equal(await line.locator("summary strong").textContent(), hostile);
  assert.equal(await line.locator("tr", { hasText: "memory" }).locator("td").textContent(), "2048");
  await page.fits("an object of the plan");
  await button(page, "Apply this plan").click();
  await page.getByText("333 created, 0 updated, 0 deleted").waitFor();
  await button(page, "Cancel").click();
  await button(page, "Apply this plan").click();
  await button(page, "Apply").click();
  await state(page, "failed");
  await page.getByRole("heading", { name: "Full update: plan applied" }).waitFor();
  assert.match(await page.locator(".failures").textContent(), /guest vm113 lab\/113NetBox refuses it: name: Value must match/);
  assert.deepEqual(await cells(page, "guest"), [82, 0, 0, 0, 0, 2]);
  await page.fits("the run");
  await page.reload();
  await page.getByText("Failures (2)").waitFor();
  await button(page, "Show every failure and the latest objects").click();
  await page.getByText("Latest changes").waitFor();
  await page.getByRole("link", { name: "History" }).click();
  await page.getByText("2 of 2 runs").waitFor();
  await page.fits("the history");
  assert.equal(await page.locator("main img").count(), 0);
  assert.doesNotMatch(await page.title(), /hacked/);
  await page.close();
}

function manyEvents(n) {
  const frames = [{ type: "step", stage: "plan", status: "completed", done: 0, total: n }];
  for (let i = 0; i < n; i++) {
    const object = { stage: "guests", key: { kind: "guest", name: `lab/${i}` }, name: `vm${i}`, done: i + 1, total: n };
    frames.push(i % 5 === 0
      ? { type: "failure", ...object, errors: [{ key: object.key, label: object.name, error: "NetBox refuses it" }] }
      : { type: "step", status: "completed", op: "update", ...object, changes: [{ name: "memory", old: i, new: i + 1 }], notes: [`guest vm${i}: reason ${i % 400}`] });
  }
  frames.push({ type: "complete", result: { ok: false } });
  const time = new Date().toISOString();
  return frames.map((frame, i) => `id: BIG-${i + 1}\nevent: step\ndata: ${JSON.stringify({ run: "BIG", seq: i + 1, time, ...frame })}\n\n`).join("");
}

let failures = 0;
const wanted = process.argv[4];
for (const [name, check] of Object.entries(checks)) {
  if (wanted && !name.includes(wanted)) continue;
  const start = Date.now();
  const server = await serve();
  try {
    await check(server);
    console.log(`ok    ${name} (${Date.now() - start} ms)`);
  } catch (error) {
    failures++;
    console.log(`FAIL  ${name}\n${error.stack}`);
  } finally {
    server.stop();
  }
}
await browser.close();
process.exitCode = failures > 0 ? 1 : 0;
