// What README.md says under "Run it for real", read out of it and done in an
// empty folder: its commands are run, and what it sets in bold is pressed.
import assert from "node:assert/strict";
import { execFile, spawn } from "node:child_process";
import { mkdtemp, readFile, rm, symlink } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { createInterface } from "node:readline";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { missingBrowser, openBrowser } from "./browser.mjs";
import { answer, password, right } from "./harness.mjs";

const skip = await missingBrowser();
const root = fileURLToPath(new URL("..", import.meta.url));
const binary = process.env.LECTERN_BIN || join(root, "bin/lectern");

// readme returns what the section says: commands, and the words in bold of each
// numbered step.
async function readme() {
  const section = (await readFile(join(root, "README.md"), "utf8")).split(/^## /m).find((s) => s.startsWith("Run it for real"));
  assert.ok(section, "README.md has no section “Run it for real”");
  const commands = section.match(/(?:^ {4}\S.*\n)+/m)[0].trim().split(/\n\s*/);
  const steps = section.split(/^\d+\. /m).slice(1).map((step) => step.split("\n\n")[0]);
  return { commands, steps, bold: steps.map((step) => [...step.matchAll(/\*\*(.+?)\*\*/g)].map((m) => m[1])) };
}

test("a newcomer gets from the first start to a score by README.md alone", { skip }, async (t) => {
  const began = Date.now();
  const { commands, steps, bold } = await readme();
  assert.equal(commands[0], "make build"); // done: bin/lectern is what it makes
  assert.equal(commands.length, 2);
  const folder = await mkdtemp(join(tmpdir(), "lectern-newcomer-"));
  await symlink(dirname(binary), join(folder, "bin"));
  await symlink(join(root, "cmd"), join(folder, "cmd"));
  const env = Object.fromEntries(Object.entries(process.env).filter(([name]) => !name.startsWith("LECTERN_")));
  Object.assign(env, { LECTERN_LISTEN: "localhost:0", LECTERN_AGGREGATE_DELAY: "1s", LECTERN_PYTHON_POOL: "2" });
  const child = spawn("sh", ["-c", `exec ${commands[1]}`], { cwd: folder, env, stdio: ["ignore", "pipe", "pipe"] });
  const ended = new Promise((resolve) => child.once("exit", resolve));
  const said = [];
  createInterface({ input: child.stderr }).on("line", (line) => said.push(line));
  let browser;
  try {
    const link = await new Promise((resolve, reject) => {
      createInterface({ input: child.stdout }).on("line", (line) => line.includes("/login/set/") && resolve(line.trim()));
      ended.then((code) => reject(new Error(`it ended with ${code}\n${said.join("\n")}`)));
    });
    browser = await openBrowser();
    const page = await browser.newPage();
    let pressed = 0;
    const press = async (name) => {
      const control = page.getByRole("link", { name, exact: true }).or(page.getByRole("button", { name, exact: true })).first();
      await control.click({ timeout: 20_000 });
      await page.waitForLoadState();
      pressed++;
    };

    assert.match(steps[0], /one-time link/);
    await page.goto(link);
    await page.getByLabel("New password").fill(password);
    await page.getByLabel("Once more").fill(password);
    await page.getByRole("button", { name: "Set password" }).click();

    const making = steps[1].match(/`(tar [^`]+)`/)[1];
    await promisify(execFile)("sh", ["-c", making], { cwd: folder });
    for (const name of bold[1]) {
      if (name === "Upload and review") await page.getByLabel("Course export").setInputFiles(join(folder, making.match(/\S+\.tar\.gz/)[0]));
      await press(name);
    }
    for (const name of bold[2]) {
      if (name === "Save") await page.getByLabel("Consumer Name").fill("My LMS");
      await press(name);
    }
    assert.notEqual(await page.getByLabel("Consumer Key").inputValue(), "");
    for (const name of bold[3]) {
      if (name === "Test a link") {
        await page.getByRole("table").getByRole("link").first().click();
        await page.getByLabel("Find in the course").fill("sunlight");
        await page.getByLabel("Find in the course").press("Enter");
        await page.getByText("1 found").waitFor();
        await page.getByRole("link", { name: "How old is sunlight?" }).click();
      }
      if (name.startsWith("Reload")) {
        const inside = page.frameLocator("iframe");
        await answer(inside, right);
        await inside.getByText("Correct (1/1 point)").first().waitFor();
        for (let tries = 0; tries < 40 && !await page.getByText("It holds").count(); tries++) await press(name);
      } else {
        await press(name);
      }
    }
    assert.match(await page.getByText("It holds").innerText(), /^It holds 1(\.0)?\.?$/);
    t.diagnostic(`${steps.length} steps, ${pressed} things pressed, ${((Date.now() - began) / 1000).toFixed(1)} seconds`);
  } finally {
    await browser?.close();
    child.kill("SIGTERM");
    await ended;
    await rm(folder, { recursive: true, force: true });
  }
});
