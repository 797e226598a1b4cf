// Everything a learner meets, over https and across sites: every cookie policy,
// in a frame and in a window, for each way of being somebody.
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { cookieModes, missingBrowser, openBrowser, violations } from "./browser.mjs";
import { addPerson, answer, frameOf, password, right, see } from "./harness.mjs";
import { startHTTPS } from "./https.mjs";

const skip = await missingBrowser();

// modes are consumer options, and who is in front of the browser. A mode ends
// inside the content, or at the page that says what is missing.
const modes = {
  "anonymous": { options: [], opens: true },
  "with personal information": { options: ["--use-lti-pii"], opens: true },
  "account required, signed in": { options: ["--require-user-account"], signsIn: "ana", early: true, opens: true },
  "account required, not signed in": { options: ["--require-user-account"], signsIn: "ana", opens: true },
  "account required, another address": { options: ["--require-user-account"], signsIn: "bob", opens: false },
};

describe("the matrix", { skip }, () => {
  let https;
  let demo;
  before(async () => {
    https = await startHTTPS();
    demo = https.demo;
    for (const [name, email] of [["ana", "ana@school.example"], ["bob", "bob@elsewhere.example"]]) {
      const browser = await openBrowser({ args: https.args });
      await addPerson(demo, name, { email, browser });
      await browser.close();
    }
  });
  after(() => https?.stop());

  // newConsumer registers the LMS anew, so that nobody is known from before.
  const newConsumer = async (name, options) => {
    const made = JSON.parse(await demo.lectern("consumer", "add", "--name", name, "--json", "--fresh-state", ...options));
    await demo.setCredentials(made.key, made.secret);
  };

  const signIn = async (tab, name) => {
    await tab.getByLabel("User name").fill(name);
    await tab.getByLabel("Password").fill(password);
    await tab.getByRole("button", { name: "Sign in", exact: true }).click();
    await tab.getByRole("button", { name: "Sign in", exact: true }).waitFor({ state: "detached" });
  };

  // prove signs in beside the waiting page and gives its code.
  const prove = async (inside, mode, browser) => {
    await see(inside, "You are not signed in here yet.");
    const code = await inside.locator(".enter-code").innerText();
    const address = await inside.getByRole("link", { name: "Sign in, in a new tab" }).getAttribute("href");
    const tab = await browser.newPage();
    if (mode.early) {
      await tab.goto(`${demo.site}/login`);
      await signIn(tab, mode.signsIn);
    }
    await tab.goto(new URL(address, demo.site).href);
    if (!mode.early) await signIn(tab, mode.signsIn);
    await tab.getByLabel("Code that your course page shows").fill(code);
    await tab.getByRole("button", { name: "Link and continue" }).click();
    await see(tab, mode.opens ? "You can close this tab." : "another e-mail address");
    await tab.close();
  };

  // work goes through the pages as a learner does.
  const work = async (page, inside, reload, back) => {
    await see(inside, "What is where");
    await inside.getByRole("link", { name: /^Next/ }).press("Enter");
    await see(inside, "One wavelength, from crest to crest.");
    await answer(inside, right);
    await see(inside, "Correct (1/1 point)");
    await reload();
    await see(inside, "Correct (1/1 point)");
    await back();
    await see(inside, "What is where");
  };

  const places = {
    "in a frame": {
      open: async (browser, link) => {
        const page = await browser.newPage();
        return [page, await demo.open(page, link, { as: "ana" })];
      },
      reload: (page) => async () => {
        const frame = await frameOf(page);
        await Promise.all([frame.waitForNavigation(), frame.evaluate(() => location.reload())]);
      },
      checked: (page) => frameOf(page),
      second: async (page, link) => {
        await page.evaluate((src) => {
          const frame = document.createElement("iframe");
          Object.assign(frame, { id: "second", title: "Second", src });
          document.querySelector("main").append(frame);
        }, `/launch/${link}?as=ana`);
        return demo.enter(page, "#second");
      },
    },
    "in a window": {
      open: async (browser, link) => {
        const page = await browser.newPage();
        await page.goto(`${demo.lms}/launch/${link}?as=ana`);
        await page.locator("main:not(.opening)").waitFor();
        return [page, page];
      },
      reload: (page) => () => page.reload(),
      checked: (page) => page,
      second: async (page, link, browser) => {
        const other = await browser.newPage();
        await other.goto(`${demo.lms}/launch/${link}?as=ana`);
        await other.locator("main:not(.opening)").waitFor();
        return other;
      },
    },
  };

  for (const [cookies, cookieName] of Object.entries(cookieModes)) {
    for (const [where, place] of Object.entries(places)) {
      for (const [name, mode] of Object.entries(modes)) {
        test(`${cookieName}; ${where}; ${name}`, async () => {
          await newConsumer(`${cookies} ${where} ${name}`, mode.options);
          const link = await demo.addActivity("sequential", "what_is_light");
          const browser = await openBrowser({ cookies, args: https.args });
          // Where no cookie is kept nobody can sign in; any other browser will do.
          const beside = cookies === "allBlocked" ? await openBrowser({ args: https.args }) : browser;
          try {
            const [page, inside] = await place.open(browser, link);
            if (mode.signsIn) await prove(inside, mode, beside);
            if (!mode.opens) {
              await see(inside, "You are signed in with another address.");
              await see(inside, "b•••@elsewhere.example");
              assert.deepEqual(await violations(await place.checked(page)), []);
              return;
            }
            await work(page, inside, place.reload(page), () => page.evaluate(() => history.back()));
            assert.deepEqual(await violations(await place.checked(page)), []);
            const second = await place.second(page, link, browser);
            await second.getByRole("navigation").getByRole("link", { name: /A wave with a colour/ }).first().press("Enter");
            await see(second, "Correct (1/1 point)");
          } finally {
            if (beside !== browser) await beside.close();
            await browser.close();
          }
        });
      }
    }
  }
});
