// The published operator's guide, step by step, by the words it uses.
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { missingBrowser, openBrowser } from "./browser.mjs";
import { answer, password, right, see, signIn, startDemo } from "./harness.mjs";

const skip = await missingBrowser();

describe("the operator's guide, followed word for word", { skip }, () => {
  let demo, browser, page;
  before(async () => {
    demo = await startDemo();
    browser = await openBrowser();
    page = await browser.newPage();
  });
  after(async () => {
    await browser?.close();
    await demo?.stop();
  });

  test("the first start gives an administrator by a link that works once", async () => {
    await signIn(page, demo);
    const other = await openBrowser();
    try {
      const stranger = await other.newPage();
      await stranger.goto(demo.console);
      assert.equal(await stranger.getByLabel("New password").count(), 0, "the one-time link worked twice");
      await stranger.goto(`${demo.site}/admin`);
      await stranger.getByLabel("User name").fill("admin");
      await stranger.getByLabel("Password").fill(password);
      await stranger.getByRole("button", { name: "Sign in" }).click();
      await stranger.getByRole("heading", { name: "LTI Provider" }).waitFor();
    } finally {
      await other.close();
    }
  });

  // add follows the guide up to the form.
  async function add() {
    await page.goto(`${demo.site}/admin`);
    const section = page.getByRole("region", { name: "LTI Provider" });
    const row = section.getByRole("listitem").filter({ hasText: "LTI Consumers" });
    await row.getByRole("link", { name: "Add" }).click();
    await page.getByLabel("Consumer Name").waitFor();
  }

  test("LTI Provider, LTI Consumers, Add, Save: then the LMS launches with the generated values", async () => {
    await add();
    await page.getByLabel("Consumer Name").fill("Academy Moodle");
    const key = await page.getByLabel("Consumer Key").inputValue();
    const secret = await page.getByLabel("Consumer Secret").inputValue();
    assert.ok(key.length >= 16 && secret.length >= 16, "key and secret are not generated");
    assert.equal(await page.getByLabel("Instance guid").isEditable(), false);
    assert.equal(await page.getByLabel("Require user account").isChecked(), false);
    assert.equal(await page.getByLabel("Use lti pii").isChecked(), false);
    await page.getByRole("button", { name: "Save", exact: true }).click();
    await page.getByRole("status").waitFor();
    await page.goto(`${demo.site}/admin/consumers`);
    await page.getByRole("link", { name: "Academy Moodle" }).waitFor();

    await demo.setCredentials(key, secret);
    const link = await demo.addActivity("problem", "sunlight");
    const tab = await browser.newPage();
    const inside = await demo.open(tab, link);
    await answer(inside, right);
    await see(inside, "Correct (1/1 point)");
    await demo.waitGrade("ana", link, 1);
    await tab.close();
  });

  test("the instance guid arrives with the first launch", async () => {
    await page.goto(`${demo.site}/admin/consumers`);
    await page.getByRole("link", { name: "Academy Moodle" }).first().click();
    assert.match(await page.getByLabel("Instance guid").inputValue(), /^[0-9a-f]{32}$/);
    assert.equal(await page.getByLabel("Consumer Secret").inputValue(), "", "the secret shows without being asked for");
  });

  test("own key and secret, and a user account required: nobody gets in anonymously", async () => {
    await add();
    await page.getByLabel("Consumer Name").fill("Academy Canvas");
    await page.getByLabel("Consumer Key").fill("own-key");
    await page.getByLabel("Consumer Secret").fill("own-secret-value");
    await page.getByLabel("Require user account").check();
    await page.getByLabel("Use lti pii").check();
    await page.getByRole("button", { name: "Save", exact: true }).click();
    await page.getByRole("status").waitFor();
    await page.goto(`${demo.site}/admin/consumers`);
    await page.getByRole("link", { name: "Academy Canvas" }).waitFor();

    await demo.setCredentials("own-key", "own-secret-value");
    const link = await demo.addActivity("problem", "sunlight");
    const tab = await browser.newPage();
    const inside = await demo.open(tab, link, { as: "ben" });
    await inside.getByRole("alert").waitFor();
    assert.equal(await inside.getByRole("button", { name: "Submit" }).count(), 0);
    await tab.close();
  });
});
