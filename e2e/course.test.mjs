// The course page of the console: what became of every problem, found without
// scripts, and checked again once the site can run more.
import assert from "node:assert/strict";
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { after, before, describe, test } from "node:test";
import { missingBrowser, openBrowser, screenshot, tooWide, violations } from "./browser.mjs";
import { signIn, startDemo } from "./harness.mjs";

const skip = await missingBrowser();
const key = "course-v1:E2E+Checks+2026";
const question = '<numericalresponse answer="$x"><textline/></numericalresponse>';

// The course team's files.
const files = {
  "course.xml": '<course url_name="2026" org="E2E" course="Checks"/>',
  "course/2026.xml": `<course display_name="Checked course"><chapter url_name="c" display_name="One"><sequential url_name="s" display_name="Two">
    <vertical url_name="v" display_name="Three"><html url_name="h"/><problem url_name="fine"/><problem url_name="numbers"/><problem url_name="torn"/>
    <recommender url_name="r" display_name="Recommended reading"/></vertical></sequential></chapter></course>`,
  "html/h.xml": '<html filename="h" display_name="Text"/>',
  "html/h.html": '<p><a href="/static/gone.pdf">Slides</a></p>',
  "problem/fine.xml": '<problem display_name="Plain question"><numericalresponse answer="4"><textline/></numericalresponse></problem>',
  "problem/numbers.xml": `<problem display_name="Matrix question">\n<script type="loncapa/python">\nimport numpy\nx = numpy.e\n</script>${question}</problem>`,
  "problem/torn.xml": '<problem display_name="Torn question">\n<stringresponse answer="x"><optioninput/></stringresponse></problem>',
};

// A grader that knows one thing.
const grader = `process.stdin.resume().on("end", () => process.stdout.write(JSON.stringify(
  { protocol: 1, globals: { x: { text: "2.5", json: 2.5 } }, notes: ["Tabs are read as eight blanks."] })));`;

describe("the course page", { skip }, () => {
  let demo, browser, page, folder;
  before(async () => {
    folder = await mkdtemp(join(tmpdir(), "lectern-course-"));
    for (const [name, text] of Object.entries(files)) {
      await mkdir(join(folder, "course", dirname(name)), { recursive: true });
      await writeFile(join(folder, "course", name), text);
    }
    await writeFile(join(folder, "grader.mjs"), grader);
    demo = await startDemo({ settings: { LECTERN_GRADER_COMMAND: `${process.execPath} ${join(folder, "grader.mjs")}` } });
    await demo.lectern("course", "import", join(folder, "course"), "--grader-command=");
    browser = await openBrowser({ javaScript: false });
    page = await browser.newPage();
    await signIn(page, demo);
  });
  after(async () => {
    await browser?.close();
    await demo?.stop();
    if (folder) await rm(folder, { recursive: true, force: true });
  });

  const problems = () => page.getByRole("region", { name: "Problems", exact: true });
  const rows = async () => (await problems().locator("tbody tr").allInnerTexts()).map((t) => t.replace(/\s+/g, " "));

  // look checks a page at the widths of a screen, a phone and a narrow window.
  async function look(name) {
    for (const [width, height] of [[1280, 900], [600, 500], [400, 800]]) {
      await page.setViewportSize({ width, height });
      const wide = await tooWide(page);
      const widest = await page.evaluate(() => [...document.querySelectorAll("main *")]
        .filter((e) => e.getBoundingClientRect().right > document.documentElement.clientWidth + 1 && !e.parentElement.closest(".scroll"))
        .map((e) => e.outerHTML.slice(0, 120)).slice(0, 3).join("\n"));
      assert.ok(wide <= 1, `${name} is ${wide} pixels too wide at ${width}: ${widest}`);
      await screenshot(page, `${name}-${width}`);
    }
    await page.setViewportSize({ width: 1280, height: 900 });
  }

  test("the list leads to it, and it says what the course is and has", async () => {
    await page.goto(`${demo.site}/admin/courses`);
    await look("admin-courses-list");
    await page.getByRole("link", { name: "Checked course" }).click();
    await page.getByRole("heading", { level: 1, name: "Checked course" }).waitFor();
    const text = await page.getByRole("main").innerText();
    for (const words of [key, "problem 3", "1 of 3 work here: 1 native, 1 external grader, 1 broken", "/static/gone.pdf", "recommender"]) {
      assert.ok(text.includes(words) || (await page.content()).includes(words), `the page lacks ${words}`);
    }
    assert.equal(await page.getByRole("button", { name: /Copy/ }).count(), 0, "buttons that need a script");
    await look("admin-course-check");
  });

  test("what needs attention shows first, with the line and the reason", async () => {
    const list = await rows();
    assert.equal(list.length, 2, list.join("\n"));
    assert.match(list[0], /Matrix question numbers Grade again … external grader.* numpy/);
    assert.match(list[1], /Torn question torn Grade again … broken problem\/torn\.xml, line 2 .*optioninput/);
  });

  test("filter and search, by keyboard and without scripts", async () => {
    await page.getByLabel("Show", { exact: true }).selectOption("all");
    await page.getByLabel("with the words").fill("PLAIN");
    await page.getByLabel("with the words").press("Enter");
    await page.waitForURL(/status=all&q=PLAIN/);
    assert.equal((await rows()).length, 1);
    assert.match((await rows())[0], /Plain question fine Grade again … native works here/);
    await page.getByLabel("with the words").fill("nothing like it");
    await page.getByLabel("with the words").press("Enter");
    await page.getByText("No problem matches.").waitFor();
    await page.getByRole("link", { name: "Show all", exact: true }).press("Enter");
    await page.waitForURL(/status=all/);
    assert.equal((await rows()).length, 3);
    await page.getByLabel("Show", { exact: true }).selectOption("unsupported");
    await problems().getByRole("button", { name: "Show" }).press("Enter");
    await page.getByText("There is none of these.").waitFor();
    await look("admin-course-none");
  });

  test("Check again lets learners have what the external grader can do", async () => {
    await page.goto(`${demo.site}/admin/courses/${key}`);
    await page.getByRole("button", { name: "Check again" }).press("Enter");
    await page.getByRole("status").filter({ hasText: "What has changed is in effect" }).waitFor();
    const list = await rows();
    assert.match(list[0], /Matrix question numbers Grade again … external grader works here Tabs are read as eight blanks\./);
    assert.match(await page.getByRole("main").innerText(), /2 of 3 work here/);
    await look("admin-course-checked");
    await page.getByRole("button", { name: "Check again" }).press("Enter");
    await page.getByRole("status").filter({ hasText: "Nothing has changed" }).waitFor();
    const shown = await demo.lectern("course", "check", key, "--all").catch((err) => err);
    assert.equal(shown.code, 1, "a broken problem does not end with status 1");
    assert.match(shown.stdout, /external, works/);
  });

  test("axe-core finds nothing, and the page works with scripts, too", async () => {
    const other = await openBrowser();
    try {
      const tab = await other.newPage();
      await tab.goto(`${demo.site}/admin`);
      await tab.getByLabel("User name").fill("admin");
      await tab.getByLabel("Password").fill("seven colours in a drop");
      await tab.getByRole("button", { name: "Sign in" }).click();
      await tab.getByRole("heading", { name: "LTI Provider" }).waitFor();
      for (const path of ["", `/${key}`, `/${key}?status=broken`, `/${key}?status=python&q=x`]) {
        await tab.goto(`${demo.site}/admin/courses${path}`);
        assert.deepEqual(await violations(tab), [], path);
      }
    } finally {
      await other.close();
    }
  });
});
