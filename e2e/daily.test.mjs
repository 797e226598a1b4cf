// The course team's daily work: dates, one learner's work and score, grading
// again, versions; and what a teacher sees in the LMS. Every page is looked at
// on a screen and on a phone in the dark.
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { missingBrowser, openBrowser, screenshot, tooWide, violations } from "./browser.mjs";
import { answer, course, frameOf, see, signIn, startDemo, wrong } from "./harness.mjs";

const skip = await missingBrowser();

describe("the course team's daily work", { skip }, () => {
  let demo, browser, page, link;
  before(async () => {
    demo = await startDemo();
    browser = await openBrowser();
    page = await browser.newPage();
    await signIn(page, demo);
    link = await demo.addActivity("problem", "sunlight");
    const tab = await browser.newPage();
    const inside = await demo.open(tab, link);
    await answer(inside, wrong);
    await demo.waitGrade("ana", link, 0);
    await tab.close();
  });
  after(async () => {
    await browser?.close();
    await demo?.stop();
  });

  // look checks a page, or a frame in one.
  async function look(name, tab = page, frame = tab) {
    for (const [width, height, colorScheme] of [[1280, 900, "light"], [390, 800, "dark"]]) {
      await tab.setViewportSize({ width, height });
      await tab.emulateMedia({ colorScheme });
      const wide = await tooWide(frame);
      assert.ok(wide <= 1, `${name} is ${wide} pixels too wide at ${width}`);
      await screenshot(tab, `daily-${name}-${width}`);
    }
    assert.deepEqual(await violations(frame), [], name);
    await tab.setViewportSize({ width: 1280, height: 900 });
    await tab.emulateMedia({ colorScheme: "light" });
  }

  test("dates: the effect first, then the rule", async () => {
    await page.goto(`${demo.site}/admin/dates/${course}`);
    await page.getByLabel("Ignore: everything has started").check();
    await page.getByRole("button", { name: "See the effect" }).click();
    await page.getByRole("heading", { name: "What learners meet today" }).waitFor();
    assert.ok(await page.getByLabel("Ignore: everything has started").isChecked(), "the choice is forgotten");
    await look("dates");
    await page.getByRole("button", { name: "Save" }).click();
    await page.getByRole("status").waitFor();
    assert.ok(await page.getByLabel("Ignore: everything has started").isChecked(), "the rule is not kept");
  });

  test("one learner: the score at the LMS is shown before it changes", async () => {
    const [{ lti_user_id: name }] = JSON.parse(await demo.lectern("score", "list", "--json"));
    await page.goto(`${demo.site}/admin/learners/${course}`);
    await page.getByLabel("User name, or the user ID in the LMS").fill(name);
    await page.getByRole("button", { name: "Find" }).click();
    await page.getByRole("region", { name: "Scores of the learner" }).getByRole("link", { name: /^Open/ }).first().click();
    await page.getByLabel(/^Points, of/).fill("0.5");
    await page.getByLabel("Why").first().fill("Answered aloud");
    await page.getByRole("button", { name: "See the effect" }).click();
    await page.getByRole("group", { name: "Scores at the LMS" }).first().waitFor();
    await look("learner");
    await page.getByRole("button", { name: "Give", exact: true }).first().click();
    await page.getByRole("status").waitFor();
    await demo.waitGrade("ana", link, 0.5);
  });

  test("graded again: who changes is found out before anything does", async () => {
    await page.goto(`${demo.site}/admin/courses/${course}?status=all#problems`);
    await page.getByRole("row", { name: /sunlight/ }).getByRole("link", { name: /Grade again/ }).click();
    await look("rescore");
    await page.getByRole("button", { name: "Find out who changes" }).click();
    await see(page, /score changes|get another score|gets another score/);
    await look("rescored");
  });

  test("versions, and what deleting the course would break", async () => {
    await page.goto(`${demo.site}/admin/versions/${course}`);
    await page.getByRole("region", { name: "Versions", exact: true }).waitFor();
    await look("versions");
    await page.getByRole("link", { name: "Delete the course …" }).click();
    await see(page, /would lead nowhere/);
    await page.getByLabel(/Type the course key/).fill("something else");
    await page.getByRole("button", { name: "Delete the course" }).click();
    await see(page, "This is not the key of the course.");
    await look("delete-course");
  });

  test("search, settings, audit and help", async () => {
    await page.goto(`${demo.site}/admin/search?q=sunlight`);
    await see(page, /sunlight/);
    for (const path of ["search?q=sunlight", "settings", "audit", "help/course-team/links.md"]) {
      await page.goto(`${demo.site}/admin/${path}`);
      await look(path.replace(/\W+/g, "-"));
    }
  });

  test("a consumer's dates, what deleting it would do, and Connect pages", async () => {
    await page.goto(`${demo.site}/admin/consumers`);
    const consumer = await page.locator('main a[href^="/admin/consumers/"]:not([href$="/add"])').first().getAttribute("href");
    for (const below of ["dates", "delete", "connect", "connect/moodle"]) {
      await page.goto(`${demo.site}${consumer}/${below}`);
      await look(`consumer-${below.replace("/", "-")}`);
    }
  });

  test("a teacher in the LMS sees the learners of the course and how questions went", async () => {
    const tab = await browser.newPage();
    const inside = await demo.open(tab, link, { as: "carla" });
    for (const [name, words] of [["Learners", /1 learner/], ["Questions", /answered/]]) {
      await inside.getByRole("link", { name, exact: true }).press("Enter");
      await see(inside, words);
      await look(`team-${name.toLowerCase()}`, tab, await frameOf(tab));
    }
    await tab.close();
  });
});
