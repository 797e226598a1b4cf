// What people do with browsers: F5, Back, second tabs, two people at one
// machine.
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { cookieModes, missingBrowser, openBrowser } from "./browser.mjs";
import { answer, frameOf, right, see, startDemo, wrong } from "./harness.mjs";

const skip = await missingBrowser();

describe("browsers and what people do with them", { skip }, () => {
  let demo;
  before(async () => { demo = await startDemo(); });
  after(() => demo?.stop());

  for (const [cookies, name] of Object.entries(cookieModes)) {
    test(`reload inside the frame, ${name}`, async () => {
      const link = await demo.addActivity("problem", "sunlight");
      const browser = await openBrowser({ cookies });
      try {
        const page = await browser.newPage();
        const inside = await demo.open(page, link);
        await answer(inside, right);
        await see(inside, "Correct (1/1 point)");
        let launches = 0;
        page.on("request", (r) => { if (r.url().includes("/lti_provider/")) launches++; });
        const frame = await frameOf(page);
        await Promise.all([frame.waitForNavigation(), frame.evaluate(() => location.reload())]);
        assert.ok(await inside.getByRole("radio", { name: right }).isChecked());
        assert.equal(launches, 0, "a reload of the frame launched again");
        await page.reload();
        await demo.enter(page, "#tool");
        assert.ok(await inside.getByRole("radio", { name: right }).isChecked());
      } finally {
        await browser.close();
      }
    });

    test(`units, Next and Back, ${name}`, async () => {
      const link = await demo.addActivity("sequential", "what_is_light");
      const browser = await openBrowser({ cookies });
      try {
        const page = await browser.newPage();
        const inside = await demo.open(page, link, { as: "ben" });
        if (!(await inside.getByText("What is where").count())) { // Ben was further when he left
          await inside.getByRole("navigation").getByRole("link", { name: /Welcome/ }).first().press("Enter");
        }
        await see(inside, "What is where");
        await inside.getByRole("link", { name: /^Next/ }).press("Enter");
        await see(inside, "One wavelength, from crest to crest.");
        await inside.getByRole("navigation").getByRole("link", { name: /Why is the sky blue/ }).first().press("Enter");
        await see(inside, "Sunlight holds all colours, yet the sky is blue.");
        await page.evaluate(() => history.back()); // the frame goes back, the LMS's page stays
        await see(inside, "One wavelength, from crest to crest.");
        const again = await demo.open(page, link, { as: "ben" });
        await again.locator("[aria-current=page]").waitFor(); // the place is remembered
        assert.equal(await again.getByText("What is where").count(), 0);
      } finally {
        await browser.close();
      }
    });

    test(`two tabs and two learners never mix, ${name}`, async () => {
      const link = await demo.addActivity("problem", "sunlight");
      const browser = await openBrowser({ cookies });
      try {
        const page = await browser.newPage();
        const ana = await demo.open(page, link, { as: "ana" });
        await page.evaluate((src) => {
          const frame = document.createElement("iframe");
          Object.assign(frame, { id: "other", title: "Other", src });
          document.querySelector("main").append(frame);
        }, `/launch/${link}?as=ben`);
        const ben = await demo.enter(page, "#other");
        const second = await browser.newPage();
        const anaAgain = await demo.open(second, link, { as: "ana" });

        await answer(ben, wrong);
        await see(ben, "Incorrect (0/1 point)");
        await answer(ana, right);
        await see(ana, "Correct (1/1 point)");
        await demo.waitGrade("ben", link, 0);
        await demo.waitGrade("ana", link, 1);

        const frame = await frameOf(second);
        await Promise.all([frame.waitForNavigation(), frame.evaluate(() => location.reload())]);
        assert.ok(await anaAgain.getByRole("radio", { name: right }).isChecked(), "the second tab shows another state");
        const benFrame = await frameOf(page, "#other");
        await Promise.all([benFrame.waitForNavigation(), benFrame.evaluate(() => location.reload())]);
        assert.ok(await ben.getByRole("radio", { name: wrong }).isChecked(), "Ben sees an answer that is not his");
      } finally {
        await browser.close();
      }
    });
  }

  test("the frame takes the height of its page", async () => {
    const link = await demo.addActivity("sequential", "light_quiz");
    const browser = await openBrowser();
    try {
      const page = await browser.newPage();
      await demo.open(page, link);
      await page.waitForFunction(() => document.getElementById("tool").offsetHeight > 700);
      const frame = await frameOf(page);
      assert.ok(await frame.evaluate(() => document.documentElement.scrollHeight <= innerHeight + 1), "the frame scrolls inside");
    } finally {
      await browser.close();
    }
  });
});
