// Blocks that are no problems: things to drag, votes, words, annotations and
// tools, by mouse, by touch, by keyboard and without JavaScript.
import assert from "node:assert/strict";
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { createServer } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { missingBrowser, openBrowser, screenshot, tooWide, violations } from "./browser.mjs";
import { frameOf, see, startDemo } from "./harness.mjs";

const skip = await missingBrowser();
const widths = { desktop: 1280, frame: 640, phone: 400 };

describe("blocks", { skip }, () => {
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

  // check looks at the frame at three widths: nothing too wide, nothing that
  // axe-core finds.
  async function check(name) {
    const found = [];
    for (const [size, width] of Object.entries(widths)) {
      await page.setViewportSize({ width, height: 900 });
      await page.waitForTimeout(250);
      const frame = await frameOf(page);
      const wide = await tooWide(frame);
      assert.ok(wide <= 1, `${name} is ${wide} pixels too wide at ${width}`);
      found.push(...await violations(frame));
      await screenshot(page, `blocks-${name}-${size}`);
    }
    await page.setViewportSize({ width: 1280, height: 900 });
    await page.waitForTimeout(200);
    assert.deepEqual(found, []);
  }

  // middle is where a pointer aims at in the page.
  async function middle(locator) {
    await locator.scrollIntoViewIfNeeded();
    const box = await locator.boundingBox();
    return { x: box.x + box.width / 2, y: box.y + box.height / 2 };
  }

  const item = (inside, name) => inside.locator(".drag-board").first().getByRole("button", { name, exact: true });
  const zone = (inside, name) => inside.locator(`.drag-board >> nth=0 >> .drag-zone[data-name="${name}"]`);

  // still waits until the answer to the drop before is there and the frame has
  // its height: until then nothing can be dragged, or what is aimed at moves.
  async function still(inside) {
    await inside.locator(".block-drag:not([aria-busy])").waitFor();
    for (let height = -1, now = 0; height !== now;) {
      height = now;
      await page.waitForTimeout(250);
      now = (await page.locator("#tool").boundingBox()).height;
    }
  }

  async function dragTo(inside, name, target) {
    await still(inside);
    await target.scrollIntoViewIfNeeded();
    const from = await middle(item(inside, name));
    const box = await target.boundingBox();
    const to = { x: box.x + box.width / 2, y: box.y + box.height / 2 };
    await page.mouse.move(from.x, from.y);
    await page.mouse.down();
    await page.mouse.move(from.x + 12, from.y + 12, { steps: 3 });
    await page.mouse.move(to.x, to.y, { steps: 6 });
    await page.mouse.up();
  }

  test("drag and drop by mouse, judged at once", async () => {
    const link = await demo.addActivity("drag-and-drop-v2", "wave_order");
    const errors = [];
    page.on("pageerror", (err) => errors.push(err.message));
    const inside = await demo.open(page, link);
    await item(inside, "Red").waitFor();
    await page.waitForTimeout(300); // the frame grows to its content
    await check("drag-standard");
    await dragTo(inside, "Red", zone(inside, "First place"));
    await see(inside, "1 item does not belong there");
    await see(inside, "Red belongs further to the long waves.");
    await demo.waitGrade("ana", link, 0);
    await dragTo(inside, "Red", zone(inside, "Fourth place"));
    await see(inside, "Red has the longest waves that we see.");
    assert.equal(await zone(inside, "Fourth place").locator(".drag-item").innerText().then((s) => s.trim().replace(/\s+/g, " ")), "✓ Right: Red");
    await demo.waitGrade("ana", link, 0.25);
    await check("drag-standard-one");
    for (const [name, to] of [["Violet", "First place"], ["Green", "Second place"], ["Orange", "Third place"]]) {
      await dragTo(inside, name, zone(inside, to));
      await zone(inside, to).locator(".drag-item").waitFor();
    }
    await see(inside, "Correct (1/1 point)");
    await see(inside, "From violet to red the waves grow");
    await demo.waitGrade("ana", link, 1);
    await check("drag-standard-all");
    assert.deepEqual(errors, []);
  });

  test("drag and drop by keyboard, three attempts", async () => {
    const link = await demo.addActivity("drag-and-drop-v2", "prism_parts");
    const inside = await demo.open(page, link);
    const key = async (name, ...keys) => {
      await item(inside, name).focus();
      for (const k of keys) await page.keyboard.press(k);
    };
    await key("White light", "Enter");
    await check("drag-picking");
    await page.keyboard.press("Escape");
    assert.equal(await item(inside, "White light").getAttribute("aria-pressed"), "false");
    await key("White light", " ", "Enter"); // the first place
    await zone(inside, "Before the glass").getByRole("button", { name: "White light" }).waitFor();
    await key("Prism", "Enter", "ArrowRight", "Enter");
    await key("Red light", "Enter", "ArrowLeft", "ArrowLeft", "Enter"); // around to the last but one
    await key("Lens", "Enter", "ArrowDown", "ArrowDown", "ArrowDown", "Enter");
    assert.equal(await zone(inside, "Foot of the fan").innerText().then((s) => s.includes("Lens")), true);
    await inside.getByText("You have used 0 of 3 attempts.").waitFor();
    await inside.getByRole("button", { name: "Submit" }).press("Enter");
    await see(inside, "Partially correct (1.2/2 points)");
    await see(inside, "Correctly placed 3 items.");
    await see(inside, "Misplaced 1 item. It is back among the items.");
    await see(inside, "Did not place 1 required item.");
    await see(inside, "There is no lens in this picture.");
    await demo.waitGrade("ana", link, 0.6);
    await check("drag-attempt");
    await key("Violet light", "Enter", "ArrowLeft", "Enter");
    await inside.getByRole("button", { name: "Submit" }).press("Enter");
    await see(inside, "Correct (2/2 points)");
    await demo.waitGrade("ana", link, 1);
    await inside.getByRole("button", { name: "Show answer" }).press("Enter");
    await see(inside, "Newton found in 1666");
    await check("drag-answer");
  });

  test("drag and drop by touch and by lists", async () => {
    const link = await demo.addActivity("drag-and-drop-v2", "prism_parts");
    await page.setViewportSize({ width: 400, height: 900 });
    const inside = await demo.open(page, link, { as: "ben" });
    await item(inside, "Prism").waitFor();
    await page.waitForTimeout(300);
    const session = await browser.context.newCDPSession(page);
    const touch = (type, at) => session.send("Input.dispatchTouchEvent", { type, touchPoints: at ? [{ x: at.x, y: at.y, id: 1 }] : [] });
    const to = await middle(zone(inside, "The glass"));
    const from = await middle(item(inside, "Prism"));
    await touch("touchStart", from);
    for (const part of [0.2, 0.5, 0.8, 1]) await touch("touchMove", { x: from.x + (to.x - from.x) * part, y: from.y + (to.y - from.y) * part });
    await touch("touchEnd");
    await zone(inside, "The glass").getByRole("button", { name: "Prism" }).waitFor();
    // A tap picks, a tap places.
    await item(inside, "Red light").click();
    await inside.getByRole("button", { name: "Top of the fan" }).click();
    await zone(inside, "Top of the fan").getByRole("button", { name: "Red light" }).waitFor();
    await inside.getByLabel("Choose places from lists").check();
    await inside.getByLabel("White light").selectOption("Before the glass");
    await zone(inside, "Before the glass").getByRole("button", { name: "White light" }).waitFor();
    await check("drag-lists");
    await page.reload(); // every drop was kept
    const later = await demo.enter(page, "#tool");
    await zone(later, "Top of the fan").getByRole("button", { name: "Red light" }).waitFor();
    await zone(later, "Before the glass").getByRole("button", { name: "White light" }).waitFor();
    await later.getByRole("button", { name: "Reset" }).press("Enter");
    await see(later, "All items are back where they were.");
    await see(later, "You have used 0 of 3 attempts.");
  });

  test("drag and drop without JavaScript", async () => {
    const plain = await openBrowser({ javaScript: false });
    try {
      const tab = await plain.newPage();
      const waves = await demo.addActivity("drag-and-drop-v2", "wave_order");
      let inside = await demo.open(tab, waves, { as: "ben", javaScript: false });
      await inside.getByLabel("Red").selectOption("Fourth place");
      await inside.getByLabel("Green").selectOption("First place");
      await inside.getByRole("button", { name: "Check" }).click();
      await see(inside, "Correctly placed 1 item; the others are back where they were.");
      await see(inside, "Green lies between violet and orange.");
      await screenshot(tab, "blocks-drag-plain");
      await demo.waitGrade("ben", waves, 0.25);
      const prism = await demo.addActivity("drag-and-drop-v2", "prism_parts");
      inside = await demo.open(tab, prism, { as: "carla", javaScript: false });
      await inside.getByLabel("Prism").selectOption("The glass");
      await inside.getByRole("button", { name: "Submit" }).click();
      await see(inside, "Partially correct (0.8/2 points)");
      await see(inside, "You have used 1 of 3 attempts.");
    } finally {
      await plain.close();
    }
  });

  test("a poll and a survey, counted for all learners", async () => {
    const link = await demo.addActivity("vertical", "opinions", { graded: false });
    let inside = await demo.open(page, link);
    await check("poll-before");
    await inside.getByRole("button", { name: "Vote" }).first().press("Enter");
    await see(inside, "Please choose an answer to every question first.");
    await inside.getByRole("radio", { name: "Green" }).press(" ");
    await inside.getByRole("button", { name: "Vote" }).first().press("Enter");
    await see(inside, "Your vote was counted.");
    await see(inside, "Results so far, 1 vote");
    await see(inside, "Painters have fought");
    assert.equal(await inside.getByRole("radio", { name: "Green" }).count(), 0, "one may vote once");
    await inside.getByRole("group", { name: "Was it clear?" }).getByLabel("Yes").press(" ");
    await inside.getByRole("group", { name: "Was it too long?" }).getByLabel("No").press(" ");
    await inside.getByRole("button", { name: "Vote" }).press("Enter");
    await inside.getByRole("button", { name: "Vote again" }).waitFor();

    inside = await demo.open(page, link, { as: "ben" });
    await inside.getByRole("radio", { name: "Red" }).press(" ");
    await inside.getByRole("button", { name: "Vote" }).first().press("Enter");
    await see(inside, "Results so far, 2 votes");
    assert.match(await inside.getByRole("row", { name: /Green/ }).innerText(), /50 % \(1\)/);
    for (const answer of ["Yes", "More or less"]) { // this survey takes any number of votes
      await inside.getByRole("group", { name: "Was it clear?" }).getByLabel(answer).press(" ");
      await inside.getByRole("group", { name: "Was it too long?" }).getByLabel("No").press(" ");
      await inside.getByRole("button", { name: /^Vote/ }).press("Enter");
      await inside.getByRole("cell", { name: answer === "Yes" ? "100 % your answer" : "50 % your answer" }).first().waitFor();
    }
    await check("poll-after");
    assert.deepEqual((await demo.gradebook()).grades.filter((g) => g.Link === link), [], "a poll was graded");
  });

  test("a word cloud, without JavaScript and with", async () => {
    const link = await demo.addActivity("vertical", "words_together", { graded: false });
    const plain = await openBrowser({ javaScript: false });
    try {
      const inside = await demo.open(await plain.newPage(), link, { javaScript: false });
      await inside.getByLabel("Word 1").fill("  Sun ");
      await inside.getByLabel("Word 3").fill('<img src=x onerror="alert(1)">');
      await inside.getByRole("button", { name: "Save" }).click();
      await see(inside, "Your words: sun, <img");
      await inside.getByRole("button", { name: "Mark as complete" }).click();
      await see(inside, "You have marked this as complete.");
    } finally {
      await plain.close();
    }
    const inside = await demo.open(page, link, { as: "ben" });
    await inside.getByLabel("Word 1").fill("sun");
    await inside.getByLabel("Word 2").fill("Rainbow");
    await inside.getByRole("button", { name: "Save" }).press("Enter");
    await see(inside, "Your words are in the cloud.");
    await inside.getByText("The same as a table").press("Enter");
    assert.match(await inside.getByRole("row", { name: /^sun/ }).innerText(), /2\s+50 %/);
    assert.equal(await inside.locator(".cloud img").count(), 0, "a word became an element");
    await check("cloud");
  });

  test("comments on a text", async () => {
    const link = await demo.addActivity("vertical", "close_reading", { graded: false });
    const inside = await demo.open(page, link);
    await inside.getByRole("button", { name: "Comment 2: A narrow beam" }).press("Enter");
    const note = inside.getByText("A narrow beam matters");
    await note.waitFor();
    const [mark, box] = [await inside.getByRole("button", { name: "Comment 2" }).boundingBox(), await note.boundingBox()];
    assert.ok(Math.abs(box.y - mark.y) < 200, `the comment is ${box.y - mark.y} pixels from its text`);
    await check("annotatable");
    await inside.getByRole("button", { name: "Comment 2" }).press("Escape");
    await note.waitFor({ state: "hidden" });
  });

  test("a tool of somebody else's, in a frame and in a window", async () => {
    const launches = [];
    const tool = createServer((request, response) => {
      let body = "";
      request.on("data", (part) => { body += part; });
      request.on("end", () => {
        launches.push(new URLSearchParams(body));
        response.setHeader("Content-Type", "text/html");
        response.end("<!doctype html><title>Tool</title><p>The tool is open.</p>");
      });
    });
    await new Promise((resolve) => tool.listen(0, "127.0.0.1", resolve));
    const folder = await mkdtemp(join(tmpdir(), "lectern-tools-"));
    const plain = await openBrowser({ javaScript: false });
    try {
      const at = `http://127.0.0.1:${tool.address().port}/launch`;
      await writeFile(join(folder, "course.xml"), `<course url_name="R" org="Lectern" course="Tools"><chapter url_name="c"><sequential url_name="s"><vertical url_name="v" display_name="Tools">
        <lti_consumer url_name="framed" display_name="Plotter" lti_id="plot" launch_url="${at}?x=1" inline_height="200" custom_parameters="[&quot;unit=nm&quot;]"/>
        <lti url_name="apart" display_name="Simulator" lti_id="plot" launch_url="${at}" button_text="Start the simulator"/>
        <lti_consumer url_name="keyless" display_name="Nobody" lti_id="other" launch_url="${at}"/></vertical></sequential></chapter></course>`);
      await mkdir(join(folder, "policies"));
      await writeFile(join(folder, "policies", "R.json"), JSON.stringify({ "course/R": { lti_passports: ["plot:the-key:the-secret"] } }));
      await demo.lectern("course", "import", folder);
      const url = `${demo.site}/lti_provider/courses/course-v1:Lectern+Tools+R/block-v1:Lectern+Tools+R+type@vertical+block@v`;
      const link = await demo.addActivity("vertical", "tools", { graded: false, url });
      const inside = await demo.open(page, link);
      await see(inside, "opens a tool that is not set up yet");
      await check("tool");
      await inside.getByRole("button", { name: "Open Plotter" }).press("Enter");
      await inside.frameLocator('iframe[title="Plotter"]').getByText("The tool is open.").waitFor();
      assert.equal(launches[0].get("custom_unit"), "nm");
      assert.equal(launches[0].get("oauth_consumer_key"), "the-key");
      assert.ok(launches[0].get("oauth_signature") && !launches[0].has("lis_outcome_service_url") && !launches[0].has("lis_person_contact_email_primary"));
      const [opened] = await Promise.all([
        browser.context.waitForEvent("page"),
        inside.getByRole("button", { name: "Start the simulator" }).press("Enter"),
      ]);
      await opened.getByText("The tool is open.").waitFor();
      await opened.close();
      assert.notEqual(launches[1].get("oauth_nonce"), launches[0].get("oauth_nonce"));
      await check("tool-open");
      const still = await demo.open(await plain.newPage(), link, { javaScript: false });
      await still.getByRole("button", { name: "Open Plotter" }).click();
      const frame = still.frameLocator('iframe[title="Plotter"]');
      await frame.getByRole("button", { name: "Continue to Plotter" }).click();
      await frame.getByText("The tool is open.").waitFor();
      assert.ok(!demo.log.join("\n").includes("the-secret"), "a secret is in the log");
    } finally {
      await plain.close();
      tool.close();
      await rm(folder, { recursive: true, force: true });
    }
  });
});
