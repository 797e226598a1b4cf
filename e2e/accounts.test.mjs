// People with accounts of their own, and operators who look after them: every
// page, wide and narrow, without JavaScript too; and a course whose scripts try
// to reach them from a window of their own.
import assert from "node:assert/strict";
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { missingBrowser, openBrowser, screenshot, tooWide, violations } from "./browser.mjs";
import { addPerson, password, see, signIn, startDemo } from "./harness.mjs";

const skip = await missingBrowser();
const phone = { width: 390, height: 844 };

async function enter(page, demo, name, word = password) {
  await page.goto(`${demo.site}/login`);
  await page.getByLabel("User name").fill(name);
  await page.getByLabel("Password").fill(word);
  await page.getByRole("button", { name: "Sign in", exact: true }).click();
  await page.waitForURL((url) => url.pathname !== "/login");
}

describe("accounts", { skip }, () => {
  let demo, browser, page;
  before(async () => {
    demo = await startDemo();
    await addPerson(demo, "ada");
    await demo.lectern("user", "link", demo.consumer.key, "ana", "ada");
    browser = await openBrowser();
    page = await browser.newPage();
    await signIn(page, demo);
  });
  after(async () => {
    await browser?.close();
    await demo?.stop();
  });

  // look checks and photographs the page that is open.
  async function look(tab, name) {
    assert.deepEqual(await violations(tab), [], name);
    await screenshot(tab, `accounts-${name}`);
    const size = tab.viewportSize();
    await tab.setViewportSize(phone);
    const overflow = await tooWide(tab);
    assert.ok(overflow <= 0, `${name}: ${overflow}px too wide for a phone`);
    await screenshot(tab, `accounts-${name}-phone`);
    await tab.setViewportSize(size);
  }

  test("the console's pages about people", async () => {
    await page.goto(`${demo.site}/admin/accounts`);
    await look(page, "list");
    await page.getByRole("link", { name: "ada", exact: true }).click();
    await look(page, "account");
    const at = page.url();
    await page.getByRole("button", { name: "Make a sign-in link" }).click();
    await page.getByLabel("Give this address to the owner").waitFor();
    await look(page, "link");
    await page.goto(`${demo.site}/admin/accounts/add`);
    await page.getByLabel("User name").fill("ada");
    await page.getByRole("button", { name: "Save" }).click();
    await see(page, "This user name is taken.");
    await look(page, "add");
    await page.goto(`${demo.site}/admin/accounts/import`);
    await page.getByLabel("Or paste the lines").fill("grace@school.example,grace,Grace\nx,ada\n");
    await page.getByRole("button", { name: "Import" }).click();
    await see(page, "1 of 2 accounts were created.");
    await look(page, "import");
    await page.goto(`${at}/merge?from=grace`);
    await look(page, "merge");
    await page.getByRole("button", { name: "Merge" }).click();
    await see(page, "The emptied account is closed.");
    await look(page, "merged");
    await page.goto(`${at}/delete`);
    await look(page, "delete");
    await page.goto(`${demo.site}/admin/audit`);
    await see(page, "another account merged into this one");
    await look(page, "audit");
  });

  test("the pages of a person's own", async () => {
    for (const javaScript of [true, false]) {
      const own = await openBrowser({ javaScript });
      try {
        const tab = await own.newPage();
        await tab.goto(`${demo.site}/login`);
        if (javaScript) await look(tab, "sign-in");
        await tab.goto(`${demo.site}/login/forgot`);
        if (javaScript) await look(tab, "forgot");
        await enter(tab, demo, "ada", javaScript ? password : `${password} again`);
        await see(tab, "Where you come from");
        await see(tab, "by an operator");
        if (javaScript) await look(tab, "own");
        if (javaScript) {
          await tab.getByLabel("Present password").fill("not this one");
          await tab.getByLabel("New password").fill(`${password} again`);
          await tab.getByLabel("Once more").fill(`${password} again`);
          await tab.getByRole("button", { name: "Set password" }).click();
          await see(tab, "This is not your password.");
          await look(tab, "own-wrong");
          await tab.getByLabel("Present password").fill(password);
          await tab.getByLabel("New password").fill(`${password} again`);
          await tab.getByLabel("Once more").fill(`${password} again`);
          await tab.getByRole("button", { name: "Set password" }).click();
          await see(tab, "Your password is set.");
          const [download] = await Promise.all([
            tab.waitForEvent("download"), tab.getByRole("link", { name: "Download my data" }).click(),
          ]);
          assert.equal(download.suggestedFilename(), "lectern-my-data.json");
        }
        await tab.goto(`${demo.site}/account/delete`);
        if (javaScript) await look(tab, "own-delete");
        await tab.goto(`${demo.site}/logout`);
        if (javaScript) await look(tab, "sign-out");
        await tab.getByRole("main").getByRole("button", { name: "Sign out" }).click();
        await tab.getByLabel("Password").waitFor();
      } finally {
        await own.close();
      }
    }
  });

  test("a link from another site finds who is signed in", async () => {
    const tab = await browser.newPage();
    await tab.goto(demo.lms);
    await tab.evaluate((to) => { location.href = to; }, `${demo.site}/account`);
    await see(tab, "Who you are here");
    await tab.close();
  });
});

