// The main way: a click in the LMS, an answer, a grade in the gradebook, under
// every cookie policy, with and without JavaScript, for several kinds of LMS.
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { cookieModes, missingBrowser, openBrowser } from "./browser.mjs";
import { answer, right, see, startDemo, wrong } from "./harness.mjs";

const skip = await missingBrowser();

async function launchAnswerGrade(demo, { cookies, javaScript }) {
  const link = await demo.addActivity("problem", "sunlight");
  const browser = await openBrowser({ cookies, javaScript });
  try {
    const page = await browser.newPage();
    const inside = await demo.open(page, link, { javaScript });
    await answer(inside, wrong);
    await see(inside, "Incorrect (0/1 point)");
    await demo.waitGrade("ana", link, 0);
    await answer(inside, right);
    await see(inside, "Correct (1/1 point)");
    await demo.waitGrade("ana", link, 1);
    await page.goto(`${demo.lms}/gradebook`);
    const cell = page.locator(`td[data-user="ana"][data-link="${link}"]`);
    assert.match(await cell.innerText(), /100 %/);
    const book = await demo.gradebook();
    assert.deepEqual(book.messages.filter((m) => !m.Accepted), [], "the LMS refused a message");
  } finally {
    await browser.close();
  }
}

describe("launch, answer, grade", { skip }, () => {
  let demo;
  before(async () => { demo = await startDemo(); });
  after(() => demo?.stop());
  for (const [cookies, name] of Object.entries(cookieModes)) {
    for (const javaScript of [true, false]) {
      test(`${name}, ${javaScript ? "with" : "without"} JavaScript`, () => launchAnswerGrade(demo, { cookies, javaScript }));
    }
  }

  test("in a window of its own", async () => {
    const link = await demo.addActivity("problem", "sunlight");
    const browser = await openBrowser();
    try {
      const page = await browser.newPage();
      await page.goto(`${demo.lms}/link/${link}?as=ben`);
      const [tool] = await Promise.all([
        browser.context.waitForEvent("page"),
        page.getByRole("link", { name: "Open in new window" }).click(),
      ]);
      await answer(tool, right);
      await see(tool, "Correct (1/1 point)");
      await demo.waitGrade("ben", link, 1);
    } finally {
      await browser.close();
    }
  });

  test("a subsection's score arrives after the pause for gathering answers", async () => {
    const link = await demo.addActivity("sequential", "light_quiz");
    const browser = await openBrowser();
    try {
      const inside = await demo.open(await browser.newPage(), link);
      const gap = inside.getByRole("combobox");
      await gap.nth(0).selectOption({ label: "bent, each colour a little differently" });
      await gap.nth(1).selectOption({ label: "mirrored" });
      await inside.getByRole("button", { name: "Submit" }).nth(2).press("Enter");
      await see(inside, "Correct (2/2 points)");
      await demo.waitGrade("ana", link, 2 / 9);
    } finally {
      await browser.close();
    }
  });

  test("an LMS that is down gets the grade later", async () => {
    const link = await demo.addActivity("problem", "sunlight");
    const browser = await openBrowser();
    try {
      await demo.breakOutcomes("500", "1");
      const inside = await demo.open(await browser.newPage(), link);
      await answer(inside, right);
      await see(inside, "Correct (1/1 point)");
      await demo.waitGrade("ana", link, 1, { within: 60_000 });
      const { messages } = await demo.gradebook();
      assert.equal(messages.filter((m) => m.Fault === "500").length, 1, "the LMS was not down");
    } finally {
      await demo.breakOutcomes("");
      await browser.close();
    }
  });
});

describe("other kinds of LMS", { skip }, () => {
  for (const seed of [1, 2, 7]) {
    test(`seed ${seed}`, async () => {
      const demo = await startDemo({ seed });
      try {
        await launchAnswerGrade(demo, { cookies: "thirdPartyBlocked", javaScript: true });
      } finally {
        await demo.stop();
      }
    });
  }
});
