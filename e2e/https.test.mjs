// Over https, with the LMS and the tool on two sites, as in real life: a click,
// an answer, a grade, under every cookie policy; and a third site that tries.
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { cookieModes, missingBrowser, openBrowser } from "./browser.mjs";
import { answer, frameOf, right, see } from "./harness.mjs";
import { hosts, startHTTPS } from "./https.mjs";

const skip = await missingBrowser();

describe("over https", { skip }, () => {
  let https;
  let demo;
  before(async () => {
    https = await startHTTPS();
    demo = https.demo;
  });
  after(() => https?.stop());

  for (const [cookies, name] of Object.entries(cookieModes)) {
    test(`launch, answer, reload, grade; ${name}`, async () => {
      const link = await demo.addActivity("problem", "sunlight");
      const browser = await openBrowser({ cookies, args: https.args });
      try {
        const page = await browser.newPage();
        const inside = await demo.open(page, link);
        assert.equal(new URL(page.url()).origin, https.url(hosts.lms));
        const frame = await frameOf(page);
        assert.equal(new URL(frame.url()).origin, https.url(hosts.tool));
        assert.ok(await frame.evaluate(() => isSecureContext));
        await answer(inside, right);
        await see(inside, "Correct (1/1 point)");
        await demo.waitGrade("ana", link, 1);
        await Promise.all([frame.waitForNavigation(), frame.evaluate(() => location.reload())]);
        await see(inside, "Correct (1/1 point)");
        const kept = (await browser.context.cookies()).filter((c) => c.domain.endsWith(hosts.tool));
        assert.ok(kept.every((c) => c.secure && c.httpOnly), `cookies: ${JSON.stringify(kept)}`);
        assert.equal(kept.length > 0, cookies !== "allBlocked");
      } finally {
        await browser.close();
      }
    });
  }

  test("another site cannot frame a learner's page", async () => {
    const link = await demo.addActivity("problem", "sunlight");
    const browser = await openBrowser({ cookies: "allBlocked", args: https.args });
    try {
      const page = await browser.newPage();
      await demo.open(page, link, { as: "ben" });
      const address = (await frameOf(page)).url();
      https.serve(hosts.evil, (req, res) => {
        res.setHeader("Content-Type", "text/html");
        res.end(`<!doctype html><title>Evil</title><iframe id="tool" src="${address}"></iframe>`);
      });
      const evil = await browser.newPage();
      const refused = evil.waitForEvent("console", (m) => m.text().includes("frame-ancestors"));
      await evil.goto(https.url(hosts.evil, "/"));
      await refused;
      assert.match((await frameOf(evil)).url(), /^chrome-error:/);
    } finally {
      await browser.close();
    }
  });
});
