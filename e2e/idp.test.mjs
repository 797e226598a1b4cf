// Signing in at an identity provider, in a real browser: the answer comes from
// another site, and the site's own cookies only count from the page after it.
import assert from "node:assert/strict";
import { createHash, generateKeyPairSync, randomUUID, sign } from "node:crypto";
import { createServer } from "node:http";
import { after, before, describe, test } from "node:test";
import { missingBrowser, openBrowser, screenshot, violations } from "./browser.mjs";
import { addPerson, password, see, startDemo } from "./harness.mjs";

const skip = await missingBrowser();

// startProvider runs an OpenID Connect provider that signs in whoever person is.
async function startProvider() {
  const { privateKey, publicKey } = generateKeyPairSync("rsa", { modulusLength: 2048 });
  const asked = new Map();
  const provider = { person: {} };
  const part = (value) => Buffer.from(JSON.stringify(value)).toString("base64url");
  const server = createServer(async (request, answer) => {
    const url = new URL(request.url, provider.issuer);
    const json = (value, status = 200) => {
      answer.writeHead(status, { "Content-Type": "application/json" }).end(JSON.stringify(value));
    };
    if (url.pathname === "/.well-known/openid-configuration") {
      json({
        issuer: provider.issuer, authorization_endpoint: `${provider.issuer}/authorize`, token_endpoint: `${provider.issuer}/token`,
        jwks_uri: `${provider.issuer}/keys`, id_token_signing_alg_values_supported: ["RS256"],
      });
    } else if (url.pathname === "/keys") {
      json({ keys: [{ ...publicKey.export({ format: "jwk" }), kid: "k", alg: "RS256", use: "sig" }] });
    } else if (url.pathname === "/authorize") {
      const code = randomUUID();
      asked.set(code, url.searchParams);
      const to = new URL(url.searchParams.get("redirect_uri"));
      to.search = new URLSearchParams({ code, state: url.searchParams.get("state") });
      answer.writeHead(200, { "Content-Type": "text/html" }).end(`<title>Campus</title><a href="${to.href.replaceAll("&", "&amp;")}">It is me</a>`);
    } else if (url.pathname === "/token") {
      let body = "";
      for await (const chunk of request) body += chunk;
      const form = new URLSearchParams(body);
      const question = asked.get(form.get("code"));
      asked.delete(form.get("code"));
      const challenge = createHash("sha256").update(form.get("code_verifier") ?? "").digest("base64url");
      if (!question || question.get("code_challenge") !== challenge) return json({ error: "invalid_grant" }, 400);
      const now = Math.floor(Date.now() / 1000);
      const signed = `${part({ alg: "RS256", kid: "k" })}.${part({
        iss: provider.issuer, aud: "lectern", iat: now, exp: now + 300, nonce: question.get("nonce"), ...provider.person,
      })}`;
      json({ access_token: "a", token_type: "Bearer", id_token: `${signed}.${sign("sha256", signed, privateKey).toString("base64url")}` });
    } else {
      json({}, 404);
    }
  });
  await new Promise((resolve) => { server.listen(0, "127.0.0.1", resolve); });
  provider.issuer = `http://127.0.0.1:${server.address().port}`;
  provider.stop = () => new Promise((resolve) => { server.closeAllConnections(); server.close(resolve); });
  return provider;
}

describe("signing in at an identity provider", { skip }, () => {
  let demo, provider;
  before(async () => {
    provider = await startProvider();
    demo = await startDemo({
      settings: {
        LECTERN_OIDC_ISSUER: provider.issuer, LECTERN_OIDC_CLIENT_ID: "lectern", LECTERN_OIDC_CLIENT_SECRET: "s",
        LECTERN_OIDC_NAME: "your campus account",
      },
    });
  });
  after(async () => {
    await demo?.stop();
    await provider?.stop();
  });

  async function campus(page) {
    await page.goto(`${demo.site}/login?next=/account`);
    await page.getByRole("link", { name: "Sign in with your campus account" }).click();
    await page.getByRole("link", { name: "It is me" }).click();
    await page.waitForURL((url) => !url.pathname.includes("/callback"));
  }

  for (const javaScript of [true, false]) {
    test(`a newcomer, ${javaScript ? "with" : "without"} JavaScript`, async () => {
      const browser = await openBrowser({ javaScript });
      try {
        const page = await browser.newPage();
        provider.person = { sub: "1", email: "ada@school.example", email_verified: true, name: "Ada", preferred_username: "ada" };
        await page.goto(`${demo.site}/login`);
        if (javaScript) {
          assert.deepEqual(await violations(page), []);
          await screenshot(page, "idp-sign-in");
        }
        await campus(page);
        await see(page, "Who you are here");
        await see(page, "Other ways you sign in");
        if (javaScript) assert.deepEqual(await violations(page), []);
      } finally {
        await browser.close();
      }
    });
  }

  test("somebody with a password connects both, once", async () => {
    await addPerson(demo, "grace");
    const browser = await openBrowser();
    try {
      const page = await browser.newPage();
      provider.person = { sub: "2", email: "grace@school.example", email_verified: true };
      await campus(page);
      await see(page, "You came from your campus account as grace@school.example.");
      assert.deepEqual(await violations(page), []);
      await screenshot(page, "idp-connect");
      await page.getByLabel("User name here").fill("grace");
      await page.getByLabel("Password here").fill(password);
      await page.getByRole("button", { name: "Sign in and connect" }).click();
      await see(page, "Who you are here");
      await page.goto(`${demo.site}/logout`);
      await page.getByRole("main").getByRole("button", { name: "Sign out" }).click();
      await page.getByLabel("Password").waitFor();
      await campus(page);
      await see(page, "grace@school.example");
    } finally {
      await browser.close();
    }
  });
});
