// The demo as the world sees it: over https, each part on a host name of its
// own, all on one port of this machine. A small proxy ends TLS, as a web server
// in front would, and hands on by host name. The names exist in the browser
// alone; its switches say so.
import { createHash, generateKeyPairSync, sign } from "node:crypto";
import { request } from "node:http";
import { createServer } from "node:https";
import { startDemo } from "./harness.mjs";

export const hosts = { lms: "lms.test", tool: "tool.example", evil: "evil.test" };

let certificate; // one for all, so that browsers started for one serve all

// startHTTPS runs demo and proxy. The result has
//   demo    a Demo whose addresses are https
//   port    of the proxy
//   url     makes an address of a host name: url(hosts.evil, "/page")
//   serve   lets a function answer for a host name: serve(hosts.evil, (req, res) => …)
//   args    switches for openBrowser
//   stop    ends all
export async function startHTTPS({ seed = 0, settings = {}, args = [] } = {}) {
  certificate ??= selfSigned(Object.values(hosts));
  const { key, cert, fingerprint } = certificate;
  const behind = new Map(); // host name to function
  const proxy = createServer({ key, cert }, (req, res) => {
    const answer = behind.get((req.headers.host ?? "").replace(/:\d+$/, ""));
    if (answer) return answer(req, res);
    res.writeHead(421).end("no such host here");
  });
  await new Promise((resolve, reject) => { proxy.once("error", reject).listen(0, "127.0.0.1", resolve); });
  const { port } = proxy.address();
  const url = (host, path = "") => `https://${host}:${port}${path}`;
  const close = () => new Promise((resolve) => { proxy.close(resolve); proxy.closeAllConnections(); });
  let demo;
  try {
    demo = await startDemo({
      seed,
      args: ["--lms-url", url(hosts.lms), ...args],
      settings: { LECTERN_PUBLIC_URL: url(hosts.tool), ...settings },
    });
  } catch (err) {
    await close();
    throw err;
  }
  behind.set(hosts.tool, forward(demo.direct.site));
  behind.set(hosts.lms, forward(demo.direct.lms));
  return {
    demo, port, url,
    serve: (host, answer) => { behind.set(host, answer); },
    args: ["--host-resolver-rules=MAP * 127.0.0.1", `--ignore-certificate-errors-spki-list=${fingerprint}`],
    async stop() {
      await demo.stop();
      await close();
    },
  };
}

// forward hands a request on as it came, to an address without TLS.
function forward(address) {
  const [, host, port] = address.match(/^\[?(.*?)\]?:(\d+)$/);
  return (req, res) => {
    const headers = {
      ...req.headers, "x-forwarded-proto": "https", "x-forwarded-host": req.headers.host,
      "x-forwarded-for": req.socket.remoteAddress,
    };
    const onward = request({ host, port, method: req.method, path: req.url, headers }, (answer) => {
      res.writeHead(answer.statusCode, answer.rawHeaders);
      answer.on("error", () => res.destroy());
      answer.pipe(res);
    });
    onward.on("error", () => {
      if (res.headersSent) res.destroy();
      else res.writeHead(502).end();
    });
    res.on("close", () => onward.destroy());
    req.pipe(onward);
  };
}

// selfSigned makes a certificate [RFC 5280 §4.1] for names, and the fingerprint
// by which Chromium is told to accept it. Node can sign but not write one.
function selfSigned(names) {
  const { privateKey, publicKey } = generateKeyPairSync("ec", { namedCurve: "P-256" });
  const spki = publicKey.export({ type: "spki", format: "der" });
  const ecdsaSHA256 = sequence(tlv(0x06, Buffer.from("2a8648ce3d040302", "hex")));
  const name = sequence(tlv(0x31, sequence(tlv(0x06, Buffer.from("550403", "hex")), tlv(0x0c, Buffer.from("Lectern test")))));
  const day = 24 * 60 * 60 * 1000;
  const altNames = sequence(...names.map((n) => tlv(0x82, Buffer.from(n))));
  const tbs = sequence(
    tlv(0xa0, tlv(0x02, Buffer.from([2]))), // version 3
    tlv(0x02, Buffer.from([1])), // serial number
    ecdsaSHA256, name, sequence(time(Date.now() - day), time(Date.now() + day)), name, spki,
    tlv(0xa3, sequence(sequence(tlv(0x06, Buffer.from("551d11", "hex")), tlv(0x04, altNames)))),
  );
  const signature = tlv(0x03, Buffer.concat([Buffer.from([0]), sign("sha256", tbs, privateKey)]));
  const pem = sequence(tbs, ecdsaSHA256, signature).toString("base64").match(/.{1,64}/g).join("\n");
  return {
    key: privateKey.export({ type: "pkcs8", format: "pem" }),
    cert: `-----BEGIN CERTIFICATE-----\n${pem}\n-----END CERTIFICATE-----\n`,
    fingerprint: createHash("sha256").update(spki).digest("base64"),
  };
}

// tlv is one value of DER [X.690 §8.1].
function tlv(tag, content) {
  const length = content.length < 0x80
    ? [content.length]
    : [0x82, content.length >> 8, content.length & 0xff];
  if (content.length >= 0x80 && content.length < 0x100) length.splice(0, 2, 0x81);
  return Buffer.concat([Buffer.from([tag, ...length]), content]);
}

const sequence = (...parts) => tlv(0x30, Buffer.concat(parts));

const time = (ms) => tlv(0x17, Buffer.from(new Date(ms).toISOString().replace(/^..|[-:T]|\.\d+/g, "")));
