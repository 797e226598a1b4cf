// The sample LMS against a tool of twenty lines that shares no code with it:
// what a browser really posts must verify, and a signed score must arrive.
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { createHash, createHmac, randomUUID } from "node:crypto";
import { createServer } from "node:http";
import { createInterface } from "node:readline";
import { describe, test } from "node:test";
import { fileURLToPath } from "node:url";
import { missingBrowser, openBrowser } from "./browser.mjs";

const skip = await missingBrowser();
const binary = process.env.FAKELMS_BIN || fileURLToPath(new URL("../bin/fakelms", import.meta.url));
const path = "/lti_provider/courses/course-v1:A+B+C/block-v1:A+B+C+type@problem+block@p";

const pct = (s) => encodeURIComponent(s).replace(/[!'()*]/g, (c) => "%" + c.charCodeAt(0).toString(16).toUpperCase());
const order = (a, b) => (a < b ? -1 : a > b ? 1 : 0);

function sign(method, url, pairs, secret, algorithm) {
  const normal = pairs.map(([n, v]) => [pct(n), pct(v)])
    .sort((a, b) => order(a[0], b[0]) || order(a[1], b[1])).map((p) => p.join("=")).join("&");
  const key = `${pct(secret)}&`;
  return createHmac(algorithm, key).update([method, pct(url), pct(normal)].join("&")).digest("base64");
}

// startTool collects the launches it gets and answers with a page.
async function startTool() {
  const launches = [];
  const server = createServer(async (request, response) => {
    let body = "";
    for await (const chunk of request) body += chunk;
    if (request.method === "POST") launches.push({ target: request.url, body, headers: request.headers });
    response.setHeader("Content-Type", "text/html");
    response.end("<!doctype html><html lang=en><title>Tool</title><main><h1>Tool</h1></main>");
  });
  await new Promise((resolve) => server.listen(0, "localhost", resolve));
  return { launches, base: `http://localhost:${server.address().port}`, close: () => server.close() };
}

async function startLMS(seed, toolURL) {
  const child = spawn(binary, ["--listen", "127.0.0.1:0", "--seed", String(seed), "--tool-url", toolURL], { stdio: ["ignore", "pipe", "inherit"] });
  const base = await new Promise((resolve, reject) => {
    child.once("error", (err) => reject(new Error(`${err.message}; run "make build"`)));
    child.once("exit", (code) => reject(new Error(`fakelms ended with code ${code}`)));
    createInterface({ input: child.stdout }).once("line", (line) => resolve(line.match(/http:\S+[^/]/)[0]));
  });
  return { base, stop: () => new Promise((resolve) => { child.once("exit", resolve); child.kill("SIGTERM"); }) };
}

async function sendScore(form, value) {
  const body = `<?xml version="1.0" encoding="UTF-8"?><imsx_POXEnvelopeRequest xmlns="http://www.imsglobal.org/services/ltiv1p1/xsd/imsoms_v1p0"><imsx_POXHeader><imsx_POXRequestHeaderInfo><imsx_version>V1.0</imsx_version><imsx_messageIdentifier>${randomUUID()}</imsx_messageIdentifier></imsx_POXRequestHeaderInfo></imsx_POXHeader><imsx_POXBody><replaceResultRequest><resultRecord><sourcedGUID><sourcedId>${form.get("lis_result_sourcedid").replace(/[&<>]/g, (c) => `&#${c.charCodeAt(0)};`)}</sourcedId></sourcedGUID><result><resultScore><language>en</language><textString>${value}</textString></resultScore></result></resultRecord></replaceResultRequest></imsx_POXBody></imsx_POXEnvelopeRequest>`;
  const url = new URL(form.get("lis_outcome_service_url"));
  const oauth = [
    ["oauth_body_hash", createHash("sha1").update(body).digest("base64")], ["oauth_consumer_key", "sample-key"],
    ["oauth_nonce", randomUUID()], ["oauth_signature_method", "HMAC-SHA1"],
    ["oauth_timestamp", String(Math.floor(Date.now() / 1000))], ["oauth_version", "1.0"],
  ];
  const signature = sign("POST", url.origin + url.pathname, [...oauth, ...url.searchParams], "sample-secret", "sha1");
  const header = [...oauth, ["oauth_signature", signature]].map(([n, v]) => `${n}="${pct(v)}"`).join(", ");
  return fetch(url, { method: "POST", body, headers: { Authorization: `OAuth ${header}`, "Content-Type": "application/xml" } });
}

describe("the sample LMS", { skip }, () => {
  for (const seed of [0, 1, 2, 3, 4, 5]) {
    test(`seed ${seed}: what the browser posts verifies, a score arrives`, async () => {
      const tool = await startTool();
      const lms = await startLMS(seed, tool.base + path);
      const browser = await openBrowser();
      try {
        const page = await browser.newPage();
        await page.goto(`${lms.base}/link/tool-1?as=ana`);
        await page.frameLocator("#tool").getByRole("heading", { name: "Tool" }).waitFor();
        const [{ target, body, headers }] = tool.launches;
        assert.equal(target, path);
        assert.equal(headers["sec-fetch-site"], "cross-site");
        const pairs = body.split("&").map((p) => p.split("=").map((s) => decodeURIComponent(s.replaceAll("+", " "))));
        const form = new URLSearchParams(body);
        const algorithm = { "HMAC-SHA1": "sha1", "HMAC-SHA256": "sha256" }[form.get("oauth_signature_method")];
        const signed = pairs.filter(([n]) => n !== "oauth_signature");
        assert.equal(sign("POST", tool.base + path, signed, "sample-secret", algorithm), form.get("oauth_signature"));

        const answer = await sendScore(form, "0.75");
        assert.equal(answer.status, 200);
        assert.match(await answer.text(), /codeMajor>success</);
        await page.goto(`${lms.base}/gradebook`);
        await page.locator("td[data-user=ana]").getByText("75 %").waitFor();
      } finally {
        await browser.close();
        await lms.stop();
        tool.close();
      }
    });
  }
});
