// Starts bin/lectern demo on free ports with a folder of its own and knows how
// to walk through it: the LMS on 127.0.0.1, the tool on localhost, so that to a
// browser they are two sites.
import assert from "node:assert/strict";
import { execFile, spawn } from "node:child_process";
import { cp, mkdir, mkdtemp, readdir, rename, rm, stat } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { artifacts, openBrowser } from "./browser.mjs";

const binary = process.env.LECTERN_BIN || fileURLToPath(new URL("../bin/lectern", import.meta.url));
const startWithin = 60_000;
const stopWithin = 10_000;

export const course = "course-v1:Lectern+Sample+2026";
export const password = "seven colours in a drop";

// startDemo runs the demo and returns a Demo. Call stop() at the end. args are
// further flags, settings are environment variables; preparing is where to leave
// a copy of the data.
export async function startDemo({ seed = 0, args = [], settings = {}, preparing = "" } = {}) {
  const data = await mkdtemp(join(tmpdir(), "lectern-demo-"));
  const env = Object.fromEntries(Object.entries(process.env).filter(([name]) => !name.startsWith("LECTERN_")));
  Object.assign(env, { LECTERN_AGGREGATE_DELAY: "1s", LECTERN_PYTHON_POOL: "2" }, settings);
  // What a site can run decides what an import says of a course.
  const asPrepared = !Object.keys(settings).some((name) => name.startsWith("LECTERN_GRADER") || name === "LECTERN_DATABASE");
  if (asPrepared && !preparing) await cp(await prepared(), data, { recursive: true });
  const child = spawn(binary, [
    "demo", "--listen", "localhost:0", "--lms-listen", "127.0.0.1:0", "--data", data, "--seed", String(seed), "--json", ...args,
  ], { env, cwd: data, stdio: ["ignore", "pipe", "pipe"] });
  const log = [];
  createInterface({ input: child.stderr }).on("line", (line) => { log.push(line); });
  const stop = async () => {
    if (child.exitCode === null && child.signalCode === null) {
      const ended = new Promise((resolve) => child.once("exit", resolve));
      child.kill("SIGTERM");
      const killer = setTimeout(() => child.kill("SIGKILL"), stopWithin);
      await ended;
      clearTimeout(killer);
    }
    if (preparing) await cp(data, preparing, { recursive: true });
    await rm(data, { recursive: true, force: true, maxRetries: 5 });
  };
  try {
    const run = promisify(execFile);
    const lectern = async (...command) => (await run(binary, [...command, "--data", data], { env, cwd: data })).stdout;
    return new Demo(await firstLine(child, log), log, stop, lectern);
  } catch (err) {
    await stop();
    throw err;
  }
}

// prepared returns a folder with a demo's data in which the sample course is
// imported already. It is made once for each build and shared by all test files.
async function prepared() {
  const built = await stat(binary);
  const name = `prepared-${built.size}-${Math.round(built.mtimeMs)}`;
  const folder = join(artifacts, name);
  if (await stat(folder).catch(() => null)) return folder;
  await mkdir(artifacts, { recursive: true });
  for (const other of await readdir(artifacts)) {
    if (other.startsWith("prepared-")) await rm(join(artifacts, other), { recursive: true, force: true });
  }
  const making = join(artifacts, `making-${process.pid}`);
  const demo = await startDemo({ preparing: making });
  await demo.stop();
  await rename(making, folder).catch(() => {}); // another test file was faster
  return folder;
}

// firstLine waits for the one line of JSON that says the demo is ready.
function firstLine(child, log) {
  return new Promise((resolve, reject) => {
    const fail = (why) => reject(new Error(`lectern demo ${why}\n${log.join("\n")}`));
    const timer = setTimeout(() => fail(`was not ready within ${startWithin} ms`), startWithin);
    child.once("error", (err) => { clearTimeout(timer); fail(`did not start: ${err.message}; run "make build"`); });
    child.once("exit", (code) => { clearTimeout(timer); fail(`ended with code ${code}`); });
    createInterface({ input: child.stdout }).once("line", (line) => {
      clearTimeout(timer);
      try {
        resolve(JSON.parse(line));
      } catch {
        fail(`printed ${line} instead of JSON`);
      }
    });
  });
}

class Demo {
  #links = 0;

  constructor(ready, log, stop, lectern) {
    this.lectern = lectern; // runs a command beside the server and returns what it prints
    this.log = log; // what lectern wrote to standard error
    this.stop = stop;
    this.console = ready.console;
    this.consumer = ready.consumer;
    this.lms = ready.lms.replace(/\/$/, ""); // as browsers see it
    this.direct = { site: ready.site_listens, lms: ready.lms_listens }; // past a proxy
    this.site = new URL(ready.console).origin;
  }

