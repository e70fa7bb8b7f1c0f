// The whole way of a client, by npm's `oauth4webapi` alone; prints what it met, for the test to judge:
//   node client.mjs BASE_URL AGENCY_ID KEYS_FOLDER
import { readFileSync } from "node:fs";
import * as oauth from "oauth4webapi";
const [base, agency, folder] = process.argv.slice(2);
const own = JSON.parse(readFileSync(`${folder}/signing.jwk`, "utf8"));
const es256 = { name: "ECDSA", namedCurve: "P-256" };
const imported = (jwk) => crypto.subtle.importKey("jwk", jwk, es256, false, ["sign"]);
const local = { [oauth.allowInsecureRequests]: true }; // http, on loopback

const sent = [];
const watched = {
  ...local,
  [oauth.customFetch]: async (url, options) => {
    const answer = await fetch(url, options);
    sent.push([options.method, new URL(url).pathname, answer.status]);
    return answer;
  },
};

const found = await oauth.discoveryRequest(new URL(base), { ...local, algorithm: "oauth2" });
const server = await oauth.processDiscoveryResponse(new URL(base), found);
const described = await oauth.resourceDiscoveryRequest(new URL(base), local);
const resource = await oauth.processResourceDiscoveryResponse(new URL(base), described);

const client = { client_id: agency };
const prove = oauth.PrivateKeyJwt({ key: await imported(own), kid: own.kid });
const pair = await oauth.generateKeyPair("ES256");
const DPoP = oauth.DPoP(client, pair);

// Once more with the nonce, if that is what is missing; never twice.
async function retried(act) {
  try {
    return await act();
  } catch (error) {
    if (!oauth.isDPoPNonceError(error)) throw error;
    return act();
  }
}
const ask = (scope, how = prove) => retried(async () => {
  const answer = await oauth.clientCredentialsGrantRequest(
    server, client, how, new URLSearchParams({ scope }), { ...watched, DPoP });
  return oauth.processClientCredentialsResponse(server, client, answer);
});
const call = (token, method, path, { body, headers, proof = DPoP } = {}) => retried(() =>
  oauth.protectedResourceRequest(token, method, new URL(base + path), new Headers(headers), body,
    { ...watched, DPoP: proof }));
async function refused(act) {
  try {
    await act();
  } catch (error) {
    const [challenge] = Array.isArray(error.cause) ? error.cause : [];
    return { error: error.error ?? challenge?.parameters.error, scheme: challenge?.scheme };
  }
  return null;
}

const told = { issuer: server.issuer, bound: resource.dpop_bound_access_tokens_required };
const token = await ask("cases:read referrals:write");
told.type = token.token_type;
told.life = token.expires_in;

const feed = await call(token.access_token, "GET", "/v1/cases");
told.feed = Object.keys(await feed.json());

// A proof without a nonce of this server's, as after a night's pause.
const json = { "Content-Type": "application/json", "Idempotency-Key": crypto.randomUUID() };
const written = await call(token.access_token, "POST", "/v1/routing/preview", {
  body: JSON.stringify({ outward: "XX1" }), headers: json, proof: oauth.DPoP(client, pair) });
told.recipients = (await written.json()).recipients.length;

// Its own reading of our token and of a proof, as a resource server that knows nothing of us.
let request;
await oauth.protectedResourceRequest(
  token.access_token, "GET", new URL(`${base}/v1/cases`), new Headers(), null, {
    ...local, DPoP, [oauth.customFetch]: async (url, options) => {
      request = new Request(url, { method: options.method, headers: options.headers });
      return fetch(url, options);
    } });
const claims = await oauth.validateJwtAccessToken(
  server, request, base, { ...local, requireDPoP: true });
told.claims = { sub: claims.sub, client_id: claims.client_id, scope: claims.scope };

const introspect = async () => oauth.processIntrospectionResponse(server, client,
  await oauth.introspectionRequest(server, client, prove, token.access_token, watched));
told.before = (await introspect()).active;
told.scope = await refused(() => call(token.access_token, "GET", "/v1/directory"));
told.unknown_scope = await refused(() => ask("everything"));
const stranger = await crypto.subtle.generateKey(es256, false, ["sign", "verify"]);
told.stranger = await refused(
  () => ask("cases:read", oauth.PrivateKeyJwt({ key: stranger.privateKey, kid: own.kid })));

await oauth.processRevocationResponse(
  await oauth.revocationRequest(server, client, prove, token.access_token, watched));
told.after = (await introspect()).active;
told.dead = await refused(() => call(token.access_token, "GET", "/v1/cases"));
console.log(JSON.stringify({ ...told, sent }));
