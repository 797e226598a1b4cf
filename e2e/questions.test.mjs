// Questions whose answers are formulas, points, tags, or numbers within choices.
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { missingBrowser, openBrowser, screenshot, tooWide, violations } from "./browser.mjs";
import { frameOf, startDemo } from "./harness.mjs";

const skip = await missingBrowser();

describe("questions", { skip }, () => {
  let demo, browser, page;
  const errors = [];
  before(async () => {
    demo = await startDemo();
    browser = await openBrowser();
    page = await browser.newPage();
    page.on("pageerror", (err) => errors.push(err.message));
  });
  after(async () => {
    await browser?.close();
    await demo?.stop();
  });

  const open = async (name) => demo.open(page, await demo.addActivity("problem", name));
  const press = (inside, name) => inside.getByRole("button", { name }).press("Enter");

  // look checks what is shown now at three widths.
  async function look(name) {
    const found = [];
    for (const [size, width, height] of [["desktop", 1280, 900], ["phone", 400, 800], ["frame", 640, 500]]) {
      await page.setViewportSize({ width, height });
      await page.waitForTimeout(250);
      const wide = await tooWide(await frameOf(page));
      assert.ok(wide <= 1, `${name} is ${wide} pixels too wide at ${width}`);
      found.push(...await violations(await frameOf(page)));
      await screenshot(page, `questions-${name}-${size}`);
    }
    await page.setViewportSize({ width: 1280, height: 900 });
    assert.deepEqual(found, []);
    assert.deepEqual(errors.splice(0), []);
  }

  test("a formula: a hint, a mistake in writing, the right one", async () => {
    const inside = await open("lens_formula");
    await inside.getByRole("textbox").fill("(g-f)/f/g");
    await press(inside, "Submit");
    await inside.getByText("That is one over the distance.").waitFor();
    await inside.getByRole("textbox").fill("fg/(g-f)");
    await press(inside, "Submit");
    await inside.getByText(/fg not permitted in answer as a variable/).waitFor();
    await inside.getByRole("textbox").fill("1/(1/f-1/g)");
    await press(inside, "Submit");
    await inside.locator(".notification.correct").waitFor();
    await look("formula");
  });

  test("a point in a picture, by keyboard, and where it should have been", async () => {
    const inside = await open("point_at_green");
    await inside.getByLabel(/^X/).fill("400");
    await inside.getByLabel(/^Y/).fill("50");
    await press(inside, "Submit");
    await inside.locator(".notification.incorrect").waitFor();
    assert.equal(await inside.locator(".image-marker").getAttribute("transform"), "translate(400 50)");
    await look("image-wrong");
    await inside.getByLabel(/^X/).fill("220");
    await press(inside, "Submit");
    await inside.locator(".notification.correct").waitFor();
    await press(inside, "Show answer");
    await inside.getByText("X from 195 to 245 and Y from 18 to 92").waitFor();
    assert.equal(await inside.locator(".image-regions rect").count(), 1);
    await look("image-shown");
  });

  test("choices with numbers", async () => {
    const inside = await open("range_of_sight");
    await inside.getByLabel("Number 1 of choice 1").fill("400");
    await inside.getByRole("radio").first().check();
    await inside.getByLabel("Number 2 of choice 1").fill("seven hundred");
    await press(inside, "Submit");
    await inside.getByText("Could not interpret 'seven hundred' as a number.").waitFor();
    await inside.getByLabel("Number 2 of choice 1").fill("600+100");
    await press(inside, "Submit");
    await inside.locator(".notification.correct").waitFor();
    assert.equal(await inside.getByLabel("Number 2 of choice 1").inputValue(), "600+100");
    await press(inside, "Show answer");
    await inside.getByText("correct answer").waitFor();
    await look("choicetext");
  });

  test("a passage: a remark and a tag for part of the points", async () => {
    const inside = await open("newton_reads");
    await inside.getByRole("textbox").fill("That glass paints the light.");
    await inside.getByLabel("They come out of the prism").check();
    await press(inside, "Submit");
    await inside.locator(".notification.partially-correct").waitFor();
    assert.equal(await inside.getByRole("textbox").inputValue(), "That glass paints the light.");
    await look("annotation");
  });

  test("without JavaScript", async () => {
    const plain = await openBrowser({ javaScript: false });
    try {
      const quiet = await plain.newPage();
      const at = async (name) => demo.open(quiet, await demo.addActivity("problem", name), { as: "carla", javaScript: false });
      const right = async (inside) => {
        await press(inside, "Submit");
        await inside.locator(".notification.correct").waitFor();
      };
      let inside = await at("point_at_green");
      await inside.getByLabel(/^X/).fill("220");
      await inside.getByLabel(/^Y/).fill("60");
      await right(inside);
      inside = await at("range_of_sight");
      await inside.getByRole("radio").first().check();
      await inside.getByLabel("Number 1 of choice 1").fill("400");
      await inside.getByLabel("Number 2 of choice 1").fill("750");
      await right(inside);
      inside = await at("newton_reads");
      await inside.getByLabel("They are in the light from the beginning").check();
      await right(inside);
    } finally {
      await plain.close();
    }
  });
});
