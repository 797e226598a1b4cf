// Where every score is: from a learner's answer to what the gradebook holds.
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { missingBrowser, openBrowser, screenshot, violations } from "./browser.mjs";
import { answer, right, see, signIn, startDemo } from "./harness.mjs";

const skip = await missingBrowser();

describe("the operator sees where every score is", { skip }, () => {
  let demo, browser, page, link, inside;
  before(async () => {
    demo = await startDemo();
    browser = await openBrowser();
    page = await browser.newPage();
    await signIn(page, demo);
    link = await demo.addActivity("problem", "sunlight");
    const tab = await browser.newPage();
    inside = await demo.open(tab, link);
    await answer(inside, right);
    await demo.waitGrade("ana", link, 1);
    await page.bringToFront(); // a tab behind another is not drawn
  });
  after(async () => {
    await browser?.close();
    await demo?.stop();
  });

  // shoot keeps pictures for people when asked to.
  const shoot = async (name) => {
    if (!process.env.LECTERN_SHOTS) return;
    for (const [width, height] of [[1280, 900], [600, 500], [400, 900]]) {
      await page.setViewportSize({ width, height });
      await screenshot(page, `${name}-${width}`);
    }
    await page.setViewportSize({ width: 1280, height: 900 });
  };

  test("the learner reads that the score was sent, where and when", async () => {
    await see(inside, /Sent to .+ \d?\d:\d\d/);
  });

  test("the score is delivered, and the LMS is asked what it holds", async () => {
    await page.goto(`${demo.site}/admin/scores?state=delivered`);
    await page.getByRole("checkbox", { name: /^Select the score/ }).first().check();
    await page.getByRole("button", { name: "Compare selected" }).click();
    await page.getByRole("status").first().waitFor();
    for (let n = 0; n < 40 && await page.getByText(/1 there, 1 here/).count() === 0; n++) {
      await page.waitForTimeout(250);
      await page.goto(`${demo.site}/admin/scores?state=delivered`);
    }
    await page.getByText(/1 there, 1 here/).first().waitFor();
    assert.deepEqual(await violations(page), []);
    await shoot("scores");
  });

  test("one score shows its tries, and can be sent again with the keyboard alone", async () => {
    await page.getByRole("region", { name: "Scores" }).getByRole("link").first().click();
    await page.getByRole("heading", { name: "Tries" }).waitFor();
    assert.deepEqual(await violations(page), []);
    await shoot("score");
    await page.getByRole("button", { name: "Send again" }).focus();
    await page.keyboard.press("Enter");
    await page.getByText("on their way again").waitFor();
    for (let n = 0; n < 40 && await page.getByText("taken", { exact: true }).count() < 2; n++) {
      await page.waitForTimeout(250);
      await page.reload();
    }
    assert.equal(await page.getByText("taken", { exact: true }).count(), 2);
  });

  test("filters are in the address, and the list can be downloaded", async () => {
    await page.goto(`${demo.site}/admin/scores`);
    await page.getByLabel("Learner", { exact: true }).fill("nobody at all");
    await page.getByRole("button", { name: "Show", exact: true }).click();
    await page.getByText("No score matches.").waitFor();
    assert.match(page.url(), /learner=nobody/);
    await page.getByRole("main").getByRole("link", { name: "Show all" }).first().click();
    const download = page.waitForEvent("download");
    await page.getByRole("link", { name: "Download CSV" }).click();
    assert.equal((await download).suggestedFilename(), "scores.csv");
  });

  test("a second secret can be made and dropped", async () => {
    await page.goto(`${demo.site}/admin/consumers`);
    await page.getByRole("main").getByRole("table").getByRole("link").first().click();
    await page.getByRole("button", { name: "Make a new secret beside it" }).click();
    await page.getByText("no launch was signed with it").waitFor();
    assert.deepEqual(await violations(page), []);
    await shoot("secrets");
    await page.getByRole("button", { name: "Drop the current one" }).click();
    await page.getByText("The secret was dropped.").waitFor();
  });
});