  // launchURL is the address of a block of the sample course.
  launchURL(type, name) {
    return `${this.site}/lti_provider/courses/${course}/block-v1:Lectern+Sample+2026+type@${type}+block@${name}`;
  }

  // addActivity makes a link in the LMS and returns its id. url is for blocks of
  // other courses than the sample.
  async addActivity(type, name, { graded = true, url = this.launchURL(type, name) } = {}) {
    const title = `${type} ${name} ${++this.#links}`;
    const form = new URLSearchParams({ title, url });
    if (graded) form.set("graded", "on");
    const answer = await fetch(`http://${this.direct.lms}/settings/links`, { method: "POST", body: form });
    assert.ok(answer.ok, `adding an activity: ${answer.status}`);
    const found = (await answer.text()).match(new RegExp(`links/([^/"]+)/remove"[^]{0,200}?aria-label="Remove ${title}"`));
    assert.ok(found, `the LMS does not list ${title}`);
    return found[1];
  }

  // setCredentials types a key and a secret into the LMS.
  async setCredentials(key, secret) {
    const answer = await fetch(`http://${this.direct.lms}/settings/credentials`, {
      method: "POST", body: new URLSearchParams({ key, secret }),
    });
    assert.ok(answer.ok, `setting credentials: ${answer.status}`);
  }

  // breakOutcomes switches a fault of the LMS's outcome service on; "" is none.
  async breakOutcomes(fault, count = "") {
    await fetch(`http://${this.direct.lms}/break`, { method: "POST", body: new URLSearchParams({ fault, count }) });
  }

  async gradebook() {
    return (await fetch(`http://${this.direct.lms}/gradebook.json`)).json();
  }

  // waitGrade waits until the gradebook holds a value; scores may be rounded
  // before they are sent.
  async waitGrade(user, link, value, { within = 15_000 } = {}) {
    const until = Date.now() + within;
    for (;;) {
      const book = await this.gradebook();
      const grade = book.grades.find((g) => g.User === user && g.Link === link);
      if (grade && Math.abs(Number(grade.Value) - value) < 0.0005) return grade;
      if (Date.now() > until) {
        assert.fail(`no grade ${value} for ${user} in ${link} within ${within} ms: ${JSON.stringify(book, null, 1)}\n${this.log.slice(-20).join("\n")}`);
      }
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
  }

  // open shows an activity in the LMS as a person and returns its frame. A
  // browser without JavaScript gets there by the button, as a person would.
  async open(page, link, { as = "ana", fault = "", javaScript = true } = {}) {
    await page.goto(`${this.lms}/link/${link}?as=${as}&fault=${fault}`);
    return this.enter(page, "#tool", javaScript);
  }

  // enter waits until the frame shows a page of the tool.
  async enter(page, selector, javaScript = true) {
    const inside = page.frameLocator(selector);
    if (!javaScript) await inside.getByRole("button", { name: "Open the activity" }).click();
    await inside.locator("main:not(.opening)").waitFor();
    return inside;
  }
}

// frameOf returns the frame itself, for scripts and addresses.
export async function frameOf(page, selector = "#tool") {
  const element = await page.locator(selector).elementHandle();
  return element.contentFrame();
}

// answer chooses an option of the question about sunlight and submits, by
// keyboard: a frame that still grows moves what a pointer aims at.
export async function answer(inside, choice) {
  await inside.getByRole("radio", { name: choice }).press(" ");
  await inside.getByRole("button", { name: "Submit" }).press("Enter");
}

export const right = /About 8 minutes/;
export const wrong = /About 8 seconds/;

// see waits for a text in a frame or page.
export async function see(inside, text) {
  await inside.getByText(text).first().waitFor();
}

// addPerson makes an account that signs in with password. With browser, it is
// signed in there afterwards.
export async function addPerson(demo, name, { email = `${name}@school.example`, browser } = {}) {
  const printed = await demo.lectern("user", "add", name, "--email", email, "--learner");
  const link = printed.match(/\/login\/set\/\S+/);
  assert.ok(link, `no link to set a password: ${printed}`);
  const own = browser ?? await openBrowser();
  try {
    const page = await own.newPage();
    await page.goto(demo.site + link[0]);
    await page.getByLabel("New password").fill(password);
    await page.getByLabel("Once more").fill(password);
    await page.getByRole("button", { name: "Set password" }).click();
    await page.waitForURL((url) => !url.pathname.startsWith("/login/set/"));
    await page.close();
  } finally {
    if (!browser) await own.close();
  }
}

// signIn opens the one-time link, sets the first password and ends in the
// console.
export async function signIn(page, demo) {
  await page.goto(demo.console);
  await page.getByLabel("New password").fill(password);
  await page.getByLabel("Once more").fill(password);
  await page.getByRole("button", { name: "Set password" }).click();
  await page.getByRole("heading", { name: "LTI Provider" }).waitFor();
}
