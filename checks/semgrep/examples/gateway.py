# What the rules of ../rules/gateway.yaml find, and what they leave alone. Never imported.
import hmac
import uuid

from joserfc import jwe, jws, jwt


def jose_lists(token, key, registry):
    # ruleid: jose-without-a-list
    jwt.decode(token, key)
    # ruleid: jose-without-a-list
    jws.deserialize_compact(token, key)
    # ruleid: jose-without-a-list
    jwe.decrypt_compact(token, key)
    # ruleid: jose-without-a-list
    jwe.decrypt_json(token, key)
    # ok: jose-without-a-list
    jwt.decode(token, key, algorithms=["ES256"])
    # ok: jose-without-a-list
    jws.deserialize_compact(token, key, registry=registry)
    # ok: jose-without-a-list
    jwe.decrypt_compact(token, key, registry=registry)


def jose_of_authlib():
    # ruleid: jose-of-authlib
    from authlib.jose import jwt

    # ruleid: jose-of-authlib
    import authlib.jose

    # ok: jose-of-authlib
    from authlib.oauth2 import OAuth2Error

    return jwt, authlib, OAuth2Error


def settings(connection, func, agency):
    # ruleid: setting-outlives-its-transaction
    connection.execute("select set_config('app.agency', :agency, false)")
    # ruleid: setting-outlives-its-transaction
    connection.execute(func.set_config("app.agency", agency, False))
    # ruleid: setting-outlives-its-transaction
    connection.execute("SET app.agency = 'x'")
    # ok: setting-outlives-its-transaction
    connection.execute("select set_config('app.agency', :agency, true)")
    # ok: setting-outlives-its-transaction
    connection.execute("SET LOCAL lock_timeout = '4s'")


def addresses(request, base_url, claims):
    # ruleid: address-from-the-request
    if claims["htu"] != request.url:
        return None
    # ruleid: address-from-the-request
    if claims["aud"] != request.host_url:
        return None
    # ok: address-from-the-request
    return claims["htu"] == base_url + request.path


def secrets(given, key, text, client_secret, claims, nonce):
    # ruleid: secret-compared-letter-by-letter
    if given == client_secret:
        return True
    # ruleid: secret-compared-letter-by-letter
    if hmac.digest(key, text, "sha256") == given:
        return True
    # ruleid: secret-compared-letter-by-letter
    if nonce != given:
        return True
    # ok: secret-compared-letter-by-letter
    if nonce == None:  # noqa: E711
        return True
    # ok: secret-compared-letter-by-letter
    if claims["aud"] == given:
        return True
    # ok: secret-compared-letter-by-letter
    return hmac.compare_digest(given, client_secret)


def logs(log, request, error, code):
    # ruleid: log-line-with-a-value
    log.error("refused %s", request.path)
    # ruleid: log-line-with-a-value
    log.info("asked %s", request.get_json())
    # ruleid: log-line-with-a-value
    log.warning(f"refused {code}")
    # ruleid: log-line-with-a-value
    log.error("failed: %s", str(error))
    # ruleid: log-line-with-a-value
    log.exception("failed")
    # ruleid: log-line-with-a-value
    log.error("failed", exc_info=True)
    # ok: log-line-with-a-value
    log.error("unexpected %s at %s", type(error).__name__, code)


def errors(Conflict, UnsafeSettings, name):
    if name:
        # ruleid: error-with-a-value
        raise Conflict(f"{name} was already referred.")
    if name == "a":
        # ruleid: error-with-a-value
        raise Conflict("%s was already referred." % name)
    if name == "b":
        # ok: error-with-a-value
        raise UnsafeSettings(f"No key for: {name}.")
    if name == "c":
        # ok: error-with-a-value
        raise Conflict(f"At least {SHORTEST} characters.")
    # ok: error-with-a-value
    raise Conflict("This reference was used for another person.")


def pages(Markup, Environment, render_template_string, text):
    # ruleid: text-trusted-as-markup
    Markup(text)
    # ruleid: text-trusted-as-markup
    render_template_string(text)
    # ruleid: text-trusted-as-markup
    Environment(autoescape=False)
    # ok: text-trusted-as-markup
    Environment(autoescape=True)


def ids():
    # ruleid: id-that-can-be-guessed
    uuid.uuid1()
    # ok: id-that-can-be-guessed
    return uuid.uuid4()


def fetches(jwks_uri, urlopen, socket):
    # ruleid: service-that-leaves-the-machine
    urlopen(jwks_uri)
    # ruleid: service-that-leaves-the-machine
    import requests

    # ruleid: service-that-leaves-the-machine
    socket.create_connection(("example", 80))
    # ok: service-that-leaves-the-machine
    from urllib.parse import urlsplit

    return requests, urlsplit
