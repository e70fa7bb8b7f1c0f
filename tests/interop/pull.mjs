// Lists and pulls as an agency, from node, with the npm package `jose` alone; prints what it read:
//   node pull.mjs BASE_URL AGENCY_ID KEYS_FOLDER REFERENCE
import { createHash, randomUUID } from "node:crypto";
import { readFileSync } from "node:fs";
import { compactDecrypt, compactVerify, exportJWK, generateKeyPair, importJWK, SignJWT } from "jose";
const [base, agency, folder, reference] = process.argv.slice(2);
const read = (name) => JSON.parse(readFileSync(`${folder}/${name}`, "utf8"));
const text = (bytes) => new TextDecoder().decode(bytes);
const digest = (bytes) => createHash("sha256").update(bytes).digest("base64url");
const [own, sealedTo] = [read("signing.jwk"), read("encryption.jwk")];
const proofPair = await generateKeyPair("ES256");
const jwk = await exportJWK(proofPair.publicKey);
const sign = async (claims, header, key) => new SignJWT(claims)
  .setProtectedHeader({ alg: "ES256", ...header }).setIssuedAt().setJti(randomUUID()).sign(key);

let nonce;
async function send(method, path, token, form) {
  const ath = token && digest(token);
  const claims = { htm: method, htu: (base + path).split("?")[0], nonce, ath };
  const proof = await sign(claims, { typ: "dpop+jwt", jwk }, proofPair.privateKey);
  const headers = { DPoP: proof, ...(token && { Authorization: `DPoP ${token}` }) };
  const body = form && new URLSearchParams(await form());
  const answer = await fetch(base + path, { method, headers, body });
  const first = nonce === undefined;
  nonce = answer.headers.get("DPoP-Nonce") ?? nonce;
  if (!answer.ok && first && nonce) return send(method, path, token, form);
  if (!answer.ok) throw new Error(`The gateway refused: ${answer.status} ${await answer.text()}`);
  return answer.text();
}

const form = async () => ({
  grant_type: "client_credentials",
  scope: "cases:read",
  client_assertion_type: "urn:ietf:params:oauth:client-assertion-type:jwt-bearer",
  client_assertion: await sign(
    { iss: agency, sub: agency, aud: base, exp: Math.floor(Date.now() / 1000) + 60 },
    { kid: own.kid, typ: "JWT" }, await importJWK(own, "ES256")),
});
const token = JSON.parse(await send("POST", "/oauth/token", undefined, form)).access_token;
const feed = JSON.parse(await send("GET", "/v1/cases", token));

const keys = (await (await fetch(`${base}/.well-known/jwks.json`)).json()).keys;
const sealed = await send("GET", `/v1/cases/${reference}?purpose=P2`, token);
const mine = await importJWK(sealedTo, "ECDH-ES+A256KW");
const { plaintext } = await compactDecrypt(sealed, mine);
const { payload, protectedHeader } = await compactVerify(text(plaintext), (header) =>
  importJWK(keys.find((key) => key.use === "sig" && key.kid === header.kid), "ES256"));
const claims = JSON.parse(text(payload));

const opened = {};
for (const item of claims.document.sealed) {
  const copy = item.recipients.find((row) => row.agency === agency);
  const inner = await compactDecrypt(copy.jwe, mine);
  if (digest(inner.plaintext) !== item.digest) throw new Error("Not what the sender signed.");
  opened[item.section] = JSON.parse(text(inner.plaintext));
}
console.log(JSON.stringify({ feed, typ: protectedHeader.typ, claims, opened }));
