// Speaks to the browser's own passkeys, and sends what it says as a form. Nothing is kept here.
"use strict";
for (const form of document.querySelectorAll("form[data-options]")) {
  form.addEventListener("submit", (event) => {
    if (form.elements.answer.value !== "") return;
    event.preventDefault();
    ask(form);
  });
}

async function ask(form) {
  const said = form.querySelector(".gw-passkey__said");
  said.textContent = "";
  try {
    const body = new URLSearchParams({ token: form.elements.token.value });
    const answer = await fetch(form.dataset.options, { method: "POST", body, credentials: "same-origin" });
    if (answer.redirected) return location.assign(answer.url);
    if (!answer.ok) throw new Error("refused");
    const options = await answer.json();
    const credential = options.user
      ? await navigator.credentials.create({ publicKey: PublicKeyCredential.parseCreationOptionsFromJSON(options) })
      : await navigator.credentials.get({ publicKey: PublicKeyCredential.parseRequestOptionsFromJSON(options) });
    form.elements.answer.value = JSON.stringify(credential.toJSON());
    form.submit();
  } catch {
    said.textContent = "Your device did not offer a passkey for this page. Try again, or use another way.";
  }
}
