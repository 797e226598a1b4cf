// A launch that cannot work ends on a page the learner can act on: a heading,
// what to do, a code to mention; and nothing reaches the gradebook.
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { missingBrowser, openBrowser, violations } from "./browser.mjs";
import { answer, frameOf, right, see, signIn, startDemo } from "./harness.mjs";

const skip = await missingBrowser();

describe("a launch that cannot work", { skip }, () => {
  let demo, browser, link;
  before(async () => {
    demo = await startDemo({ settings: { LECTERN_ACCESS_REQUESTS: "true" } });
    link = await demo.addActivity("problem", "sunlight");
    browser = await openBrowser({ cookies: "thirdPartyBlocked" });
  });
  after(async () => {
    await browser?.close();
    await demo?.stop();
  });

  // refused opens a broken launch and returns the text of the page.
  async function refused(status, options, activity = link) {
    const page = await browser.newPage();
    try {
      const answered = page.waitForResponse((r) => r.request().method() === "POST" && r.url().startsWith(`${demo.site}/lti_provider/`));
      const inside = await demo.open(page, activity, options);
      assert.equal((await answered).status(), status);
      assert.equal(await inside.getByRole("heading", { level: 1 }).count(), 1);
      assert.equal(await inside.getByRole("alert").count(), 1);
      assert.match(await inside.getByRole("code").or(inside.locator("code")).first().innerText(), /^[a-z]+(_[a-z]+)+$/);
      return await inside.getByRole("alert").innerText();
    } finally {
      await page.close();
    }
  }

  for (const [fault, status, text] of [
    ["wrong-secret", 403, /credentials.*teacher/i],
    ["unknown-key", 403, /credentials.*teacher/i],
    ["tampered", 403, /credentials.*teacher/i],
    ["stale", 403, /again/i],
    ["clock-behind", 403, /again|clock/i],
    ["clock-ahead", 403, /again|clock/i],
    ["missing-user", 400, /user_id/],
    ["empty-user", 400, /./],
    ["repeated-user", 400, /./],
    ["missing-roles", 400, /roles/],
  ]) {
    test(fault, async () => {
      const page = await refused(status, { fault });
      assert.match(page, text);
      assert.doesNotMatch(page, /oauth_signature|sourcedid|goroutine|\.go:/);
    });
  }

  test("an address nobody knows", async () => {
    const nowhere = await demo.addActivity("problem", "no_such_problem");
    await refused(404, {}, nowhere);
  });

  test("a launch posted again in another browser", async () => {
    const page = await browser.newPage();
    await answer(await demo.open(page, link, { as: "ben" }), right);
    const other = await openBrowser({ cookies: "allBlocked" });
    try {
      const inside = await demo.open(await other.newPage(), link, { as: "ben", fault: "replay" });
      await see(inside, /open it again/i);
      assert.equal(await inside.getByRole("button", { name: "Submit" }).count(), 0);
    } finally {
      await other.close();
      await page.close();
    }
  });

  test("a launch posted again where it was opened leads back to it", async () => {
    const page = await browser.newPage();
    const first = await demo.open(page, link, { as: "carla" });
    await first.getByRole("button", { name: "Submit" }).waitFor();
    const at = (await frameOf(page)).url();
    const again = await demo.open(page, link, { as: "carla", fault: "replay" });
    await again.getByRole("button", { name: "Submit" }).waitFor();
    assert.equal((await frameOf(page)).url(), at);
    await page.close();
  });

  test("who comes with a key that nobody knows asks for access in the frame, and is let in", async () => {
    const page = await browser.newPage();
    const inside = await demo.open(page, link, { fault: "unknown-key" });
    await inside.getByRole("link", { name: "Ask for access" }).click();
    await inside.getByLabel("Your name").fill("Carla Teacher");
    await inside.getByLabel("School or organisation").fill("A school");
    await inside.getByLabel("E-mail address").fill("carla@school.example");
    assert.deepEqual(await violations(await frameOf(page)), []);
    await inside.getByRole("button", { name: "Send the request" }).press("Enter");
    await inside.getByRole("heading", { name: "Your request was sent" }).waitFor();
    assert.deepEqual(await violations(await frameOf(page)), []);
    await page.close();

    const own = await openBrowser();
    try {
      const desk = await own.newPage();
      await signIn(desk, demo);
      await desk.getByRole("link", { name: "Look at the requests" }).click();
      assert.deepEqual(await violations(desk), []);
      await desk.getByRole("row", { name: /Carla Teacher/ }).getByRole("link").first().click();
      assert.deepEqual(await violations(desk), []);
      await desk.getByLabel("Consumer Name").fill("A school's LMS");
      await desk.getByRole("button", { name: "Approve and make the consumer" }).click();
      assert.match(await desk.getByLabel("Message to carla@school.example").inputValue(), /Consumer key: \S/);
      assert.deepEqual(await violations(desk), []);
    } finally {
      await own.close();
    }
  });

  test("nothing of all this reached the gradebook", async () => {
    const { grades } = await demo.gradebook();
    assert.deepEqual(grades.filter((g) => g.User === "ana"), []);
  });
});
