// Refers a case from node, with the npm package `jose` alone:
//   node refer.mjs BASE_URL AGENCY_ID KEYS_FOLDER FORM_FILE
// KEYS_FOLDER holds signing.jwk and secret.key, as `gateway-client keys new` makes them.
import { createHash, createHmac, randomBytes, randomUUID } from "node:crypto";
import { readFileSync } from "node:fs";
import { CompactEncrypt, CompactSign, compactVerify } from "jose";
import { exportJWK, generateKeyPair, importJWK } from "jose";
const [base, agency, folder, file] = process.argv.slice(2);
const read = (path) => readFileSync(path, "utf8");
const b64u = (bytes) => Buffer.from(bytes).toString("base64url");
const digest = (text) => b64u(createHash("sha256").update(text).digest());
const now = () => Math.floor(Date.now() / 1000);
const jti = () => b64u(randomBytes(16));
const own = JSON.parse(read(`${folder}/signing.jwk`));
const signingKey = await importJWK(own, "ES256");
const sign = (claims, header, key = signingKey) =>
  new CompactSign(new TextEncoder().encode(JSON.stringify(claims)))
    .setProtectedHeader({ alg: "ES256", ...header }).sign(key);
const encrypt = async (text, jwk, typ, cty) =>
  new CompactEncrypt(new TextEncoder().encode(text))
    .setProtectedHeader({ alg: "ECDH-ES+A256KW", enc: "A256GCM", kid: jwk.kid, typ, cty })
    .encrypt(await importJWK(jwk, "ECDH-ES+A256KW"));

// Each request carries a fresh proof of a key that is made here and nowhere stored (RFC 9449).
const proofPair = await generateKeyPair("ES256");
const proofJwk = await exportJWK(proofPair.publicKey);
let nonce;
async function send(method, path, headers, body, token, isRetry = false) {
  const url = base + path;
  const ath = token && digest(token);
  const claims = { htm: method, htu: url.split("?")[0], iat: now(), jti: jti(), nonce, ath };
  const proof = await sign(claims, { typ: "dpop+jwt", jwk: proofJwk }, proofPair.privateKey);
  const all = { ...headers, DPoP: proof, ...(token && { Authorization: `DPoP ${token}` }) };
  const sent = typeof body === "function" ? await body() : body;
  const answer = await fetch(url, { method, headers: all, body: sent });
  const text = await answer.text();
  nonce = answer.headers.get("DPoP-Nonce") ?? nonce;
  const stated = text + (answer.headers.get("WWW-Authenticate") ?? "");
  if (!isRetry && [400, 401].includes(answer.status) && stated.includes("use_dpop_nonce"))
    return send(method, path, headers, body, token, true);
  if (!answer.ok) throw new Error(`The gateway refused: ${answer.status} ${text}`);
  return text;
}

// The agency proves who it is by a signed assertion (RFC 7523) and gets a token for one scope.
const form = async () => new URLSearchParams({
  grant_type: "client_credentials",
  scope: "referrals:write",
  client_assertion_type: "urn:ietf:params:oauth:client-assertion-type:jwt-bearer",
  client_assertion: await sign(
    { iss: agency, sub: agency, aud: base, iat: now(), exp: now() + 60, jti: jti() },
    { kid: own.kid, typ: "JWT" }),
}).toString();
const urlencoded = { "Content-Type": "application/x-www-form-urlencoded" };
const token = JSON.parse(await send("POST", "/oauth/token", urlencoded, form)).access_token;
const gatewayKeys = (await (await fetch(`${base}/.well-known/jwks.json`)).json()).keys;

// Sections that the gateway must not read are sealed to the agencies that it names.
const { form: name, document, sealed: plain = {} } = JSON.parse(read(file));
const key = randomUUID();
const sealed = [];
if (Object.keys(plain).length) {
  const postcode = document.victim.address?.value?.postcode?.value;
  const where = postcode ? { outward: postcode.split(" ")[0] } : { area: document.referral.area };
  const question = JSON.stringify({ ...where, needs: document.referral.needs ?? [] });
  const json = { "Content-Type": "application/json", "Idempotency-Key": randomUUID() };
  const offered = JSON.parse(await send("POST", "/v1/routing/preview", json, question, token));
  const said = [...document.consent_record.conditions, ...(document.must_not_receive ?? [])];
  const kinds = said.map((row) => row.excludes_kind ?? row.agency_kind);
  const agencies = said.map((row) => row.excludes_agency ?? row.agency_id);
  const secret = Buffer.from(read(`${folder}/secret.key`).trim(), "base64url");
  for (const [section, content] of Object.entries(plain)) {
    const salt = createHmac("sha256", secret).update(`${key}|${section}`).digest().subarray(0, 16);
    const text = JSON.stringify({ ...content, salt: b64u(salt) });
    const to = offered.recipients.filter((row) => row.sections.includes(section)
      && !kinds.includes(row.kind) && !agencies.includes(row.agency));
    const recipients = await Promise.all(to.map(async ({ agency, key: jwk }) => (
      { agency, kid: jwk.kid, jwe: await encrypt(text, jwk, "marac-section+jwe", "json") })));
    sealed.push({ section, digest: digest(text), recipients });
  }
}

// The document is signed for this gateway alone, padded, and encrypted to it.
const claims = { iss: agency, aud: base, iat: now(), exp: now() + 300, jti: jti(), form: name };
Object.assign(claims, { document, ...(sealed.length && { sealed }) });
claims.pad = "0".repeat(1023 - (JSON.stringify(claims).length % 1024));
const signed = await sign(claims, { kid: own.kid, typ: "marac-document+jws" });
const gatewayKey = gatewayKeys.find((jwk) => jwk.use === "enc");
const body = await encrypt(signed, gatewayKey, "marac-envelope+jwe", "JWT");
const jose = { "Content-Type": "application/jose", "Idempotency-Key": key };
const receipt = await send("POST", "/v1/referrals", jose, body, token);

// The receipt is signed by the gateway; keep it.
const { payload, protectedHeader } = await compactVerify(receipt, async (header) =>
  importJWK(gatewayKeys.find((jwk) => jwk.kid === header.kid && jwk.use === "sig"), "ES256"));
const told = JSON.parse(new TextDecoder().decode(payload));
if (told.aud !== agency || told.iss !== base || protectedHeader.typ !== "marac-receipt+jws")
  throw new Error("This is no receipt for us.");
if (told.urgent) console.log(told.urgent);
console.log(`Received. The reference is ${told.sub}.`);
