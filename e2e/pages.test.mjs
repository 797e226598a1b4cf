// Every page: no accessibility violation that axe-core can find, and a
// screenshot at three widths in artifacts/ for people to look at.
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { missingBrowser, openBrowser, screenshot, violations } from "./browser.mjs";
import { answer, frameOf, right, signIn, startDemo, wrong } from "./harness.mjs";

const skip = await missingBrowser();
const widths = { desktop: 1280, phone: 390 };
const frameWidth = 700;

describe("pages", { skip }, () => {
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

  // check looks at the page shown now; its frame, too, when selector is given.
  async function check(name, selector) {
    const found = [];
    const sizes = selector ? { ...widths, frame: frameWidth + 40 } : widths;
    for (const [size, width] of Object.entries(sizes)) {
      await page.setViewportSize({ width, height: 900 });
      await page.waitForTimeout(250); // height messages and fonts
      const wide = await (selector ? await frameOf(page, selector) : page)
        .evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
      assert.ok(wide <= 1, `${name} is ${wide} pixels too wide at ${width}`);
      if (size === "phone" || !selector) found.push(...await violations(selector ? await frameOf(page, selector) : page));
      await screenshot(page, `${name}-${size}`);
    }
    await page.setViewportSize({ width: 1280, height: 900 });
    assert.deepEqual(found, []);
  }

  const units = [
    ["welcome", "vertical"], ["waves", "vertical"], ["first_try", "vertical"], ["quiz_choices", "vertical"],
    ["quiz_numbers", "vertical"], ["quiz_words", "vertical"], ["film", "vertical"], ["two_explanations", "vertical"],
    ["after_the_sky", "vertical"], ["draw_two", "vertical"], ["exam_tries", "vertical"], ["exam_pool", "vertical"],
    ["exam_closed", "vertical"], ["elsewhere_video", "vertical"], ["not_here", "vertical"],
    ["answer_picture", "vertical"], ["answer_program", "vertical"], ["answer_typed", "vertical"],
    ["mixing", "sequential"], ["light", "chapter"], ["sunlight", "problem"], ["mixing_film", "video"], ["wave_text", "html"],
  ];
  for (const [name, type] of units) {
    test(`${type} ${name} in a frame`, async () => {
      const link = await demo.addActivity(type, name);
      const errors = [];
      page.removeAllListeners("pageerror");
      page.on("pageerror", (err) => errors.push(err.message));
      const inside = await demo.open(page, link);
      assert.equal(await inside.getByRole("alert").count(), 0, "an error page");
      await check(`learn-${type}-${name}`, "#tool");
      assert.deepEqual(errors, []);
    });
  }

  test("a problem answered wrong, then right", async () => {
    const link = await demo.addActivity("problem", "sunlight");
    const inside = await demo.open(page, link, { as: "ben" });
    await answer(inside, wrong);
    await inside.getByText("Incorrect (0/1 point)").waitFor();
    await check("learn-answered-wrong", "#tool");
    await answer(inside, right);
    await inside.getByText("Correct (1/1 point)").waitFor();
    await check("learn-answered-right", "#tool");
  });

  test("a hint and the attempts used", async () => {
    const link = await demo.addActivity("problem", "three_tries");
    const inside = await demo.open(page, link);
    await inside.getByRole("textbox").fill("10");
    await inside.getByRole("button", { name: "Submit" }).press("Enter");
    await inside.getByText("You have used 1 of 3 attempts").waitFor();
    await check("learn-attempts", "#tool");
    const sky = await demo.open(page, await demo.addActivity("problem", "sky_blue"));
    await sky.getByRole("button", { name: "Hint" }).press("Enter");
    await sky.getByText(/Hint \(1 of 2\)/).waitFor();
    await check("learn-hint", "#tool");
  });

  test("a launch that was refused", async () => {
    const link = await demo.addActivity("problem", "sunlight");
    await demo.open(page, link, { fault: "wrong-secret" });
    await check("refused", "#tool");
  });

  for (const path of ["course", "gradebook", "settings", "break", "return?lti_errormsg=Too+late"]) {
    test(`the LMS's page ${path}`, async () => {
      await page.goto(`${demo.lms}/${path}`);
      await check(`lms-${path.replace(/\?.*/, "")}`);
    });
  }

  test("the public page and the sign-in", async () => {
    await page.goto(`${demo.site}/`);
    await check("home");
    await page.goto(`${demo.site}/admin`);
    await check("admin-sign-in");
    await page.goto(demo.console);
    await check("admin-first-password");
  });

  test("the console", async () => {
    await signIn(page, demo);
    await check("admin-home");
    for (const [name, path] of [
      ["consumers", "consumers"], ["consumer-add", "consumers/add"], ["courses", "courses"], ["launches", "launches"], ["scores", "scores"],
    ]) {
      await page.goto(`${demo.site}/admin/${path}`);
      await check(`admin-${name}`);
    }
    await page.goto(`${demo.site}/admin/courses`);
    await page.getByRole("main").getByRole("link", { name: /Light and Colour|course-v1/ }).first().click();
    await page.getByRole("heading", { level: 1 }).waitFor();
    await check("admin-course");
    await page.goto(`${demo.site}/admin/consumers`);
    await page.getByRole("link", { name: "Sample LMS" }).first().click();
    await page.getByLabel("Consumer Name").waitFor();
    await check("admin-consumer");
  });
});
