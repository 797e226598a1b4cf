// From a learner's code to what has to change; and a link tried without an LMS,
// to the score.
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { missingBrowser, openBrowser, screenshot, violations } from "./browser.mjs";
import { answer, frameOf, right, see, signIn, startDemo } from "./harness.mjs";

const skip = await missingBrowser();

describe("what operators see of launches", { skip }, () => {
  let demo, browser, page, link;
  before(async () => {
    demo = await startDemo();
    link = await demo.addActivity("problem", "sunlight");
    browser = await openBrowser();
    page = await browser.newPage();
    await signIn(page, demo);
  });
  after(async () => {
    await browser?.close();
    await demo?.stop();
  });

  // look checks a page at both widths, and pictures it.
  async function look(on, name) {
    for (const width of [1280, 390]) {
      await on.setViewportSize({ width, height: 900 });
      assert.ok(await on.evaluate(() => document.documentElement.scrollWidth <= innerWidth), `${name} is wider than ${width}`);
      await screenshot(on, `inspector-${name}-${width}`);
    }
    assert.deepEqual(await violations(on), [], name);
    await on.setViewportSize({ width: 1280, height: 900 });
  }

  test("the code on the learner's page opens the launch, with what was wrong", async () => {
    const learner = await browser.newPage();
    await learner.setViewportSize({ width: 400, height: 700 });
    const inside = await demo.open(learner, link, { fault: "wrong-secret" });
    const code = await inside.locator("#reference").innerText();
    assert.match(code, /^[2-9A-HJ-NP-Z]{4}-[2-9A-HJ-NP-Z]{4}$/);
    await inside.getByRole("button", { name: "Copy" }).click();
    await inside.getByRole("button", { name: "Copied" }).waitFor();
    assert.ok(await inside.locator("body").evaluate((b) => b.scrollWidth <= innerWidth), "the refusal is wider than its frame");
    await screenshot(learner, "inspector-refusal-400");
    await demo.open(learner, link, { fault: "wrong-secret" });
    await learner.close();

    await page.goto(`${demo.site}/admin/launches`);
    await page.getByLabel("Code on the learner's page").fill(code.toLowerCase());
    await page.getByRole("button", { name: "Show" }).click();
    await page.getByRole("heading", { name: "What was wrong" }).waitFor();
    await see(page, /the secret in the LMS is another one/);
    await look(page, "launch");
    await page.goto(`${demo.site}/admin/launches`);
    await page.getByRole("heading", { name: "Launches that keep failing" }).waitFor();
    await look(page, "launches");
  });

  test("a link is tried as Canvas would, to the score", async () => {
    await page.goto(`${demo.site}/admin/consumers`);
    await page.getByRole("link", { name: "Sample LMS" }).click();
    await page.getByRole("link", { name: "Test a link" }).click();
    await page.getByLabel("Content").fill("block-v1:Lectern+Sample+2026+type@problem+block@sunlight");
    await page.getByLabel("From an LMS like").selectOption("canvas");
    await look(page, "test-form");
    await page.getByRole("button", { name: "Launch", exact: true }).click();
    const inside = await frameOf(page, "iframe[name=page]");
    await answer(inside, right);
    await see(inside, /Correct/);
    await look(page, "test-page");
    for (let i = 0; i < 20 && !(await page.getByText("It holds").count()); i++) {
      await page.waitForTimeout(500);
      await page.getByRole("link", { name: /Reload/ }).click();
    }
    await page.getByText("It holds 1").waitFor();
    await page.getByText("replaceResult").first().click();
    await see(page, /imsx_POXEnvelopeRequest/);
    await look(page, "test-done");
  });
});
