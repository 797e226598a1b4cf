// A course on its way into the LMS: teachers choose content there; the course
// team copies links, previews, connects an LMS and reviews an import.
import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { after, before, describe, test } from "node:test";
import { promisify } from "node:util";
import { missingBrowser, openBrowser, screenshot, tooWide, violations } from "./browser.mjs";
import { answer, course, frameOf, right, see, signIn, startDemo } from "./harness.mjs";

const skip = await missingBrowser();

// A small course, and the same without a unit and with another right answer.
const small = {
  "course.xml": '<course url_name="r" org="E2E" course="Small"/>',
  "course/r.xml": '<course display_name="Small course"><chapter url_name="c" display_name="One"><sequential url_name="s" display_name="Two"><vertical url_name="v" display_name="Three"><problem url_name="p"/></vertical><vertical url_name="w" display_name="Gone soon"><html url_name="h"/></vertical></sequential></chapter></course>',
  "html/h.xml": '<html filename="h" display_name="Text"/>', "html/h.html": "<p>Text</p>",
  "problem/p.xml": '<problem display_name="Four"><numericalresponse answer="4"><label>2 + 2</label><textline/></numericalresponse></problem>',
};
const smaller = {
  ...small,
  "course/r.xml": small["course/r.xml"].replace(/<vertical url_name="w".*?<\/vertical>/, ""),
  "problem/p.xml": small["problem/p.xml"].replace('answer="4"', 'answer="5"'),
};

async function archive(folder, name, files) {
  for (const [file, text] of Object.entries(files)) {
    await mkdir(join(folder, name, dirname(file)), { recursive: true });
    await writeFile(join(folder, name, file), text);
  }
  const path = join(folder, `${name}.tar.gz`);
  await promisify(execFile)("tar", ["-czf", path, "-C", join(folder, name), "."]);
  return path;
}

