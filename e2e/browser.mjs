// Chromium as people run it: started by its own defaults, not by Playwright's,
// because Playwright switches off the very storage partitioning that decides
// whether a frame of another site may keep a cookie.
import { access, mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after } from "node:test";
import { fileURLToPath } from "node:url";
import { chromium } from "playwright-core";

export const cookieModes = {
  all: "all cookies allowed",
  thirdPartyBlocked: "third-party cookies blocked",
  allBlocked: "all cookies blocked",
};

// Where screenshots and what tests share go.
export const artifacts = fileURLToPath(new URL("./artifacts/", import.meta.url));

const preferences = {
  all: { profile: { cookie_controls_mode: 0 } },
  thirdPartyBlocked: { profile: { cookie_controls_mode: 1 } },
  allBlocked: { profile: { default_content_setting_values: { cookies: 2 } } },
};

export const executable = process.env.LECTERN_CHROMIUM || "/usr/bin/chromium";

// missingBrowser says why browser tests cannot run here, or returns false. In
// CI a missing browser is a failure, never a skip.
export async function missingBrowser() {
  try {
    await access(executable);
    return false;
  } catch {
    const why = `no Chromium at ${executable}; install it or set LECTERN_CHROMIUM`;
    if (process.env.CI === "true") throw new Error(why);
    return why;
  }
}

// Starting Chromium costs more than most tests, so a browser that a test has
// done with serves the next one that wants the same kind, without pages, cookies
// or what sites stored: each demo has origins of its own.
const idle = new Map(); // kind to browsers
const mostIdle = 2; // of a kind

after(async () => {
  for (const browsers of idle.values()) await Promise.all(browsers.map((browser) => browser.end()));
  idle.clear();
});

// openBrowser returns a Chromium with an empty profile. Close the result. args
// are further switches, such as those of https.mjs.
export async function openBrowser({ cookies = "all", javaScript = true, viewport = { width: 1280, height: 900 }, args = [] } = {}) {
  const kind = JSON.stringify([cookies, javaScript, viewport, args]);
  if (!idle.has(kind)) idle.set(kind, []);
  const waiting = idle.get(kind);
  const browser = waiting.pop() ?? await startBrowser({ cookies, javaScript, viewport, args });
  const { context } = browser;
  return {
    context,
    newPage: () => context.newPage(),
    async close() {
      try {
        await Promise.all(context.pages().filter((page) => page !== browser.first).map((page) => page.close()));
        await context.clearCookies();
      } catch {
        return browser.end(); // it has gone, or hangs
      }
      if (waiting.length < mostIdle) waiting.push(browser);
      else await browser.end();
    },
  };
}

async function startBrowser({ cookies, javaScript, viewport, args }) {
  const profile = await mkdtemp(join(tmpdir(), "lectern-e2e-"));
  await mkdir(join(profile, "Default"));
  await writeFile(join(profile, "Default", "Preferences"), JSON.stringify(preferences[cookies]));
  const context = await chromium.launchPersistentContext(profile, {
    executablePath: executable,
    ignoreDefaultArgs: true,
    args: [
      "--headless=new", "--no-sandbox", "--remote-debugging-pipe", `--user-data-dir=${profile}`,
      "--no-first-run", "--disable-background-networking", "--disable-component-update", "--disable-sync",
      "--disable-quic", "--hide-scrollbars", "--force-color-profile=srgb", ...args, "about:blank",
    ],
    javaScriptEnabled: javaScript,
    viewport,
  });
  context.setDefaultTimeout(15_000);
  return {
    context,
    first: context.pages()[0], // it stays, since a browser without pages ends
    async end() {
      await context.close();
      await rm(profile, { recursive: true, force: true, maxRetries: 5 });
    },
  };
}

const require = createRequire(import.meta.url);

// violations runs axe-core inside a page or frame, also one of another site,
// and returns what it found as lines to read.
export async function violations(frame) {
  await frame.evaluate(await readFile(require.resolve("axe-core/axe.min.js"), "utf8"));
  const found = await frame.evaluate(() => globalThis.axe.run(document, {
    iframes: false,
    resultTypes: ["violations"],
  }));
  return found.violations.flatMap((v) => v.nodes.map((n) =>
    `${v.id} (${v.impact}): ${v.help} — ${n.target.join(" ")} — ${n.html.slice(0, 160)}`));
}

// tooWide returns by how many pixels a page or frame is wider than its window.
export function tooWide(frame) {
  return frame.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
}

// screenshot writes artifacts/{name}.png of a whole page, for people to look at:
// in CI nobody does. The window grows to
// the page first: frames of other sites are drawn only where the window shows
// them.
export async function screenshot(page, name) {
  if (process.env.CI === "true") return;
  await mkdir(artifacts, { recursive: true });
  const before = page.viewportSize();
  const height = await page.evaluate(() => document.documentElement.scrollHeight);
  await page.setViewportSize({ width: before.width, height: Math.min(Math.max(height, before.height), 8000) });
  await page.waitForTimeout(200);
  await page.screenshot({ path: join(artifacts, `${name}.png`) });
  await page.setViewportSize(before);
}
