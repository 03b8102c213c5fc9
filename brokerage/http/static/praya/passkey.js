/* A form marked data-passkey asks the browser for a passkey before it is sent: "create" makes one, "get" shows one.
   What the browser needs stands in data-options, or is fetched from the form's own address. */
"use strict";
(() => {
  const options = async (form) => {
    if (form.dataset.options) return JSON.parse(form.dataset.options);
    const answer = await fetch(form.action, { headers: { Accept: "application/json" } });
    if (!answer.ok) throw new Error("no challenge");
    return (await answer.json()).options;
  };
  addEventListener("submit", async (event) => {
    const form = event.target.closest("form[data-passkey]");
    if (!form) return;
    event.preventDefault();
    const trouble = form.querySelector("[role=alert]");
    trouble.hidden = true;
    try {
      const made = await webauthnJSON[form.dataset.passkey](await options(form));
      form.elements.credential.value = JSON.stringify(made);
      form.submit();
    } catch {
      trouble.hidden = false;
    }
  });
})();