describe("into the LMS", { skip }, () => {
  let demo, browser, page, folder;
  before(async () => {
    folder = await mkdtemp(join(tmpdir(), "lectern-takeit-"));
    demo = await startDemo();
    browser = await openBrowser();
    page = await browser.newPage();
    await signIn(page, demo);
  });
  after(async () => {
    await browser?.close();
    await demo?.stop();
    if (folder) await rm(folder, { recursive: true, force: true });
  });

  // look checks a page at three widths and with axe-core.
  async function look(name) {
    for (const [width, height] of [[1280, 900], [600, 500], [390, 800]]) {
      await page.setViewportSize({ width, height });
      const wide = await tooWide(page);
      assert.ok(wide <= 1, `${name} is ${wide} pixels too wide at ${width}`);
      await screenshot(page, `takeit-${name}-${width}`);
    }
    assert.deepEqual(await violations(page), [], name);
    await page.setViewportSize({ width: 1280, height: 900 });
  }

  test("a teacher chooses two pieces; one is launched, and the score arrives", async () => {
    const lms = await openBrowser({ cookies: "allBlocked", javaScript: false });
    try {
      const tab = await lms.newPage();
      await tab.goto(`${demo.lms}/course?as=carla`);
      await tab.getByRole("link", { name: "Select content" }).click();
      const inside = tab.frameLocator("#tool");
      await inside.getByRole("button", { name: "Open the activity" }).press("Enter");
      await inside.getByRole("heading", { name: /^Choose content for/ }).waitFor();
      await inside.getByRole("checkbox", { name: /^Colour section/ }).check();
      await inside.getByLabel("Search").fill("how old is sunlight");
      await inside.getByLabel("Search").press("Enter");
      await inside.getByText("1 found").waitFor();
      await inside.getByRole("group", { name: "Chosen so far" }).getByRole("checkbox", { name: /^Colour/ }).waitFor();
      await inside.getByRole("checkbox", { name: /How old is sunlight/ }).press(" ");
      await inside.getByRole("button", { name: "Add to the course" }).press("Enter");
      await inside.getByRole("heading", { name: "2 links for Sample LMS" }).waitFor();
      await inside.getByRole("button", { name: "Add to Sample LMS" }).press("Enter");
      await inside.getByRole("heading", { name: "Added to the course" }).waitFor();
      assert.deepEqual(await inside.locator("#added li").allInnerTexts(), ["How old is sunlight? Graded", "Colour Graded"]);
    } finally {
      await lms.close();
    }
    await page.goto(`${demo.lms}/course?as=ana`);
    const link = (await page.getByRole("link", { name: "How old is sunlight?" }).getAttribute("href")).match(/link\/([^?]+)/)[1];
    const inside = await demo.open(page, link);
    await answer(inside, right);
    await demo.waitGrade("ana", link, 1);
  });

  test("the page for choosing is narrow, accessible and can be cancelled", async () => {
    await page.goto(`${demo.lms}/select?as=carla`);
    const inside = await demo.enter(page, "#tool");
    await inside.getByRole("heading", { name: /^Choose content for/ }).waitFor();
    assert.deepEqual(await violations(await frameOf(page)), []);
    for (const width of [1280, 600, 390]) {
      await page.setViewportSize({ width, height: 900 });
      await screenshot(page, `takeit-pick-${width}`);
    }
    await page.setViewportSize({ width: 1280, height: 900 });
    await inside.getByRole("button", { name: "Cancel" }).click();
    await inside.getByRole("heading", { name: "Nothing was added" }).waitFor();
    await see(inside, "Nothing was chosen.");
  });

  test("the course page: find, copy, preview", async () => {
    await page.goto(`${demo.site}/admin/courses/${course}`);
    await look("course");
    await page.getByLabel("Find in the course").fill("sunlight");
    await page.getByLabel("Find in the course").press("Enter");
    await page.getByText("1 found").waitFor();
    await browser.context.grantPermissions(["clipboard-read", "clipboard-write"]);
    await page.getByRole("button", { name: "Copy LTI link of How old is sunlight?" }).click();
    await page.getByText("Copied").waitFor();
    assert.equal(await page.evaluate(() => navigator.clipboard.readText()), demo.launchURL("problem", "sunlight"));
    await page.getByRole("link", { name: "How old is sunlight?" }).click();
    await page.getByText(/^1 live link points? here/).waitFor();
    await look("block");
    const [preview] = await Promise.all([browser.context.waitForEvent("page"), page.getByRole("button", { name: "Preview" }).click()]);
    await preview.getByText("no score is sent").waitFor();
    await answer(preview, right);
    await preview.getByText(/Correct/i).first().waitFor();
    assert.deepEqual(await violations(preview), []);
    await preview.close();
  });

  test("an LMS is connected with values to copy", async () => {
    await page.goto(`${demo.site}/admin/consumers`);
    await page.getByRole("link", { name: "Sample LMS" }).click();
    await page.getByRole("link", { name: /^Connect an LMS/ }).click();
    await page.getByRole("link", { name: "Moodle" }).click();
    assert.equal(await page.getByRole("textbox", { name: "Tool URL" }).inputValue(), `${demo.site}/lti_provider/content_item`);
    assert.equal(await page.getByRole("textbox", { name: "Consumer key" }).inputValue(), demo.consumer.consumer_key ?? demo.consumer.key);
    assert.ok(!(await page.content()).includes(demo.consumer.secret ?? demo.consumer.consumer_secret), "the secret is shown");
    await look("connect");
  });

  test("an import is reviewed, discarded, published", async () => {
    await page.goto(`${demo.site}/admin/courses`);
    const upload = async (path) => {
      await page.goto(`${demo.site}/admin/import`);
      await page.getByLabel("Course export (.tar.gz)").setInputFiles(path);
      await page.getByRole("button", { name: "Upload and review" }).click();
      await page.getByRole("heading", { name: "Review an import" }).waitFor();
    };
    await upload(await archive(folder, "small", small));
    await page.getByText("This course is not here yet.").waitFor();
    await page.getByRole("button", { name: "Publish" }).click();
    await page.getByRole("heading", { level: 1, name: "Small course" }).waitFor();
    const unit = await demo.addActivity("vertical", "w", { url: `${demo.site}/lti_provider/courses/course-v1:E2E+Small+r/block-v1:E2E+Small+r+type@vertical+block@w` });
    await demo.open(page, unit);
    const path = await archive(folder, "smaller", smaller);
    await upload(path);
    await page.getByRole("heading", { name: "Removed, and in use 1" }).waitFor();
    await page.getByRole("row", { name: /Gone soon .* 1 / }).waitFor();
    await page.getByRole("heading", { name: "Other right answers 1" }).waitFor();
    await look("review");
    await page.getByRole("button", { name: "Discard" }).click();
    await page.getByRole("heading", { level: 1, name: "Courses" }).waitFor();
    await upload(path);
    await page.getByRole("button", { name: "Publish" }).click();
    await page.getByText("The course is published.").waitFor();
    const rows = await page.getByRole("region", { name: "Imports" }).getByRole("row").allInnerTexts();
    assert.match(rows[1], /^2\s.*admin/);
    await page.goto(`${demo.site}/admin/import`);
    await look("upload");
  });
});
