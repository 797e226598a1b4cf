// Require user account: the frame says what is missing, somebody signs in in a
// tab, types the frame's code, and the frame goes on by itself, under every
// cookie policy. And the window that a page in a frame opens.
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { cookieModes, missingBrowser, openBrowser, violations } from "./browser.mjs";
import { addPerson, answer, frameOf, password, right, see, startDemo } from "./harness.mjs";
import { startHTTPS } from "./https.mjs";

const skip = await missingBrowser();
const codeField = "Code that your course page shows";

// signedIn fills in the sign-in form of a tab.
async function signedIn(tab, name) {
  await tab.getByLabel("User name").fill(name);
  await tab.getByLabel("Password").fill(password);
  await tab.getByRole("button", { name: "Sign in", exact: true }).click();
  await tab.getByLabel(codeField).waitFor();
}

async function give(tab, code) {
  await tab.getByLabel(codeField).fill(code);
  await tab.getByRole("button", { name: "Link and continue" }).click();
}

// appears looks again and again: without JavaScript the frame loads anew every
// few seconds, which a waiting locator may not live to see. In a frame of another
// site scripts are switched off a moment too late now and then: the page was read
// as if they were on, and nothing loads it anew. Then it is loaded from here.
async function appears(page, inside, locator) {
  for (let i = 1; i <= 90; i++) {
    if (await locator.count()) return;
    if (i === 30) {
      const frame = await frameOf(page);
      const go = await inside.locator("main").getAttribute("data-go");
      if (go) await frame.goto(new URL(go, frame.url()).href);
    }
    await page.waitForTimeout(300);
  }
  assert.fail(`did not appear: ${locator}`);
}

describe("a launch that waits for a sign-in", { skip }, () => {
  for (const [cookies, name] of Object.entries(cookieModes)) {
    for (const javaScript of [true, false]) {
      test(`wrong account, right account, go on; ${name}; ${javaScript ? "with" : "without"} JavaScript`, async () => {
        const demo = await startDemo();
        const browser = await openBrowser({ cookies, javaScript });
        // Where no cookie is kept nobody can sign in; any other browser will do.
        const other = await openBrowser();
        try {
          await demo.lectern("consumer", "set", demo.consumer.key, "--require-user-account");
          await addPerson(demo, "ana");
          await addPerson(demo, "bob", { email: "bob@elsewhere.example" });
          const link = await demo.addActivity("problem", "sunlight");
          const page = await browser.newPage();
          const inside = await demo.open(page, link, { as: "ana", javaScript });
          await see(inside, "You are not signed in here yet.");
          await see(inside, "a•••@school.example");
          const code = await inside.locator(".enter-code").innerText();
          if (javaScript) assert.deepEqual(await violations(await frameOf(page)), []);

          const button = inside.getByRole("link", { name: "Sign in, in a new tab" });
          const wrongTab = await other.newPage();
          const address = new URL(await button.getAttribute("href"), demo.site).href;
          await wrongTab.goto(address);
          await signedIn(wrongTab, "bob");
          await see(wrongTab, "your account here has another one");
          assert.deepEqual(await violations(wrongTab), []);
          await give(wrongTab, code);
          await see(wrongTab, "another e-mail address");
          await appears(page, inside, inside.getByText("You are signed in with another address."));
          await see(inside, "b•••@elsewhere.example");
          await wrongTab.close();
          await other.context.clearCookies();

          let tab;
          if (cookies === "allBlocked") {
            tab = await other.newPage();
            await tab.goto(address);
          } else {
            const opened = browser.context.waitForEvent("page");
            await button.click();
            tab = await opened;
          }
          await signedIn(tab, "ana");
          assert.equal(await tab.evaluate(() => window.opener), null);
          await give(tab, "AAA-AAA");
          await see(tab, "This is not the code");
          await give(tab, ` ${code.toLowerCase()} `);
          await see(tab, "You can close this tab.");

          await appears(page, inside, inside.getByRole("radio", { name: right }));
          await answer(inside, right);
          await see(inside, "Correct (1/1 point)");
          await demo.waitGrade("ana", link, 1);
          const again = await demo.open(page, link, { as: "ana", javaScript });
          await see(again, "Correct (1/1 point)");
        } finally {
          await other.close();
          await browser.close();
          await demo.stop();
        }
      });
    }
  }
});

describe("over https, on two sites", { skip }, () => {
  for (const cookies of ["all", "thirdPartyBlocked"]) {
    test(`signed in before: the tab asks for the code at once; ${cookieModes[cookies]}`, async () => {
      const https = await startHTTPS();
      const { demo } = https;
      const browser = await openBrowser({ cookies, args: https.args });
      try {
        await demo.lectern("consumer", "set", demo.consumer.key, "--require-user-account");
        await addPerson(demo, "ana", { browser });
        const link = await demo.addActivity("problem", "sunlight");
        const page = await browser.newPage();
        const inside = await demo.open(page, link, { as: "ana" });
        const code = await inside.locator(".enter-code").innerText();
        const opened = browser.context.waitForEvent("page");
        await inside.getByRole("link", { name: "Sign in, in a new tab" }).click();
        const tab = await opened;
        await tab.getByLabel(codeField).waitFor();
        await give(tab, code);
        await see(tab, "You can close this tab.");
        await tab.close();
        await page.bringToFront();
        await answer(inside, right);
        await see(inside, "Correct (1/1 point)");
        const frame = await frameOf(page);
        await Promise.all([frame.waitForNavigation(), frame.evaluate(() => location.reload())]);
        await see(inside, "Correct (1/1 point)");
        await page.waitForTimeout(1000); // the frame takes its height; a click on the way would miss
        const again = browser.context.waitForEvent("page");
        await inside.getByRole("button", { name: "Open in a new window" }).press("Enter");
        await see(await again, "Correct (1/1 point)");
        await demo.waitGrade("ana", link, 1);
      } finally {
        await browser.close();
        await https.stop();
      }
    });
  }
});

describe("a window of one's own", { skip }, () => {
  for (const [cookies, name] of Object.entries(cookieModes)) {
    for (const javaScript of [true, false]) {
      test(`opens from the frame; ${name}; ${javaScript ? "with" : "without"} JavaScript`, async () => {
        const demo = await startDemo();
        const browser = await openBrowser({ cookies, javaScript });
        try {
          const link = await demo.addActivity("problem", "sunlight");
          const page = await browser.newPage();
          const inside = await demo.open(page, link, { as: "ana", javaScript });
          const opened = browser.context.waitForEvent("page");
          await inside.getByRole("button", { name: "Open in a new window" }).press("Enter");
          const own = await opened;
          await own.getByRole("radio", { name: right }).waitFor();
          assert.equal(new URL(own.url()).origin, demo.site);
          assert.equal(await own.getByRole("button", { name: "Open in a new window" }).count(), 0);
          await answer(own, right);
          await see(own, "Correct (1/1 point)");
          await own.reload();
          await see(own, "Correct (1/1 point)");
          await demo.waitGrade("ana", link, 1);
        } finally {
          await browser.close();
          await demo.stop();
        }
      });
    }
  }
});
