// The inputs of problems that are more than a field: by mouse, keyboard and
// touch, and without JavaScript where that is promised.
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { missingBrowser, openBrowser, screenshot, tooWide, violations } from "./browser.mjs";
import { frameOf, startDemo } from "./harness.mjs";

const skip = await missingBrowser();

describe("inputs", { skip }, () => {
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

  const open = async (name, type = "problem") => demo.open(page, await demo.addActivity(type, name));

  // look checks what is shown now at three widths, light and dark.
  async function look(name) {
    const found = [];
    for (const [size, width, height] of [["desktop", 1280, 900], ["phone", 400, 800], ["frame", 640, 500]]) {
      await page.setViewportSize({ width, height });
      await page.waitForTimeout(250);
      const wide = await tooWide(await frameOf(page));
      assert.ok(wide <= 1, `${name} is ${wide} pixels too wide at ${width}`);
      for (const colorScheme of ["light", "dark"]) {
        await page.emulateMedia({ colorScheme });
        found.push(...await violations(await frameOf(page)));
        await screenshot(page, `inputs-${name}-${size}-${colorScheme}`);
      }
      await page.emulateMedia({ colorScheme: "light" });
    }
    await page.setViewportSize({ width: 1280, height: 900 });
    assert.deepEqual(found, []);
    assert.deepEqual(errors.splice(0), []);
  }

  const submit = (inside) => inside.getByRole("button", { name: "Submit" }).press("Enter");
  const value = (inside, selector) => inside.locator(selector).inputValue();
  const placedBy = (inside) => value(inside, ".drag_and_drop_input > input[type=hidden]");

  // drag moves a pointer from the middle of one element to that of another.
  async function drag(from, to) {
    const [a, b] = [await from.boundingBox(), await to.boundingBox()];
    await page.mouse.move(a.x + a.width / 2, a.y + a.height / 2);
    await page.mouse.down();
    await page.mouse.move(a.x + a.width / 2 + 10, a.y + a.height / 2 + 10);
    await page.mouse.move(b.x + b.width / 2, b.y + b.height / 2, { steps: 5 });
    await page.mouse.up();
  }

  describe("drag and drop", () => {
    const token = (inside, name) => inside.getByRole("button", { name, exact: true });
    const target = (inside, id) => inside.locator(`.dnd-board > .dnd-target[data-id="${id}"]`);

    test("by mouse, graded and shown again", async () => {
      const inside = await open("prism_labels");
      await drag(token(inside, "white light"), target(inside, "in"));
      await drag(token(inside, "red"), target(inside, "bottom"));
      assert.equal(await placedBy(inside), '[{"white":"in"},{"red":"bottom"}]');
      await drag(token(inside, "red, Place 3"), target(inside, "top"));
      await drag(token(inside, "violet"), target(inside, "bottom"));
      assert.equal(await placedBy(inside), '[{"white":"in"},{"red":"top"},{"violet":"bottom"}]');
      await look("dragdrop");
      await submit(inside);
      await inside.locator(".notification.correct").waitFor();
      await token(inside, "red, Place 2").waitFor();
      assert.equal(await inside.locator(".drag_and_drop_input .status.correct").count(), 1);
      await look("dragdrop-right");
      // What is let go beside every place goes back; a place holds one item.
      await drag(token(inside, "red, Place 2"), inside.locator(".dnd-help"));
      await drag(token(inside, "shadow"), target(inside, "in"));
      assert.equal(await placedBy(inside), '[{"violet":"bottom"},{"shadow":"in"}]');
      await token(inside, "white light").waitFor();
    });

    test("by keyboard, announced", async () => {
      const inside = await demo.open(page, await demo.addActivity("problem", "prism_labels"), { as: "ben" });
      const said = inside.locator('.drag_and_drop_input > [role="status"]');
      await token(inside, "white light").press("Enter");
      assert.match(await said.textContent(), /white light is picked up/);
      await page.keyboard.press("ArrowRight");
      await page.keyboard.press("ArrowLeft");
      await page.keyboard.press("Enter");
      assert.equal(await said.textContent(), "white light is on Place 1.");
      await token(inside, "red").press("Enter");
      await page.keyboard.press("Escape");
      assert.equal(await said.textContent(), "red is let go.");
      await token(inside, "red").press(" ");
      await page.keyboard.press("Tab");
      await page.keyboard.press(" ");
      assert.equal(await placedBy(inside), '[{"white":"in"},{"red":"top"}]');
      await token(inside, "red, Place 2").press("Delete");
      assert.equal(await placedBy(inside), '[{"white":"in"}]');
      // The lists say the same, and may be used instead.
      await inside.getByText("Place the items by lists instead").press("Enter");
      assert.equal(await inside.getByLabel("Where to put white light").inputValue(), '{"white":"in"}');
      await inside.getByLabel("Where to put violet").selectOption({ label: "Place 3" });
      await token(inside, "violet, Place 3").waitFor();
      assert.equal(await placedBy(inside), '[{"white":"in"},{"violet":"bottom"}]');
      await look("dragdrop-lists");
    });

    test("by touch", async () => {
      const inside = await demo.open(page, await demo.addActivity("problem", "prism_labels"), { as: "carla" });
      await page.waitForTimeout(300);
      const frame = await frameOf(page);
      // A finger sends pointer events of its kind, and the browser scrolls unless told not to.
      const done = await frame.evaluate(() => {
        const token = document.querySelector('[data-token="violet"]');
        const target = document.querySelector('.dnd-board > [data-id="bottom"]').getBoundingClientRect();
        const send = (el, type, x, y) => el.dispatchEvent(new PointerEvent(type, {
          bubbles: true, cancelable: true, pointerId: 7, pointerType: "touch", isPrimary: true, button: 0, clientX: x, clientY: y,
        }));
        const box = token.getBoundingClientRect();
        const { touchAction } = getComputedStyle(token);
        send(token, "pointerdown", box.x + 5, box.y + 5);
        send(token, "pointermove", box.x + 30, box.y + 30);
        send(token, "pointermove", target.x + 20, target.y + 20);
        send(token, "pointerup", target.x + 20, target.y + 20);
        return [touchAction, document.querySelector(".drag_and_drop_input > input[type=hidden]").value];
      });
      assert.deepEqual(done, ["none", '[{"violet":"bottom"}]']);
    });

    test("two clicks", async () => {
      const inside = await demo.open(page, await demo.addActivity("problem", "prism_labels"), { as: "carla" });
      await token(inside, "red").click();
      await inside.getByRole("button", { name: "Put red on Place 2" }).click();
      assert.equal(await placedBy(inside), '[{"red":"top"}]');
    });
  });

  describe("a picture to point at", () => {
    const numbers = async (inside) => [await value(inside, 'input[name$="_x"]'), await value(inside, 'input[name$="_y"]')].map(Number);
    // A pixel of a small window is two of the picture.
    const near = ([x, y], [wantX, wantY]) => assert.ok(Math.abs(x - wantX) <= 6 && Math.abs(y - wantY) <= 6, `${x}, ${y}`);

    test("by click, also where it is scaled, and shown again", async () => {
      const inside = await open("point_at_green");
      for (const width of [1280, 400]) {
        await page.setViewportSize({ width, height: 900 });
        await page.waitForTimeout(300);
        const box = await inside.locator(".image-input").boundingBox();
        await page.mouse.click(box.x + box.width * 0.25, box.y + box.height / 2);
        near(await numbers(inside), [160, 75]);
      }
      await page.setViewportSize({ width: 1280, height: 900 });
      await submit(inside);
      await inside.locator(".notification.incorrect").waitFor();
      assert.match(await inside.locator(".image-marker").getAttribute("transform"), /^translate\(1(5|6)\d 7\d\)$/);
      await look("image");
    });

    test("by keyboard, announced, and by numbers", async () => {
      const inside = await demo.open(page, await demo.addActivity("problem", "point_at_green"), { as: "ben" });
      const picture = inside.getByRole("application", { name: /A band of colours/ });
      await inside.getByRole("spinbutton").first().focus();
      await page.keyboard.press("Shift+Tab");
      for (let i = 0; i < 10; i++) await page.keyboard.press("ArrowLeft");
      await page.keyboard.press("Shift+ArrowUp");
      await inside.getByText("220 from the left, 74 from the top").waitFor();
      await screenshot(page, "inputs-image-aim");
      await picture.press("Enter");
      await inside.getByText("Your point is 220 from the left and 74 from the top.").waitFor();
      assert.deepEqual(await numbers(inside), [220, 74]);
      await inside.getByRole("spinbutton").first().fill("230");
      assert.equal(await inside.locator(".image-marker").getAttribute("transform"), "translate(230 74)");
      await submit(inside);
      await inside.locator(".notification.correct").waitFor();
    });
  });

  describe("a program of the course", () => {
    const lamp = (inside, name) => inside.frameLocator("iframe").getByLabel(name);

    test("is asked for the answer and given its state", async () => {
      const inside = await open("mix_lamps");
      await inside.frameLocator("iframe").getByText("The wall is blue.").waitFor();
      await lamp(inside, "red lamp").check();
      await submit(inside);
      await inside.getByText("Yellow is what the eye makes of two of the lamps.").waitFor();
      await inside.frameLocator("iframe").getByText("The wall is magenta.").waitFor();
      await look("program");
      await lamp(inside, "blue lamp").uncheck();
      await lamp(inside, "green lamp").check();
      await submit(inside);
      await inside.locator(".notification.correct").waitFor();
    });

    test("cannot reach the page, however it is opened", async () => {
      await open("mix_lamps");
      const tool = await frameOf(page);
      const program = tool.childFrames()[0];
      const reached = await program.evaluate(() => {
        const tries = {
          parent: () => window.parent.document.title,
          cookie: () => document.cookie,
          origin: () => self.origin,
          storage: () => { localStorage.setItem("a", "b"); return localStorage.getItem("a"); },
        };
        return Object.fromEntries(Object.entries(tries).map(([name, f]) => {
          try { return [name, f()]; } catch (err) { return [name, err.name]; }
        }));
      });
      assert.deepEqual(reached, { parent: "SecurityError", cookie: "", origin: "null", storage: "b" });
      const own = await browser.newPage();
      await own.goto(program.url());
      assert.equal(await own.evaluate(() => self.origin), "null");
      await own.close();
    });

    test("that does not answer sends nothing", async () => {
      const inside = await demo.open(page, await demo.addActivity("problem", "mix_lamps"), { as: "ben" });
      await inside.frameLocator("iframe").getByText("The wall is blue.").waitFor();
      const program = (await frameOf(page)).childFrames()[0];
      await program.evaluate(() => window.addEventListener("message", (e) => e.stopImmediatePropagation(), true));
      await program.evaluate("Lamps.getGrade = () => new Promise(() => {})");
      await submit(inside);
      await inside.getByText(/does not respond, so your answer was not sent and not counted/).waitFor();
      await program.evaluate("Lamps.getGrade = () => { throw new Error('no') }");
      await submit(inside);
      await inside.getByText(/The program in this question failed/).waitFor();
      await look("program-failed");
    });
  });

  test("a chemical equation is typeset while it is typed", async () => {
    const inside = await open("burning_magnesium");
    const field = inside.getByRole("textbox");
    await field.pressSequentially("2Mg + O2 -> 2MgO");
    await inside.locator(".equation .math").getByText("→").waitFor();
    assert.equal(await inside.locator(".equation .math").innerHTML(), "2Mg + O<sub>2</sub> → 2MgO");
    await field.fill("2Mg + Xx");
    await inside.getByText("“Xx” is no chemical element.").waitFor();
    await look("chemistry");
    await field.fill("2Mg + O2 -> 2MgO");
    await submit(inside);
    await inside.locator(".notification.correct").waitFor();
  });

  test("a formula is typeset while it is typed; late answers are dropped", async () => {
    const inside = await open("frequency");
    const field = inside.getByRole("textbox").first();
    let first = true;
    await page.route("**/preview", async (route) => {
      if (first) {
        first = false;
        await new Promise((resolve) => setTimeout(resolve, 1500));
      }
      await route.continue().catch(() => {});
    });
    await field.fill("1/2");
    await page.waitForTimeout(400);
    await field.fill("sqrt(3)");
    const math = inside.locator(".equation mjx-container");
    await math.waitFor();
    assert.match(await math.innerHTML(), /msqrt/);
    await page.waitForTimeout(1500);
    assert.match(await math.innerHTML(), /msqrt/);
    await page.unroute("**/preview");
    await field.fill("1+");
    await inside.getByText("Sorry, couldn't parse formula").waitFor();
    await look("formula");
  });

  test("a program typed into a box", async () => {
    const inside = await open("wave_function");
    const box = inside.getByRole("textbox");
    assert.match(await box.inputValue(), /^def wavelength/);
    await box.fill("def wavelength(f):\n    return 299792458 / f * 1e9\n");
    await submit(inside);
    await inside.locator(".notification.correct").waitFor();
    assert.equal(await box.inputValue(), "def wavelength(f):\n    return 299792458 / f * 1e9\n");
    await look("box");
  });

  test("what is typed in other problems stays", async () => {
    const inside = await open("answer_typed", "vertical");
    const [equation, code] = [inside.getByRole("textbox").first(), inside.getByRole("textbox").last()];
    await code.fill("# not sent yet");
    await equation.fill("Mg");
    await inside.getByRole("button", { name: "Submit" }).first().press("Enter");
    await inside.locator(".notification.incorrect").waitFor();
    assert.equal(await code.inputValue(), "# not sent yet");
    assert.equal(await equation.inputValue(), "Mg");
  });

  test("an answer that cannot be read costs nothing and stays in its field", async () => {
    const inside = await open("three_tries");
    await inside.getByRole("textbox").fill("3 apples");
    await submit(inside);
    await inside.getByText(/Your attempt was not counted/).waitFor();
    await inside.getByText("You have used 0 of 3 attempts").waitFor();
    assert.equal(await inside.getByRole("textbox").inputValue(), "3 apples");
    const focused = await (await frameOf(page)).evaluate(() => document.activeElement.className);
    assert.match(focused, /notification/);
    await look("not-counted");
  });

  test("without JavaScript", async () => {
    const plain = await openBrowser({ javaScript: false });
    try {
      const quiet = await plain.newPage();
      const link = await demo.addActivity("problem", "prism_labels");
      const inside = await demo.open(quiet, link, { as: "carla", javaScript: false });
      await inside.getByLabel("Where to put white light").selectOption({ label: "Place 1" });
      await inside.getByLabel("Where to put red").selectOption({ label: "Place 2" });
      await inside.getByLabel("Where to put violet").selectOption({ label: "Place 3" });
      await screenshot(quiet, "inputs-dragdrop-plain");
      await submit(inside);
      await inside.locator(".notification.correct").waitFor();
      assert.equal(await inside.getByLabel("Where to put red").inputValue(), '{"red":"top"}');
      const program = await demo.open(quiet, await demo.addActivity("problem", "mix_lamps"), { as: "carla", javaScript: false });
      await program.getByText("Please switch JavaScript on to use it.").waitFor();
      const typed = await demo.open(quiet, await demo.addActivity("problem", "wave_function"), { as: "carla", javaScript: false });
      await typed.getByRole("textbox").fill("def wavelength(f): return 3e17 / f");
      await submit(typed);
      await typed.locator(".notification").waitFor();
    } finally {
      await plain.close();
    }
  });
});
