// An OpenID provider that is not ours: `node provider.mjs <port> <redirect_uri> <jwks file>`.
// A person types who it is and which factors it used; there is no consent to give.
import { readFileSync } from "node:fs";
import Provider from "oidc-provider";

const [port, redirectUri, jwks] = process.argv.slice(2);
const issuer = `http://127.0.0.1:${port}`;

const provider = new Provider(issuer, {
  clients: [
    {
      client_id: "gateway",
      redirect_uris: [redirectUri],
      response_types: ["code"],
      grant_types: ["authorization_code"],
      token_endpoint_auth_method: "private_key_jwt",
      token_endpoint_auth_signing_alg: "ES256",
      id_token_signed_response_alg: process.env.ALG ?? "ES256",
      jwks: JSON.parse(readFileSync(jwks, "utf8")),
    },
  ],
  jwks: JSON.parse(readFileSync(process.env.KEYS, "utf8")),
  cookies: { keys: ["invented"] },
  features: { devInteractions: { enabled: false } },
  claims: { openid: ["sub", "acr", "amr"] },
  pkce: { required: () => true },
  interactions: { url: (_, interaction) => `/interaction/${interaction.uid}` },
  findAccount: (_, id) => ({ accountId: id, claims: () => ({ sub: id }) }),
  loadExistingGrant: async (ctx) => {
    const grant = new ctx.oidc.provider.Grant({
      clientId: ctx.oidc.client.clientId,
      accountId: ctx.oidc.session.accountId,
    });
    grant.addOIDCScope("openid");
    await grant.save();
    return grant;
  },
});

const page = (uid) => `<!doctype html><html lang="en"><title>Your organisation</title>
<form method="post" action="/interaction/${uid}">
<label>Name <input name="name"></label><label>Factors <input name="factors" value="pwd mfa"></label>
<button>Sign in there</button></form></html>`;

provider.use(async (ctx, next) => {
  const uid = /^\/interaction\/([\w-]+)$/.exec(ctx.path)?.[1];
  if (!uid) return next();
  if (ctx.method === "GET") {
    ctx.type = "html";
    ctx.body = page(uid);
    return;
  }
  let body = "";
  for await (const part of ctx.req) body += part;
  const form = new URLSearchParams(body);
  const amr = form.get("factors").split(" ");
  await provider.interactionFinished(ctx.req, ctx.res, {
    login: { accountId: form.get("name"), amr, acr: amr.includes("mfa") ? "two" : "one" },
  });
  ctx.respond = false;
});

provider.listen(Number(port), "127.0.0.1", () => console.log("listening"));