// hostile is what a course's script does with a window of its own. It reports
// what it got.
const hostile = `
window.got = {};
(async () => {
  const got = window.got;
  const mine = document.cookie;
  got.cookie = mine;
  for (const at of ["/admin", "/admin/accounts", "/admin/accounts/add", "/account", "/account/data", "/login"]) {
    const answer = await fetch(at, { credentials: "include" });
    got["fetch " + at] = [answer.status, (await answer.text()).includes("csrf")];
    const frame = document.createElement("iframe");
    frame.src = at;
    document.body.append(frame);
    await new Promise((done) => { frame.onload = done; setTimeout(done, 1500); });
    let inside = "";
    try { inside = frame.contentDocument.documentElement.outerHTML; } catch { inside = "closed"; }
    got["frame " + at] = inside.includes("csrf") || inside.includes("School");
    frame.remove();
    const opened = window.open(at);
    await new Promise((done) => setTimeout(done, 1500));
    let read = "";
    try { read = opened.document.documentElement.outerHTML; } catch { read = "closed"; }
    got["window " + at] = read.includes("csrf");
  }
  for (const [at, body] of [
    ["/admin/accounts/add", "username=mallory&admin=on&csrf=x"], ["/account/delete", "password=x"], ["/logout", ""],
    ["/login", "username=mallory&password=x"],
  ]) {
    const answer = await fetch(at, { method: "POST", credentials: "include", body: new URLSearchParams(body) });
    got["post " + at] = answer.status;
    const form = document.createElement("form");
    form.method = "post"; form.action = at; form.target = "_blank";
    for (const [name, value] of new URLSearchParams(body)) {
      const field = document.createElement("input");
      field.name = name; field.value = value;
      form.append(field);
    }
    document.body.append(form);
    form.submit();
    await new Promise((done) => setTimeout(done, 800));
  }
  document.cookie = "lectern-site=planted; path=/account";
  document.cookie = "lectern-site=planted; path=/";
  document.title = "done";
})();
`;

test("a hostile course in a window of its own reaches neither console nor account", { skip }, async () => {
  const demo = await startDemo();
  const browser = await openBrowser();
  const folder = await mkdtemp(join(tmpdir(), "lectern-course-"));
  try {
    for (const [name, text] of Object.entries({
      "course.xml": '<course url_name="r" org="o" course="hostile"/>',
      "course/r.xml": '<course display_name="Hostile" start="2020-01-01T00:00:00Z"><chapter url_name="c"><sequential url_name="s"><vertical url_name="v"><html url_name="h"/></vertical></sequential></chapter></course>',
      "html/h.xml": '<html url_name="h" filename="h"/>',
      "html/h.html": `<p>Harmless words.</p><script>${hostile}</script>`,
    })) {
      await mkdir(join(folder, name, ".."), { recursive: true });
      await writeFile(join(folder, name), text);
    }
    await demo.lectern("course", "import", folder);
    const page = await browser.newPage();
    await signIn(page, demo);
    const tab = await browser.newPage();
    await launchOnTop(tab, demo);
    await see(tab, "Harmless words.");
    await tab.waitForFunction(() => document.title === "done", null, { timeout: 60_000 });
    const got = await tab.evaluate(() => window.got);
    for (const [what, result] of Object.entries(got)) {
      if (what === "cookie") assert.doesNotMatch(result, /lectern-site/, "the script reads the session");
      else if (what.startsWith("fetch")) assert.deepEqual(result, [403, false], what);
      else if (what.startsWith("post")) assert.equal(result, 403, what);
      else assert.equal(result, false, what);
    }
    assert.equal(Object.keys(got).length, 1 + 6 * 3 + 4);
    await page.goto(`${demo.site}/admin/accounts`);
    await see(page, "administrator");
    assert.equal(await page.getByRole("link", { name: "mallory" }).count(), 0, "the script made an administrator");
    assert.equal(await page.locator(".who a").innerText(), "admin");
  } finally {
    await rm(folder, { recursive: true, force: true });
    await browser.close();
    await demo.stop();
  }
});

// launchOnTop opens the hostile block by a signed launch of its own, in the
// whole window.
async function launchOnTop(tab, demo) {
  const form = new URLSearchParams({
    title: "hostile", url: `${demo.site}/lti_provider/courses/course-v1:o+hostile+r/block-v1:o+hostile+r+type@html+block@h`,
  });
  const answer = await fetch(`http://${demo.direct.lms}/settings/links`, { method: "POST", body: form });
  const id = (await answer.text()).match(/links\/([^/"]+)\/remove"[^]{0,200}?aria-label="Remove hostile"/)[1];
  await tab.goto(`${demo.lms}/launch/${id}?as=ana`);
  const button = tab.getByRole("button", { name: "Open the activity" });
  if (await button.count()) await button.click();
}
