// Lets a security key answer: the browser asks it, and the answer goes with the form.
// Without this script the form stays hidden, and a code does the same.

const form = document.querySelector("[data-key]");

function refused() {
  form.querySelector("[data-refused]").hidden = false;
}

async function answer() {
  const { publicKey } = JSON.parse(document.getElementById("key-options").textContent);
  if (form.dataset.key === "create") {
    const options = PublicKeyCredential.parseCreationOptionsFromJSON(publicKey);
    return navigator.credentials.create({ publicKey: options });
  }
  const options = PublicKeyCredential.parseRequestOptionsFromJSON(publicKey);
  return navigator.credentials.get({ publicKey: options });
}

if (form && window.PublicKeyCredential?.parseRequestOptionsFromJSON) {
  form.hidden = false;
  document.querySelector("[data-key-or]")?.removeAttribute("hidden");
  form.querySelector("button").addEventListener("click", async () => {
    if (!form.reportValidity()) return;
    try {
      const credential = await answer();
      form.elements.credential.value = JSON.stringify(credential.toJSON());
      form.submit();
    } catch {
      refused();
    }
  });
}
